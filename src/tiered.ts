import { standInFront } from './behind.ts'
import { finiteDuration, knownOptions, outOfRange, positiveInteger, wrongType } from './check.ts'
import { Envelope, type EnvelopeOptions } from './codec/envelope.ts'
import { checkStore } from './engine-options.ts'
import { isThenable, type Space } from './space.ts'
import type { StoreOf } from './store-types.ts'
import { Circuit as CircuitState } from './tiers/circuit.ts'
import { TierRoom } from './tiers/room.ts'
import { TierShelf } from './tiers/shelf.ts'
import type { Tier } from './tiers/tier.ts'

export { EntryTooLargeError } from './codec/envelope.ts'
export { exactCodec, type Codec } from './codec/exact.ts'
export { UnfitValueError } from './codec/survey.ts'
export { TierTimeoutError } from './tiers/within.ts'

/** When a tier that fails is left alone. */
export interface Circuit {
  /** How many failures in a row it takes, a positive integer. Default: 5. */
  failures?: number
  /** Milliseconds for which nothing is read from it then, until one call tries again. Default: 1,000. */
  pause?: number
}

/** How a store and a tier work together. Times are milliseconds. */
export interface TieredOptions extends EnvelopeOptions {
  /** The longest that a call waits for the tier to answer; then it goes on without it. Default: 50. */
  l2Timeout?: number
  /**
   * The longest that a call waits for another process that loads the same key; then it loads too, and what it gets stays
   * in `l1`. Default: 5,000.
   */
  leaseWait?: number
  /**
   * The longest that `l1` is believed while nothing is heard of other processes: as long as the connection is lost, and
   * always where the tier has no backplane. `Infinity` for as long as the entry lives. Default: 1,000.
   */
  blindTtl?: number
  /** When a tier that fails is left alone. */
  circuit?: Circuit
}

const names = [
  'l2Timeout',
  'leaseWait',
  'blindTtl',
  'circuit',
  'codec',
  'schemaVersion',
  'maxEntryBytes',
  'compressAbove',
]

/**
 * A store with a tier behind it, to be given to `cached`, `batched` or `Cache`. What is done to it directly concerns `l1`
 * alone.
 */
export interface Tiered<S = unknown> {
  readonly get: (key: any) => Promise<unknown>
  readonly set: (key: any, value: any) => Promise<unknown>
  readonly delete: (key: any) => Promise<boolean>
  readonly l1: S
  readonly l2: Tier
  readonly size: number | undefined
  readonly max: number | undefined
}

/**
 * Puts a tier behind a store: a cache that many processes share and that outlives them.
 *
 * What `l1` has is answered from there, at the same cost. What it has not is looked for in the tier, and what that has
 * not is loaded by one process, while the others wait for it. Invalidations reach both at once, and other processes;
 * what a load brings that began before is not kept in either. A tier that fails or is slow is done without.
 *
 * Functions on it need a `name`, which stands for the same function in every process. Their controls give promises,
 * fulfilled when the tier has done it.
 *
 * @example
 * const store = tiered(lru<string>({ max: 10_000 }), redisTier(new Redis()))
 * const getUser = cached(store, { name: 'user', ttl: 60_000 })(fetchUser)
 *
 * @param l1 a store that answers at once: a policy, a Map
 * @param l2 made by `redisTier`, `lmdbTier` or `keyvTier`
 * @throws `TypeError` or `RangeError` when one of these or an option is wrong
 */
export function tiered<S extends StoreOf<string>>(l1: S, l2: Tier, options: TieredOptions = {}): Tiered<S> {
  const front = atOnce(l1)
  if (typeof l2?.space !== 'function' || typeof l2.subscribe !== 'function') {
    throw wrongType('l2', 'a tier, such as redisTier or lmdbTier makes', l2)
  }
  knownOptions('tiered', options, names)
  const { l2Timeout, leaseWait, blindTtl = 1_000, circuit = {}, ...sealing } = options
  knownOptions('circuit', circuit, ['failures', 'pause'])
  const times = { l2Timeout: timer('l2Timeout', l2Timeout, 50), leaseWait: timer('leaseWait', leaseWait, 5_000) }
  if (blindTtl !== Infinity) timer('blindTtl', blindTtl, 0)
  const failures = positiveInteger('circuit.failures', circuit.failures ?? 5)
  const pause = timer('circuit.pause', circuit.pause, 1_000)
  const envelope = new Envelope(sealing)
  const shelves = new WeakMap<Space, TierShelf>()

  const store: Tiered<S> = {
    get: async (key) => front.get(key),
    set: async (key, value: unknown) => front.set(key, value),
    delete: async (key) => front.delete(key),
    l1,
    l2,
    get size() {
      return (l1 as { size?: number }).size
    },
    get max() {
      return (l1 as { max?: number }).max
    },
  }
  standInFront(store, {
    l1: front,
    enter(room) {
      const { space } = room
      let shelf = shelves.get(space)
      if (shelf === undefined) {
        shelf = new TierShelf(l2.space(space.name!), {
          ...times,
          envelope,
          clock: space.clock,
          circuit: new CircuitState(failures, pause, space.clock),
          failed: (error) => (error === undefined ? room.counters.storeFailures++ : room.storeFailed(error)),
        })
        shelves.set(space, shelf)
      }
      return new TierRoom(room, { tier: l2, shelf, envelope, blindTtl })
    },
  })
  return store
}

/** The longest delay that a timer can be set to. */
const longestDelay = 2 ** 31 - 1

function timer(name: string, value: number | undefined, otherwise: number): number {
  const ms = value === undefined ? otherwise : finiteDuration(name, value)
  if (ms > longestDelay) throw outOfRange(name, `at most ${longestDelay} milliseconds`, ms)
  return ms
}

/** Checks that a store answers at once. */
function atOnce(l1: unknown): ReturnType<typeof checkStore> {
  const store = checkStore(l1)
  let answer: unknown
  try {
    answer = store.get('')
  } catch {
    // A store that fails says nothing of its kind.
  }
  if (!isThenable(answer)) return store
  Promise.resolve(answer).catch(() => {})
  throw wrongType('l1', 'a store that answers at once', l1)
}
