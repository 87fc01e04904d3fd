import { createCache } from 'async-cache-dedupe'
import { jitterNotes } from '../../adapters/keys.mjs'

/** Its functions take one argument, so several are given as an array. Its key is safe-stable-stringify of that. */
export function create(setup) {
  const { max, ttl = 1e9, args, load } = setup
  if (ttl < 1_000) return { unsupported: 'its ttl is in whole seconds' }
  if (max === undefined) return { unsupported: 'it is always bounded' }
  const cache = createCache({ ttl: Math.ceil(ttl / 1_000), storage: { type: 'memory', options: { size: max } } })
  cache.define('load', args === 'two' ? (given) => load(...given) : (given) => load(given))
  return {
    call: args === 'two' ? (a, b) => cache.load([a, b]) : (given) => cache.load(given),
    invalidate: (given) => cache.clear('load', given),
    clear: () => cache.clear('load'),
    awaitsControls: true,
    notes: jitterNotes(setup),
  }
}
