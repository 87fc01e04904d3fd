import { cachified, totalTtl } from '@epic-web/cachified'
import { LRUCache } from 'lru-cache'
import { jitterNotes, keyNotes, keyOf } from '../../adapters/keys.mjs'

/** Over lru-cache with the adapter of its manual, or a Map. */
export function create(setup) {
  const { max, ttl, args, load } = setup
  const store = max === undefined ? new Map() : new LRUCache({ max })
  const cache =
    max === undefined
      ? store
      : {
          get: (key) => store.get(key),
          set(key, value) {
            const total = totalTtl(value?.metadata)
            return store.set(key, value, {
              ttl: total === Infinity ? undefined : total,
              start: value?.metadata?.createdTime,
            })
          },
          delete: (key) => store.delete(key),
        }
  const key = keyOf[args]
  const lifetime = ttl ?? Infinity
  const call =
    args === 'string'
      ? (given) => cachified({ key: given, cache, ttl: lifetime, getFreshValue: () => load(given) })
      : (...given) => cachified({ key: key(...given), cache, ttl: lifetime, getFreshValue: () => load(...given) })
  return {
    call,
    invalidate: (given) => cache.delete(given),
    clear: () => store.clear(),
    notes: [...keyNotes(setup), ...jitterNotes(setup)],
  }
}
