import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { jitterNotes, keyNotes, keyOf } from '../../adapters/keys.mjs'

/** With `serialize: false`, its faster way: its default turns every value into JSON. */
export function create(setup) {
  const { max, ttl, args, load } = setup
  const driver = memoryDriver({ serialize: false, maxItems: max ?? 1_000_000 })
  const bento = new BentoCache({ default: 'memory', stores: { memory: bentostore().useL1Layer(driver) } })
  const key = keyOf[args]
  const lifetime = ttl ?? '10 years'
  const call =
    args === 'string'
      ? (given) => bento.getOrSet({ key: given, ttl: lifetime, factory: () => load(given) })
      : (...given) => bento.getOrSet({ key: key(...given), ttl: lifetime, factory: () => load(...given) })
  return {
    call,
    invalidate: (given) => bento.delete({ key: given }),
    clear: () => bento.clear(),
    awaitsControls: true,
    notes: [
      ...keyNotes(setup),
      ...jitterNotes(setup),
      ...(max === undefined ? ['it is always bounded: run with room for 1,000,000'] : []),
    ],
  }
}
