import type { Policy, RemovalCause, RemovalListener } from '../types.ts'
import type { Bounds } from './bounds.ts'
import { Removals } from './removals.ts'
import { resizedList, Slots } from './slots.ts'

/** Where a policy finds the slot of a key: what it needs of a `Map`. */
export interface SlotIndex<K> {
  get(key: K): number | undefined
  set(key: K, slot: number): unknown
  delete(key: K): boolean
  clear(): void
}

/** What the slots of a policy are for. */
export interface SlotUses<K> {
  /** How many of the lowest slots hold no entry: they are the heads of its rings. */
  readonly heads: number
  /** The most ghosts that there may be, in times `max`. Default 0. */
  readonly ghosts?: number
  /** Where its slots are found. Default a `Map`. */
  readonly index?: SlotIndex<K>
}

/**
 * All that policies over a table of entries have in common: bounds, weights, removals, iteration.
 *
 * An entry is a slot, a number, under which the columns of the table hold its key, its value and its weight, and those
 * of the policy whatever it keeps order by. A policy says in a few hooks where a new entry goes, what a use does to it,
 * and which entry is to leave next. It may keep the key of an entry that is evicted, as a ghost, in the same slot; the
 * index has such a slot as `~slot`, so that nobody finds an entry there.
 *
 * Iteration goes over the entries that are there when it begins, the one that would leave next first, and leaves out
 * those that have gone by the time it reaches them; so everything may be done to the store meanwhile.
 */
