import { TTLCache } from '@isaacs/ttlcache'
import { clockLike, duration } from '../check.ts'
import { systemClock } from '../clock.ts'
import type { Clock, RemovalListener } from '../types.ts'
import { type BoundOptions, type Bounds, optionalBoundsOf } from './bounds.ts'
import { ExpiringPolicy } from './expiring-policy.ts'

/** How long entries live in a {@link ttl} store, and its room; none of it need be given. */
export interface TtlOptions<K, V> extends BoundOptions<K, V> {
  /** Milliseconds that an entry lives from its `set`, 0 or more, unless it says less itself. Default `Infinity`. */
  ttl?: number | undefined
  /** What time is told by. Default the library's own: monotonic, whole milliseconds. */
  clock?: Clock | undefined
}

/**
 * Makes a store whose entries leave on time, without being asked for; when room is needed, the soonest to expire goes
 * first.
 *
 * Use it where what is old is of no use, and for entries that say themselves how long they are good for. It fails as a
 * judge of what is wanted: with a bound, what is asked for all the time goes as soon as anything else when its end is
 * near. Entries that will expire at the same millisecond go in the order in which they were set, those that have no end
 * after all others. A new entry is always taken in, also when it will be the next to expire.
 *
 * A deadline is a whole millisecond, rounded up, and no entry is seen at or after its own, whether a timer has run or
 * not. An entry that was of use for longer by then stays until its new end. One timer runs for each store while any
 * entry will expire, and keeps no process alive. The time of `set`, of making room and of `delete` depends neither on
 * the number of entries nor on how their deadlines are spread.
 *
 * The keys lie in the table of @isaacs/ttlcache, each with its place in the columns of this store. When entries end is
 * not left to it: it sorts by scanning every millisecond that occurs, for each removal and in each run of its timer, and
 * reads a clock that tests cannot replace. That is the part of `Ranks`.
 *
 * The hottest entry is the one that lasts longest, the coldest the next to expire. All of `max`, or `maxWeight` with
 * `weigher`, and `ttl` may be left out.
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong
 * @example
 * const sessions = ttl<string, Session>({ ttl: 30 * 60_000, max: 100_000 })
 */
export function ttl<K = any, V = any>(options: TtlOptions<K, V> = {}): Ttl<K, V> {
  const bounds = optionalBoundsOf('ttl', options, ['ttl', 'clock'])
  const lifetime = options.ttl === undefined ? Infinity : duration('ttl', options.ttl)
  const clock = options.clock === undefined ? systemClock : clockLike('clock', options.clock)
  return new Ttl<K, V>(bounds, options.onRemoval, lifetime, clock)
}

/**
 * The table of keys: that of ttlcache without its index of deadlines, which would cost two more tables.
 *
 * ttlcache calls `setTTL` for each key that it takes in, and looks into its index to delete one.
 */
class Table<K> extends TTLCache<K, number> {
  override setTTL(): void {}

  override delete(key: K): boolean {
    return this.data.delete(key)
  }
}

/** How many entries that have been used since may be put off before one eviction; a bound for clocks that disagree. */
const mostPutOff = 64

/** The store that {@link ttl} makes. */
export class Ttl<K, V> extends ExpiringPolicy<K, V> {
  readonly #ttl: number

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined, lifetime: number, clock: Clock) {
    super(bounds, onRemoval, {
      clock,
      setsEnds: lifetime !== Infinity,
      heads: 0,
      index: new Table<K>({ ttl: Infinity }),
    })
    this.#ttl = lifetime
  }

  protected override endOf(_key: K, _stored: V, now: number): number {
    return now + this.#ttl
  }

  protected override used(): void {}

  protected override victim(keep: number | undefined): number {
    // What is to stay was scheduled last, so it comes back to where it was.
    const rank = keep === undefined ? Infinity : this.deadlines.rankOf(keep)
    if (keep !== undefined) this.deadlines.remove(keep)
    let victim = this.deadlines.first()!
    for (let left = mostPutOff; left > 0 && this.putOff(victim); left--) victim = this.deadlines.first()!
    if (keep !== undefined) this.deadlines.add(keep, rank)
    return victim
  }

  protected override inOrder(hottestFirst: boolean): Iterable<number> {
    return this.deadlines.inOrder(hottestFirst)
  }
}
