import memoize from 'memoizee'
import { jitterNotes, keyNotes, keyOf } from '../../adapters/keys.mjs'

/** In its primitive mode, the fast one for strings; objects by the normalizer of its manual. */
export function create(setup) {
  const { max, ttl, args, load } = setup
  const key = keyOf[args]
  const call = memoize(load, {
    promise: true,
    length: args === 'two' ? 2 : 1,
    primitive: true,
    ...(args === 'object' ? { normalizer: (given) => key(given[0]) } : {}),
    ...(max === undefined ? {} : { max }),
    ...(ttl === undefined ? {} : { maxAge: ttl }),
  })
  return {
    call,
    invalidate: (given) => call.delete(given),
    clear: () => call.clear(),
    notes: [...(args === 'object' ? keyNotes(setup) : []), ...jitterNotes(setup)],
  }
}