export abstract class SlotPolicy<K, V> implements Policy<K, V> {
  readonly tellsRemovals: true = true
  readonly max: number
  readonly maxWeight: number
  readonly #bounds: Bounds<K, V>
  readonly #removals: Removals<K, V>
  readonly #index: SlotIndex<K>
  readonly #slots: Slots<K>
  #values: (V | undefined)[] = []
  #size = 0
  #weight = 0

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined, uses: SlotUses<K>) {
    const { heads, ghosts = 0, index = new Map<K, number>() } = uses
    this.max = bounds.max
    this.maxWeight = bounds.maxWeight
    this.#bounds = bounds
    this.#removals = new Removals(onRemoval)
    this.#index = index
    this.#slots = new Slots(Math.ceil((1 + ghosts) * bounds.max), heads, bounds.maxWeight !== Infinity)
  }

  /** Makes room in the policy's own columns for the slots below `capacity`, and keeps what is in them. */
  protected abstract resize(capacity: number): void
  /** Says whether something to be set may be kept. May throw, and must change nothing. */
  protected admits(_key: K, _value: V): boolean {
    return true
  }
  /** Notes that an entry is about to come, before anything leaves for it, and takes its key's ghost out of its place. */
  protected incoming(_ghost: number | undefined): void {}
  /** Gives a new entry its place, and whatever of it depends on that. */
  protected abstract link(slot: number): void
  /** Takes an entry out of its place. */
  protected abstract unlink(slot: number): void
  /** Takes all entries out of their places, and forgets all that is known of any key. */
  protected abstract unlinkAll(): void
  /** Notes that an entry was read. */
  protected abstract used(slot: number): void
  /** Notes that an entry was given a value anew; its weight was `before`. */
  protected abstract written(slot: number, before: number): void
  /** The entry to leave next that is not `keep`. It is asked for when there is one. Others may be evicted meanwhile. */
  protected abstract victim(keep: number | undefined): number
  /** Whether the key of an entry that is evicted is to be kept. */
  protected remembers(_slot: number): boolean {
    return false
  }
  /** Gives the ghost of an entry its place instead of that of the entry, and may {@link forget} others. */
  protected haunt(_slot: number): void {}
  /** All entries, the one to leave next first, or last. */
  protected abstract inOrder(hottestFirst: boolean): Iterable<number>

  get size(): number {
    return this.#size
  }

  get weight(): number {
    return this.#weight
  }

  get(key: K): V | undefined {
    const slot = this.#index.get(key)
    if (slot === undefined || slot < 0) return undefined
    this.used(slot)
    return this.#values[slot]
  }

  peek(key: K): V | undefined {
    const slot = this.#index.get(key)
    return slot === undefined || slot < 0 ? undefined : this.#values[slot]
  }

  has(key: K): boolean {
    const slot = this.#index.get(key)
    return slot !== undefined && slot >= 0
  }

  set(key: K, value: V): this {
    // Whatever of the caller's can throw comes before the first change.
    const weight = this.#bounds.weigh(value, key)
    const isWelcome = this.admits(key, value)
    const found = this.#index.get(key)
    if (!isWelcome || weight > this.maxWeight || this.max === 0 || this.maxWeight === 0) {
      if (found !== undefined && found >= 0) this.remove(found, 'replaced')
    } else if (found !== undefined && found >= 0) {
      this.#overwrite(found, value, weight)
    } else {
      this.#add(key === 0 ? (0 as K) : key, value, weight, found === undefined ? undefined : ~found)
    }
    this.settle()
    return this
  }

  #add(key: K, value: V, weight: number, ghost: number | undefined): void {
    this.incoming(ghost)
    while (this.#size >= this.max || this.#weight + weight > this.maxWeight) this.evict(this.victim(undefined))
    const slot = ghost ?? this.#nextSlot()
    // A `Map` that is as large as they get throws, and then nothing has come.
    this.#index.set(key, slot)
    if (ghost === undefined) this.#slots.take(key)
    this.#slots.weigh(slot, weight)
    this.#values[slot] = value
    this.#size++
    this.#weight += weight
    this.link(slot)
  }

  #nextSlot(): number {
    const slot = this.#slots.next
    if (slot >= this.#slots.capacity) {
      this.#slots.grow()
      this.#values = resizedList(this.#values, this.#slots.capacity)
      this.resize(this.#slots.capacity)
    }
    return slot
  }

  #overwrite(slot: number, value: V, weight: number): void {
    const old = this.valueAt(slot)
    const before = this.weightAt(slot)
    if (old !== value) this.#removals.add(this.keyAt(slot), old, 'replaced')
    this.#values[slot] = value
    this.#slots.weigh(slot, weight)
    this.#weight += weight - before
    this.written(slot, before)
    while (this.#weight > this.maxWeight) this.evict(this.victim(slot))
  }

  delete(key: K, cause: RemovalCause = 'invalidated'): boolean {
    const slot = this.#index.get(key)
    if (slot === undefined || slot < 0) return false
    this.remove(slot, cause)
    this.settle()
    return true
  }

  clear(): void {
    for (const slot of this.inOrder(false)) this.#removals.add(this.keyAt(slot), this.valueAt(slot), 'invalidated')
    this.#index.clear()
    this.unlinkAll()
    this.#slots.clear()
    this.#values = []
    this.#size = 0
    this.#weight = 0
    this.settle()
  }

  *keys(): IterableIterator<K> {
    for (const [key] of this.entries()) yield key
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value
  }

  *entries(): IterableIterator<[K, V]> {
    for (const key of Array.from(this.inOrder(false), (slot) => this.keyAt(slot))) {
      const slot = this.slotOf(key)
      if (slot !== undefined) yield [key, this.valueAt(slot)]
    }
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries()
  }

  /** The slot of a key, if it is here now. */
  protected slotOf(key: K): number | undefined {
    const slot = this.#index.get(key)
    return slot === undefined || slot < 0 ? undefined : slot
  }

  protected keyAt(slot: number): K {
    return this.#slots.keyAt(slot)
  }

  protected valueAt(slot: number): V {
    return this.#values[slot] as V
  }

  /** The weight of an entry; 0 where nothing is weighed. */
  protected weightAt(slot: number): number {
    return this.#slots.weightAt(slot)
  }

  /** Takes an entry out for good. The listeners are told when the work that this is part of settles. */
  protected remove(slot: number, cause: RemovalCause): void {
    const key = this.keyAt(slot)
    this.#index.delete(key)
    this.unlink(slot)
    this.#leave(slot, key, cause)
    this.#slots.release(slot)
  }

  /** Takes an entry out to make room. */
  protected evict(slot: number): void {
    if (!this.remembers(slot)) {
      this.remove(slot, 'evicted')
      return
    }
    const key = this.keyAt(slot)
    this.#index.set(key, ~slot)
    this.#leave(slot, key, 'evicted')
    this.haunt(slot)
  }

  #leave(slot: number, key: K, cause: RemovalCause): void {
    const value = this.valueAt(slot)
    this.#size--
    this.#weight -= this.weightAt(slot)
    this.#values[slot] = undefined
    this.#removals.add(key, value, cause)
  }

  /** Lets go of a ghost that is in no place any more. */
  protected forget(ghost: number): void {
    this.#index.delete(this.keyAt(ghost))
    this.#slots.release(ghost)
  }

  /** Comes last in everything that changes the store: from here on it is whole. */
  protected settle(): void {
    this.#removals.tell()
  }
}
