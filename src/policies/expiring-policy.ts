import { Held } from '../held.ts'
import type { Clock, RemovalCause, RemovalListener } from '../types.ts'
import { Alarm } from './alarm.ts'
import type { Bounds } from './bounds.ts'
import { OrderedSlotPolicy } from './ordered-policy.ts'
import { rankAt, Ranks } from './ranks.ts'
import { resized } from './rings.ts'
import type { SlotUses } from './slot-policy.ts'

/** What an {@link ExpiringPolicy} is made of besides its bounds. */
export interface Expiry<K> extends SlotUses<K> {
  readonly clock: Clock
  /** Whether entries may have an end that they do not know of themselves. */
  readonly setsEnds: boolean
}

/**
 * What policies have in common whose entries leave on time, without being asked for.
 *
 * The end of an entry is the earlier one of what the policy sets for it and what the entry says itself. It is a whole
 * millisecond, rounded up, and no entry is seen at or after its own, whether a timer has run or not. An entry that was of
 * use for longer by then stays until its new end. One timer runs for each store while any entry will expire, and keeps no
 * process alive.
 */
export abstract class ExpiringPolicy<K, V> extends OrderedSlotPolicy<K, V> {
  readonly #clock: Clock
  /** All entries in order of their ends. */
  protected readonly deadlines: Ranks = new Ranks()
  /** What the policy has set; an entry whose value says more may be put off until then. */
  #ends: Float64Array | undefined
  /** The time of the `set` that is under way, and the end that it gives. */
  #now = 0
  #newEnd = Infinity
  /** No entry is due before this; `Infinity` when none will ever be. */
  #nothingBefore = Infinity
  readonly #alarm = new Alarm(() => this.#expire(this.#clock.now()))

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined, expiry: Expiry<K>) {
    super(bounds, onRemoval, expiry)
    this.#clock = expiry.clock
    if (expiry.setsEnds) this.#ends = new Float64Array(0)
  }

  /**
   * When an entry is to end whatever it says itself: an instant of the clock, or `Infinity`; `undefined` when it is not
   * to be kept. May throw.
   */
  protected abstract endOf(key: K, stored: V, now: number): number | undefined

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

  override delete(key: K, cause?: RemovalCause): boolean {
    this.#expireDue()
    return super.delete(key, cause)
  }

  override clear(): void {
    this.#expireDue()
    super.clear()
  }

  override hottest(n: number): [K, V][] {
    this.#expireDue()
    return super.hottest(n)
  }

  override coldest(n: number): [K, V][] {
    this.#expireDue()
    return super.coldest(n)
  }

  override entries(): IterableIterator<[K, V]> {
    this.#expireDue()
    return super.entries()
  }

  protected override slotOf(key: K): number | undefined {
    this.#expireDue()
    return super.slotOf(key)
  }

  protected override admits(key: K, value: V): boolean {
    const now = this.#clock.now()
    if (now >= this.#nothingBefore) this.#expire(now)
    const end = this.endOf(key, value, now)
    if (end === undefined) return false
    this.#now = now
    this.#newEnd = rankAt(end)
    return true
  }

  protected override resize(capacity: number): void {
    this.deadlines.resize(capacity)
    if (this.#ends !== undefined) this.#ends = resized(this.#ends, capacity)
  }

  protected override link(slot: number): void {
    this.#begin(slot)
  }

  protected override unlink(slot: number): void {
    this.deadlines.remove(slot)
  }

  protected override unlinkAll(): void {
    this.deadlines.clear()
  }

  protected override written(slot: number, _before: number): void {
    this.deadlines.remove(slot)
    this.#begin(slot)
  }

  #begin(slot: number): void {
    if (this.#ends !== undefined) this.#ends[slot] = this.#newEnd
    this.#schedule(slot, this.#deadlineOf(slot, this.#now))
  }

  protected override settle(): void {
    if (!this.deadlines.anyFinite) {
      this.#nothingBefore = Infinity
      this.#alarm.clear()
    } else if (!this.#alarm.covers(this.#nothingBefore)) {
      this.#alarm.set(this.#nothingBefore, this.#clock.now())
    }
    super.settle()
  }

  #deadlineOf(slot: number, now: number): number {
    const stored = this.valueAt(slot)
    const end = this.#ends === undefined ? Infinity : this.#ends[slot]!
    return stored instanceof Held ? Math.min(end, rankAt(now + stored.remaining())) : end
  }

  #schedule(slot: number, deadline: number): void {
    this.deadlines.add(slot, deadline)
    if (deadline < this.#nothingBefore) this.#nothingBefore = deadline
  }

  /** Gives an entry the later deadline that it has earned since, by default for a `set`; says whether there was one. */
  protected putOff(slot: number, now: number = this.#now): boolean {
    const before = this.deadlines.rankOf(slot)
    if (before === Infinity || !(this.valueAt(slot) instanceof Held)) return false
    const deadline = this.#deadlineOf(slot, now)
    if (deadline <= before || deadline <= now) return false
    this.deadlines.remove(slot)
    this.#schedule(slot, deadline)
    return true
  }

  /** Comes first in everything that looks at the store. */
  #expireDue(): void {
    if (this.#nothingBefore === Infinity) return
    const now = this.#clock.now()
    if (now >= this.#nothingBefore) this.#expire(now)
  }

  #expire(now: number): void {
    let slot = this.deadlines.first()
    while (slot !== undefined && this.deadlines.rankOf(slot) <= now) {
      if (!this.putOff(slot, now)) this.remove(slot, 'expired')
      slot = this.deadlines.first()
    }
    this.#nothingBefore = slot === undefined ? Infinity : this.deadlines.rankOf(slot)
    this.settle()
  }
}
