import { LRUCache } from 'lru-cache'
import { keyNotes } from './keys.mjs'

/** The floor: a promise stored in a bare LRUCache, returned as it is. No fence, no failure handling, no counting. */
export function create({ max, ttl, args, load, jitter }) {
  if (jitter !== undefined || ttl !== undefined) {
    const notes = jitter === undefined ? [] : ['it has no jitter: run with the ttl alone']
    return { ...make(new LRUCache({ max, ttl }), args, load), notes }
  }
  return { ...make(max === undefined ? new Map() : new LRUCache({ max }), args, load), notes: keyNotes({ args }) }
}

function make(lru, args, load) {
  const controls = { invalidate: (key) => lru.delete(key), clear: () => lru.clear() }
  if (args === 'string') {
    const call = (key) => {
      const stored = lru.get(key)
      if (stored !== undefined) return stored
      const promise = load(key)
      lru.set(key, promise)
      return promise
    }
    return { call, ...controls }
  }
  if (args === 'two') {
    const call = (a, b) => {
      const key = `${a}:${b}`
      const stored = lru.get(key)
      if (stored !== undefined) return stored
      const promise = load(a, b)
      lru.set(key, promise)
      return promise
    }
    return { call, ...controls }
  }
  const call = (query) => {
    const key = JSON.stringify(query)
    const stored = lru.get(key)
    if (stored !== undefined) return stored
    const promise = load(query)
    lru.set(key, promise)
    return promise
  }
  return { call, ...controls }
}
