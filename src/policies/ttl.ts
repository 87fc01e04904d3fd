import { TTLCache } from '@isaacs/ttlcache'
import { clockLike, duration } from '../check.ts'
import { systemClock } from '../clock.ts'
import { Held } from '../held.ts'
import type { Clock, RemovalCause, RemovalListener } from '../types.ts'
import { type BoundOptions, type Bounds, optionalBoundsOf } from './bounds.ts'
import { Deadline, deadlineAt, Deadlines } from './deadlines.ts'
import { OrderedNodePolicy, type PolicyNode } from './node-policy.ts'

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
 * The entries lie in the table of @isaacs/ttlcache. When they end is not left to it: it sorts by scanning every
 * millisecond that occurs, for each removal and in each run of its timer, and reads a clock that tests cannot replace.
 * That is the part of `Deadlines`.
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

class TtlNode<K, V> extends Deadline implements PolicyNode<K, V> {
  key: K
  value: V
  weight: number
  /** When the store's own `ttl` ends this, whatever the entry says; `undefined` when it does not. */
  end: number | undefined = undefined

  constructor(key: K, value: V, weight: number) {
    super()
    this.key = key
    this.value = value
    this.weight = weight
  }
}

/**
 * The table of entries: that of ttlcache without its index of deadlines, which would cost two more tables.
 *
 * ttlcache calls `setTTL` for each key that it takes in, and looks into its index to delete one.
 */
class Table<K, N> extends TTLCache<K, N> {
  override setTTL(): void {}

  override delete(key: K): boolean {
    return this.data.delete(key)
  }
}

/** The longest delay that a timer can be set to. */
const longestDelay = 2 ** 31 - 1

/** How many entries that have been used since may be put off before one eviction; a bound for clocks that disagree. */
const mostPutOff = 64

/** The store that {@link ttl} makes. */
export class Ttl<K, V> extends OrderedNodePolicy<K, V, TtlNode<K, V>> {
  readonly #ttl: number
  readonly #clock: Clock
  readonly #deadlines = new Deadlines<TtlNode<K, V>>()
  /** No entry is due before this; `Infinity` when none will ever be. */
  #nothingBefore = Infinity
  #timer: ReturnType<typeof setTimeout> | undefined
  #timerAt = Infinity
  /** The timer functions that were in use when the timer was set: a test may install and remove its own. */
  #setBy: typeof setTimeout | undefined
  #clearBy: typeof clearTimeout | undefined

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined, lifetime: number, clock: Clock) {
    super(bounds, onRemoval, new Table<K, TtlNode<K, V>>({ ttl: Infinity }))
    this.#ttl = lifetime
    this.#clock = clock
  }

  override get size(): number {
    this.#expireDue()
    return super.size
  }

  override get weight(): number {
    this.#expireDue()
    return super.weight
  }

  override get(key: K): V | undefined {
    this.#expireDue()
    return super.get(key)
  }

  override peek(key: K): V | undefined {
    this.#expireDue()
    return super.peek(key)
  }

  override has(key: K): boolean {
    this.#expireDue()
    return super.has(key)
  }

  override set(key: K, value: V): this {
    this.#expireDue()
    return super.set(key, value)
  }

  override delete(key: K, cause?: RemovalCause): boolean {
    this.#expireDue()
    return super.delete(key, cause)
  }

  override clear(): void {
    this.#expireDue()
    super.clear()
  }

  protected override make(key: K, value: V, weight: number): TtlNode<K, V> {
    return new TtlNode(key, value, weight)
  }

  protected override link(node: TtlNode<K, V>): void {
    const now = this.#clock.now()
    node.end = deadlineAt(now + this.#ttl)
    this.#schedule(node, this.#deadlineOf(node, now))
  }

  protected override unlink(node: TtlNode<K, V>): void {
    this.#deadlines.remove(node)
  }

  protected override unlinkAll(): void {
    this.#deadlines.clear()
  }

  protected override used(): void {}

  protected override written(node: TtlNode<K, V>): void {
    this.#deadlines.remove(node)
    this.link(node)
  }

  protected override victim(keep: TtlNode<K, V> | undefined): TtlNode<K, V> {
    // What is to stay was scheduled last, so it comes back to where it was.
    if (keep !== undefined) this.#deadlines.remove(keep)
    const now = this.#clock.now()
    let victim = this.#deadlines.soonest()!
    for (let left = mostPutOff; left > 0 && this.#putOff(victim, now); left--) victim = this.#deadlines.soonest()!
    if (keep !== undefined) this.#deadlines.add(keep)
    return victim
  }

  protected override inOrder(hottestFirst: boolean): Iterable<TtlNode<K, V>> {
    this.#expireDue()
    return this.#deadlines.inOrder(hottestFirst)
  }

  protected override here(key: K): TtlNode<K, V> | undefined {
    this.#expireDue()
    return super.here(key)
  }

  protected override settle(): void {
    this.#setTimer()
    super.settle()
  }

  #deadlineOf(node: TtlNode<K, V>, now: number): number | undefined {
    const { value, end } = node
    if (!(value instanceof Held)) return end
    const own = deadlineAt(now + value.remaining())
    return own === undefined || (end !== undefined && end < own) ? end : own
  }

  #schedule(node: TtlNode<K, V>, deadline: number | undefined): void {
    node.deadline = deadline
    this.#deadlines.add(node)
    if (deadline !== undefined && deadline < this.#nothingBefore) this.#nothingBefore = deadline
  }

  /** Gives a node the later deadline that its entry has earned since; says whether there was one. */
  #putOff(node: TtlNode<K, V>, now: number): boolean {
    if (node.deadline === undefined || !(node.value instanceof Held)) return false
    const deadline = this.#deadlineOf(node, now)
    if (deadline !== undefined && (deadline <= node.deadline || deadline <= now)) return false
    this.#deadlines.remove(node)
    this.#schedule(node, deadline)
    return true
  }

  /** Comes first in everything that looks at the store. */
  #expireDue(): void {
    if (this.#nothingBefore === Infinity) return
    const now = this.#clock.now()
    if (now >= this.#nothingBefore) this.#expire(now)
  }

  #expire(now: number): void {
    let node = this.#deadlines.soonest()
    while (node?.deadline !== undefined && node.deadline <= now) {
      if (!this.#putOff(node, now)) this.remove(node, 'expired')
      node = this.#deadlines.soonest()
    }
    this.#nothingBefore = node?.deadline ?? Infinity
    this.settle()
  }

  /** Sees to it that one timer runs while any entry will end, and none otherwise. */
  #setTimer(): void {
    if (!this.#deadlines.anyEnds) {
      this.#nothingBefore = Infinity
      this.#clearTimer()
    } else if (this.#nothingBefore < this.#timerAt || this.#setBy !== setTimeout) {
      this.#clearTimer()
      this.#timerAt = this.#nothingBefore
      this.#setBy = setTimeout
      this.#clearBy = clearTimeout
      const delay = Math.max(this.#timerAt - this.#clock.now(), 1)
      this.#timer = setTimeout(() => this.#timeIsUp(), Math.min(delay, longestDelay))
      this.#timer.unref()
    }
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#clearBy!(this.#timer)
    this.#timer = undefined
    this.#timerAt = Infinity
  }

  #timeIsUp(): void {
    this.#timer = undefined
    this.#timerAt = Infinity
    this.#expire(this.#clock.now())
  }
}
