import type { RemovalListener } from '../types.ts'
import { type Bounds, type CountOptions, countOf } from './bounds.ts'
import { Ghosts } from './ghosts.ts'
import { resized, Rings } from './rings.ts'
import { OrderedSlotPolicy } from './slot-policy.ts'

/** The room of a {@link lirs}: `max` alone. */
export interface LirsOptions<K, V> extends CountOptions<K, V> {}

/**
 * Makes a store that keeps what comes back soonest: not the time since the last use counts, but how many other keys were
 * asked for between the last two.
 *
 * Use it where the workload has loops or scans, up to several times longer than the store, among keys in steady use, as
 * in databases and file systems. It fails where all is recency: 99 % of the room is for keys whose uses have come close
 * together, a new one has 1 % in which to be used again, and after a change of the working set the old one leaves as
 * slowly as the new one proves itself. A `get` and an overwriting `set` count as use; `peek` and `has` do not.
 *
 * It takes the keys, and no values, of entries that have left, up to twice `max`, and so keeps them alive. Every operation
 * is O(1) on average over those before it. Song Jiang and Xiaodong Zhang, *LIRS: An Efficient Low Inter-reference
 * Recency Set Replacement Policy to Improve Buffer Cache Performance* (2002). The paper counts blocks, so there are no
 * weights.
 *
 * The coldest entries are those of high inter-reference recency, in the order in which they will leave; the hottest are
 * the others, the most recently used first.
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, when there is no `max`, or when there is
 *   `maxWeight` or `weigher`
 * @example
 * const blocks = lirs<number, Uint8Array>({ max: 10_000 })
 */
export function lirs<K = any, V = any>(options: LirsOptions<K, V>): Lirs<K, V> {
  return new Lirs<K, V>(countOf('lirs', options), options.onRemoval)
}

/** The head of the ring of what leaves next, the paper's Q, and that of the stack of recent uses, the paper's S. */
const queue = 0
const stack = 0

/** What an entry is: of high inter-reference recency, outside the stack or in it, or of low, which always is in it. */
const high = 0
const highInStack = 1
const low = 2

/** The share of the room for entries of high inter-reference recency. */
const highShare = 0.01
/** How many keys that have left are remembered, in times `max`. */
const ghostShare = 2

/** The store that {@link lirs} makes. */
export class Lirs<K, V> extends OrderedSlotPolicy<K, V> {
  readonly #queue = new Rings(1)
  /** Entries and ghosts in order of use: an entry under twice its slot, a ghost under twice its number and one. */
  readonly #stack = new Rings(1)
  #stackCapacity = 0
  #kind: Uint8Array = new Uint8Array(0)
  readonly #ghosts = new Ghosts<K>(false)
  readonly #mostLow: number
  #lowCount = 0
  /** Whether the key that comes next is still in the stack. */
  #comesBack = false

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined) {
    super(bounds, onRemoval, 1)
    this.#mostLow = bounds.max - Math.max(1, Math.floor(bounds.max * highShare))
  }

  protected override resize(capacity: number): void {
    this.#queue.resize(capacity)
    this.#kind = resized(this.#kind, capacity)
    this.#fit()
  }

  /** Makes room in the stack for as many entries, and as many ghosts, as there may be now. */
  #fit(): void {
    const capacity = 2 * Math.max(this.#kind.length, this.#ghosts.capacity)
    if (capacity === this.#stackCapacity) return
    this.#stackCapacity = capacity
    this.#stack.resize(capacity)
  }

  protected override incoming(key: K): void {
    const ghost = this.#ghosts.find(key)
    this.#comesBack = ghost !== undefined
    if (ghost !== undefined) this.#forget(ghost)
  }

  protected override link(slot: number): void {
    this.#stack.append(stack, 2 * slot)
    if (this.#lowCount < this.#mostLow || (this.#comesBack && this.#mostLow > 0)) {
      this.#kind[slot] = low
      this.#lowCount++
      this.#demote()
    } else {
      this.#kind[slot] = highInStack
      this.#queue.append(queue, slot)
    }
    this.#prune()
  }

  protected override unlink(slot: number): void {
    if (this.#kind[slot] !== high) this.#stack.unlink(2 * slot)
    if (this.#kind[slot] === low) this.#lowCount--
    else this.#queue.unlink(slot)
    this.#prune()
  }

  protected override unlinkAll(): void {
    this.#queue.clear()
    this.#stack.clear()
    this.#ghosts.clear()
    this.#lowCount = 0
  }

  protected override used(slot: number): void {
    const kind = this.#kind[slot]!
    if (kind === high) this.#stack.append(stack, 2 * slot)
    else this.#stack.moveToEnd(stack, 2 * slot)
    if (kind === highInStack && this.#mostLow > 0) {
      this.#kind[slot] = low
      this.#lowCount++
      this.#queue.unlink(slot)
      this.#demote()
    } else if (kind !== low) {
      this.#kind[slot] = highInStack
      this.#queue.moveToEnd(queue, slot)
    }
    this.#prune()
  }

  protected override written(slot: number): void {
    this.used(slot)
  }

  /** Makes the entry of low inter-reference recency that was used longest ago one of high, when there are too many. */
  #demote(): void {
    if (this.#lowCount <= this.#mostLow) return
    this.#prune()
    const slot = this.#stack.after(stack) / 2
    this.#stack.unlink(2 * slot)
    this.#kind[slot] = high
    this.#lowCount--
    this.#queue.append(queue, slot)
  }

  /** Takes off the bottom of the stack what is not of low inter-reference recency: it tells nothing any more. */
  #prune(): void {
    for (let place = this.#stack.after(stack); place !== stack; place = this.#stack.after(stack)) {
      const slot = place >>> 1
      if (place % 2 === 1) {
        this.#forget(slot)
      } else {
        if (this.#kind[slot] === low) return
        this.#stack.unlink(place)
        this.#kind[slot] = high
      }
    }
  }

  #forget(ghost: number): void {
    this.#stack.unlink(2 * ghost + 1)
    this.#ghosts.remove(ghost)
  }

  protected override victim(): number {
    const slot = this.#queue.after(queue)
    if (this.#kind[slot] === highInStack) {
      const ghost = this.#ghosts.add(this.keyAt(slot), 0)
      this.#fit()
      this.#stack.replace(2 * slot, 2 * ghost + 1)
      this.#kind[slot] = high
      if (this.#ghosts.size > ghostShare * this.max) this.#forget(this.#ghosts.oldest)
    }
    return slot
  }

  protected override *inOrder(hottestFirst: boolean): Iterable<number> {
    if (!hottestFirst) yield* this.#queue.inOrder(queue)
    for (const place of this.#stack.inOrder(stack, hottestFirst)) {
      if (place % 2 === 0 && this.#kind[place / 2] === low) yield place / 2
    }
    if (hottestFirst) yield* this.#queue.inOrder(queue, true)
  }
}
