import type { RemovalListener } from '../types.ts'
import { type Bounds, type CountOptions, countOf } from './bounds.ts'
import { OrderedSlotPolicy } from './ordered-policy.ts'
import { resized, Rings } from './rings.ts'

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

/** The heads of the ring of what leaves next, the paper's Q, and of that of ghosts in the order in which they left. */
const queue = 0
const ghosts = 1
/** The head of the stack of recent uses, the paper's S, the longest ago at its beginning. */
const stack = 0

/** What a slot is: of high inter-reference recency, outside the stack or in it, or of low, or a ghost, both in it. */
const high = 0
const highInStack = 1
const low = 2
const ghostInStack = 3

/** The share of the room for entries of high inter-reference recency. */
const highShare = 0.01
/** How many keys that have left are remembered, in times `max`. */
const ghostShare = 2

/** The store that {@link lirs} makes. */
export class Lirs<K, V> extends OrderedSlotPolicy<K, V> {
  readonly #queues = new Rings(2)
  readonly #stack = new Rings(1)
  #kind: Uint8Array = new Uint8Array(0)
  readonly #mostLow: number
  #lowCount = 0
  #ghostCount = 0
  /** Whether the key that comes next is still in the stack. */
  #comesBack = false

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined) {
    super(bounds, onRemoval, { heads: 2, ghosts: ghostShare })
    this.#mostLow = bounds.max - Math.max(1, Math.floor(bounds.max * highShare))
  }

  protected override resize(capacity: number): void {
    this.#queues.resize(capacity)
    this.#stack.resize(capacity)
    this.#kind = resized(this.#kind, capacity)
  }

  protected override incoming(ghost: number | undefined): void {
    this.#comesBack = ghost !== undefined
    if (ghost !== undefined) this.#lay(ghost)
  }

  /** Takes a ghost out of its places. */
  #lay(ghost: number): void {
    this.#ghostCount--
    this.#queues.unlink(ghost)
    this.#stack.unlink(ghost)
  }

  protected override link(slot: number): void {
    this.#stack.append(stack, slot)
    if (this.#lowCount < this.#mostLow || (this.#comesBack && this.#mostLow > 0)) {
      this.#becomeLow(slot)
    } else {
      this.#kind[slot] = highInStack
      this.#queues.append(queue, slot)
    }
    this.#prune()
  }

  protected override unlink(slot: number): void {
    if (this.#kind[slot] !== high) this.#stack.unlink(slot)
    if (this.#kind[slot] === low) this.#lowCount--
    else this.#queues.unlink(slot)
    this.#prune()
  }

  protected override unlinkAll(): void {
    this.#queues.clear()
    this.#stack.clear()
    this.#lowCount = 0
    this.#ghostCount = 0
  }

  protected override used(slot: number): void {
    const kind = this.#kind[slot]!
    if (kind === high) this.#stack.append(stack, slot)
    else this.#stack.moveToEnd(stack, slot)
    if (kind === highInStack && this.#mostLow > 0) {
      this.#queues.unlink(slot)
      this.#becomeLow(slot)
    } else if (kind !== low) {
      this.#kind[slot] = highInStack
      this.#queues.moveToEnd(queue, slot)
    }
    this.#prune()
  }

  protected override written(slot: number): void {
    this.used(slot)
  }

  /** Makes an entry one of low inter-reference recency, and of high the one that was used longest ago of too many. */
  #becomeLow(slot: number): void {
    this.#kind[slot] = low
    this.#lowCount++
    if (this.#lowCount <= this.#mostLow) return
    this.#prune()
    const bottom = this.#stack.after(stack)
    this.#stack.unlink(bottom)
    this.#kind[bottom] = high
    this.#lowCount--
    this.#queues.append(queue, bottom)
  }

  /** Takes off the bottom of the stack what is not of low inter-reference recency: it tells nothing any more. */
  #prune(): void {
    for (let slot = this.#stack.after(stack); slot !== stack; slot = this.#stack.after(stack)) {
      if (this.#kind[slot] === low) return
      if (this.#kind[slot] === ghostInStack) {
        this.#lay(slot)
        this.forget(slot)
      } else {
        this.#stack.unlink(slot)
        this.#kind[slot] = high
      }
    }
  }

  protected override victim(): number {
    return this.#queues.after(queue)
  }

  protected override remembers(slot: number): boolean {
    return this.#kind[slot] === highInStack
  }

  protected override haunt(slot: number): void {
    this.#kind[slot] = ghostInStack
    this.#ghostCount++
    this.#queues.moveToEnd(ghosts, slot)
    if (this.#ghostCount <= ghostShare * this.max) return
    const oldest = this.#queues.after(ghosts)
    this.#lay(oldest)
    this.forget(oldest)
  }

  protected override *inOrder(hottestFirst: boolean): Iterable<number> {
    if (!hottestFirst) yield* this.#queues.inOrder(queue)
    for (const slot of this.#stack.inOrder(stack, hottestFirst)) if (this.#kind[slot] === low) yield slot
    if (hottestFirst) yield* this.#queues.inOrder(queue, true)
  }
}
