import { callable, clockLike, outOfRange, wrongType } from '../check.ts'
import { systemClock } from '../clock.ts'
import { valueOf } from '../held.ts'
import type { Clock, RemovalListener } from '../types.ts'
import { type BoundOptions, type Bounds, boundsOf } from './bounds.ts'
import { ExpiringPolicy } from './expiring-policy.ts'
import { Rings } from './rings.ts'

/** Gives the instant at which an entry expires, in milliseconds of the store's clock; `Infinity` for never. */
export type TimeToUse<K, V> = (key: K, value: V, now: number) => number

/** How long entries are of use in a {@link tlru} store, and its room: `max`, or `maxWeight` with `weigher`, or both. */
export interface TlruOptions<K, V> extends BoundOptions<K, V> {
  /**
   * Gives the instant at which an entry expires; asked once per `set`, with the cached value and the clock's time. What
   * has expired by then is not kept, and what was there before it leaves.
   */
  ttu: TimeToUse<K, V>
  /** What time is told by. Default the library's own: monotonic, whole milliseconds. */
  clock?: Clock | undefined
}

/**
 * Makes a time-aware least-recently-used store: each entry has an end of its own, given by `ttu`, at which it leaves
 * without being asked for, and when room is needed the least recently used entry goes first.
 *
 * Use it where each value says itself how long it is good for, as a token or an answer with `max-age`, and room is short.
 * It fails where least-recently-used fails, on loops and scans longer than the store; the end of an entry has no part in
 * what makes room. A `get` and an overwriting `set` count as use, and only a `set` gives a new end; `peek` and `has` do
 * neither.
 *
 * An end is a whole millisecond, rounded up, and no entry is seen at or after its own, whether a timer has run or not.
 * One timer runs for each store while any entry will expire, and keeps no process alive. An entry of a cached function
 * ends no later than that says itself. The time of every operation depends neither on the number of entries nor on how
 * their ends are spread.
 *
 * Muhammad Bilal and Shin-Gak Kang, *Time Aware Least Recent Used (TLRU) Cache Management Policy in ICN* (2014).
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, or when there is neither `max` nor `maxWeight`.
 *   `set` throws when `ttu` gives `NaN` or no number, and what `ttu` throws, and the store stays as it was
 * @example
 * const tokens = tlru<string, Token>({ max: 1000, ttu: (_key, token, now) => now + token.secondsLeft * 1000 })
 */
export function tlru<K = any, V = any>(options: TlruOptions<K, V>): Tlru<K, V> {
  const bounds = boundsOf('tlru', options, ['ttu', 'clock'])
  const ttu = callable('ttu', options.ttu)
  const clock = options.clock === undefined ? systemClock : clockLike('clock', options.clock)
  return new Tlru<K, V>(bounds, options.onRemoval, ttu, clock)
}

/** The head of the ring of all entries in order of use. */
const uses = 0

/** The store that {@link tlru} makes. */
export class Tlru<K, V> extends ExpiringPolicy<K, V> {
  readonly #ttu: TimeToUse<K, V>
  readonly #rings = new Rings(1)

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined, ttu: TimeToUse<K, V>, clock: Clock) {
    super(bounds, onRemoval, { clock, setsEnds: true, heads: 1 })
    this.#ttu = ttu
  }

  protected override endOf(key: K, stored: V, now: number): number | undefined {
    const end: unknown = this.#ttu(key, valueOf(stored) as V, now)
    const must = 'an instant of the clock in milliseconds, or Infinity'
    if (typeof end !== 'number') throw wrongType('the time from ttu', must, end)
    if (Number.isNaN(end)) throw outOfRange('the time from ttu', must, end)
    return end > now ? end : undefined
  }

  protected override resize(capacity: number): void {
    super.resize(capacity)
    this.#rings.resize(capacity)
  }

  protected override link(slot: number): void {
    super.link(slot)
    this.#rings.append(uses, slot)
  }

  protected override unlink(slot: number): void {
    super.unlink(slot)
    this.#rings.unlink(slot)
  }

  protected override unlinkAll(): void {
    super.unlinkAll()
    this.#rings.clear()
  }

  protected override used(slot: number): void {
    this.#rings.moveToEnd(uses, slot)
  }

  protected override written(slot: number, before: number): void {
    super.written(slot, before)
    this.#rings.moveToEnd(uses, slot)
  }

  protected override victim(keep: number | undefined): number {
    return this.#rings.firstExcept(uses, keep)
  }

  protected override inOrder(hottestFirst: boolean): Iterable<number> {
    return this.#rings.inOrder(uses, hottestFirst)
  }
}
