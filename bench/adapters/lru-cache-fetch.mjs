import { LRUCache } from 'lru-cache'
import { jitterNotes, keyNotes, keyOf } from './keys.mjs'

export function create(setup) {
  const { max, ttl, args, load } = setup
  if (max === undefined) return { unsupported: 'it must be bounded' }
  const notes = [...keyNotes(setup), ...jitterNotes(setup)]
  const keyed = args !== 'string'
  const lru = new LRUCache({
    max,
    ...(ttl === undefined ? {} : { ttl }),
    fetchMethod: keyed ? (_key, _stale, { context }) => load(...context) : (key) => load(key),
  })
  const { [args]: key } = keyOf
  const call = keyed ? (...given) => lru.fetch(key(...given), { context: given }) : (given) => lru.fetch(given)
  return { call, invalidate: (given) => lru.delete(given), clear: () => lru.clear(), notes }
}
