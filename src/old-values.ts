import { duration } from './check.ts'
import type { Counters } from './counters.ts'
import type { EngineOptions } from './engine-options.ts'
import type { Entry } from './entry.ts'
import type { Flight } from './flight.ts'
import type { Freshness } from './freshness.ts'
import type { Room } from './room.ts'
import type { Space } from './space.ts'

/** How long a failed load is left alone where there is an old value to be served, unless `errorTtl` says it. */
const restAfterFailure = 1_000

/** What answers a call in the place of a load: `true` for the entry that is there, or a failure that is remembered. */
export type Served = true | { readonly error: unknown } | undefined

/** What of one function may be served that is not simply fresh, and how long a load that has failed is left alone. */
export class OldValues<V, Args extends readonly unknown[]> {
  readonly #room: Room<V, Args>
  readonly #space: Space
  readonly #counters: Counters
  readonly #freshness: Freshness<V, Args>
  readonly #errorTtl: EngineOptions<V, Args>['errorTtl']

  constructor(room: Room<V, Args>, errorTtl: EngineOptions<V, Args>['errorTtl']) {
    this.#room = room
    this.#space = room.space
    this.#counters = room.counters
    this.#freshness = room.freshness
    this.#errorTtl = errorTtl
  }

  /**
   * Whether calls can be answered from what is there; if so, they are counted. Gives the failure that answers them where
   * that is the answer. An entry that is of no more use is taken out.
   */
  serve(old: Entry<V> | undefined, storeKey: unknown, calls: number): Served {
    const freshness = this.#freshness
    const { failures } = this.#space
    if (old === undefined && !failures.any) return undefined
    const now = freshness.clock.now()
    const failure = failures.get(storeKey, now)
    if (old !== undefined) {
      if (freshness.isFreshAt(old, now)) {
        freshness.touch(old, now)
        this.#counters.hits += calls
        return true
      }
      if (freshness.mayServe(old, now) || (failure !== undefined && freshness.mayStandIn(old, now))) {
        this.#counters.staleHits += calls
        return true
      }
      if (!freshness.mayStandIn(old, now) && this.#space.kind !== 'async') this.#room.dropExpired(storeKey)
    }
    if (failure?.answers !== true) return undefined
    this.#counters.hits += calls
    return failure
  }

  /**
   * The old value for a call that comes while a refresh of it is under way, as most do in a stale window: nothing but
   * one more stale hit is left to be done. Otherwise `undefined`, which says nothing.
   *
   * @param held what a store that answers at once has for the key
   */
  whileRefreshed(held: unknown, key: unknown): Entry<V> | undefined {
    const space = this.#space
    if (space.kind !== 'sync' || space.revoked.size > 0) return undefined
    const old = space.own(held) as Entry<V> | undefined
    if (old === undefined || space.flights.get(space.storeKey(key)) === undefined) return undefined
    const now = this.#freshness.clock.now()
    if (this.#freshness.isFreshAt(old, now) || !this.#freshness.mayServe(old, now)) return undefined
    this.#counters.staleHits++
    return old
  }

  /** Whether an entry that was served is to be refreshed now, by a load of its own. */
  isDue(served: Entry<V>, storeKey: unknown): boolean {
    const { failures, flights } = this.#space
    // First what holds for most of the calls that come in a stale window. A call that was reading an asynchronous store
    // when this was closed is still answered.
    if (flights.get(storeKey) !== undefined || this.#room.closed) return false
    const now = this.#freshness.clock.now()
    return this.#freshness.wantsRefresh(served, now) && failures.get(storeKey, now) === undefined
  }

  /** Leaves a load that has failed alone for a while. */
  remember(flight: Flight<V, Args>, error: unknown): void {
    const errorTtl = this.#errorTtl
    let rest = flight.old === undefined && this.#freshness.grace === 0 ? 0 : restAfterFailure
    try {
      if (typeof errorTtl === 'function') rest = duration('what errorTtl gives', errorTtl(error, ...flight.args))
      else if (errorTtl !== undefined) rest = errorTtl
    } catch (mistake) {
      this.#room.report(mistake)
    }
    // The function that was just asked is the user's, and may have invalidated what it was asked about.
    if (rest === 0 || flight.revoked) return
    const now = this.#freshness.clock.now()
    this.#space.failures.add(flight.storeKey, { error, until: now + rest, answers: errorTtl !== undefined }, now)
  }

  /** The old value, if it may be served in the place of a failure. */
  forFailure(old: Entry<V> | undefined): Entry<V> | undefined {
    const freshness = this.#freshness
    return old !== undefined && freshness.mayStandIn(old, freshness.clock.now()) ? old : undefined
  }

  /** The old value, if it may be served in the place of a load that is slow. */
  forSlowness(old: Entry<V> | undefined): Entry<V> | undefined {
    if (old === undefined) return undefined
    const { grace, clock } = this.#freshness
    return grace === 0 || clock.now() - old.endsAt < grace ? old : undefined
  }
}
