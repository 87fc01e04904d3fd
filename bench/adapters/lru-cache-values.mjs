import { LRUCache } from 'lru-cache'

/** A bare LRUCache of plain values: what memory is counted from. It is no cache of an async function, so no more. */
export function create({ max, load }) {
  const lru = new LRUCache({ max })
  return {
    async call(key) {
      const value = await load(key)
      lru.set(key, value)
      return value
    },
  }
}
