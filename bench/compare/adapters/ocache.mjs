import { createMemoryStorage, defineCachedFunction } from 'ocache'
import { jitterNotes } from '../../adapters/keys.mjs'

/** With its own key (a hash of the arguments) and its own memory storage. */
export function create(setup) {
  const { max = Infinity, ttl = 1e9, load } = setup
  const call = defineCachedFunction(load, {
    name: 'load',
    maxAge: ttl / 1_000,
    storage: createMemoryStorage({ maxSize: max, maxBytes: Infinity }),
  })
  return { call, invalidate: call.invalidate, awaitsControls: true, notes: jitterNotes(setup) }
}
