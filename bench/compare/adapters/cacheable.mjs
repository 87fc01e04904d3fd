import { Cacheable, createKeyv } from 'cacheable'
import { jitterNotes } from '../../adapters/keys.mjs'

/** `wrap` with its own key, a 32-bit hash of the arguments, so that two calls may share one. */
export function create(setup, { scenario }) {
  const { max, ttl, args, load, stats = false } = setup
  const cache = new Cacheable({ stats, primary: createKeyv(max === undefined ? {} : { lruSize: max }) })
  const named = scenario === 'invalidate'
  const call = cache.wrap(load, {
    keyPrefix: 'load',
    ...(ttl === undefined ? {} : { ttl }),
    // Its own keys are not to be had from outside, and an entry is deleted by its key.
    ...(named ? { createKey: (_load, given) => given[0] } : {}),
  })
  return {
    call,
    invalidate: (given) => cache.delete(given),
    clear: () => cache.clear(),
    stats: () => cache.stats.snapshot(),
    awaitsControls: true,
    notes: [...jitterNotes(setup), ...(args === 'string' ? [] : ['its key is a 32-bit hash: two calls may share one'])],
  }
}
