import pMemoize, { pMemoizeClear } from 'p-memoize'
import QuickLRU from 'quick-lru'
import { jitterNotes, keyNotes, keyOf } from '../../adapters/keys.mjs'

/** Over quick-lru, as its manual says for a bounded cache. Version 8 is the last that runs on Node 20. */
export function create(setup) {
  const { max, ttl, args, load } = setup
  const cache =
    max === undefined ? new Map() : new QuickLRU({ maxSize: max, ...(ttl === undefined ? {} : { maxAge: ttl }) })
  const key = keyOf[args]
  const options = args === 'string' ? { cache } : { cache, cacheKey: (given) => key(...given) }
  const call = pMemoize(load, options)
  return {
    call,
    invalidate: (given) => cache.delete(given),
    clear: () => pMemoizeClear(call),
    notes: [...keyNotes(setup), ...jitterNotes(setup)],
  }
}
