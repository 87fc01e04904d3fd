import type { RemovalListener } from '../types.ts'
import { type Bounds, type CountOptions, countOf } from './bounds.ts'
import { Ghosts } from './ghosts.ts'
import { resized, Rings } from './rings.ts'
import { OrderedSlotPolicy } from './slot-policy.ts'

/** The room of an {@link arc}: `max` alone. */
export interface ArcOptions<K, V> extends CountOptions<K, V> {}

/**
 * Makes a store that balances by itself between what was used last and what was used more than once: it remembers what
 * it dropped of either kind, and gives more room to the kind that it is then asked for.
 *
 * Use it where the workload is not known, or changes between recency and repeated use. It fails on loops longer than the
 * store, and where keys come back later than it remembers them, which is for as many as it holds; its balance follows
 * each single return, and a burst of them can lead it far off. A `get` and an overwriting `set` count as use; `peek` and
 * `has` do not.
 *
 * It takes the keys, and no values, of up to `max` entries that have left, and so keeps them alive. Every operation is
 * O(1). Nimrod Megiddo and Dharmendra Modha, *ARC: A Self-Tuning, Low Overhead Replacement Cache* (2003). The paper
 * moves its balance by numbers of entries, so there are no weights.
 *
 * The hottest entries are those that were used more than once, the most recently used first; the coldest are the least
 * recently used of those that were not.
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, when there is no `max`, or when there is
 *   `maxWeight` or `weigher`
 * @example
 * const users = arc<string, User>({ max: 10_000 })
 */
export function arc<K = any, V = any>(options: ArcOptions<K, V>): Arc<K, V> {
  return new Arc<K, V>(countOf('arc', options), options.onRemoval)
}

/** The heads of the rings of both lists, the least recently used entry at the beginning of each. */
const once = 0
const often = 1

/** The store that {@link arc} makes. */
export class Arc<K, V> extends OrderedSlotPolicy<K, V> {
  readonly #rings = new Rings(2)
  /** The list of each entry. */
  #list: Uint8Array = new Uint8Array(0)
  /** How many entries were used once. */
  #count = 0
  /** How many entries used once there should be. */
  #target = 0
  readonly #ghostsOfOnce = new Ghosts<K>(false)
  readonly #ghostsOfOften = new Ghosts<K>(false)
  /** The list that the key that comes next has left not long ago. */
  #comesBackFrom: number | undefined

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined) {
    super(bounds, onRemoval, 2)
  }

  protected override resize(capacity: number): void {
    this.#rings.resize(capacity)
    this.#list = resized(this.#list, capacity)
  }

  protected override incoming(key: K): void {
    const ghostsOfOnce = this.#ghostsOfOnce.size
    const ghostsOfOften = this.#ghostsOfOften.size
    this.#comesBackFrom = undefined
    if (this.#ghostsOfOnce.take(key)) {
      this.#target = Math.min(this.max, this.#target + Math.max(1, ghostsOfOften / ghostsOfOnce))
      this.#comesBackFrom = once
    } else if (this.#ghostsOfOften.take(key)) {
      this.#target = Math.max(0, this.#target - Math.max(1, ghostsOfOnce / ghostsOfOften))
      this.#comesBackFrom = often
    } else if (this.#count + ghostsOfOnce >= this.max) {
      if (ghostsOfOnce > 0) this.#ghostsOfOnce.remove(this.#ghostsOfOnce.oldest)
    } else if (this.size + ghostsOfOnce + ghostsOfOften >= 2 * this.max) {
      this.#ghostsOfOften.remove(this.#ghostsOfOften.oldest)
    }
  }

  protected override link(slot: number): void {
    const list = this.#comesBackFrom === undefined ? once : often
    this.#list[slot] = list
    this.#rings.append(list, slot)
    if (list === once) this.#count++
  }

  protected override unlink(slot: number): void {
    if (this.#list[slot] === once) this.#count--
    this.#rings.unlink(slot)
  }

  protected override unlinkAll(): void {
    this.#rings.clear()
    this.#ghostsOfOnce.clear()
    this.#ghostsOfOften.clear()
    this.#count = 0
    this.#target = 0
  }

  protected override used(slot: number): void {
    if (this.#list[slot] === once) {
      this.#list[slot] = often
      this.#count--
    }
    this.#rings.moveToEnd(often, slot)
  }

  protected override written(slot: number): void {
    this.used(slot)
  }

  protected override victim(): number {
    const tooMany = this.#count > this.#target || (this.#comesBackFrom === often && this.#count === this.#target)
    const list = this.#count > 0 && (tooMany || this.#count === this.size) ? once : often
    const slot = this.#rings.after(list)
    // Where all entries are of those used once, none of them is remembered: the paper's case IV.
    if (list === often) this.#ghostsOfOften.add(this.keyAt(slot), 0)
    else if (this.#count < this.max || this.#comesBackFrom !== undefined) this.#ghostsOfOnce.add(this.keyAt(slot), 0)
    return slot
  }

  protected override *inOrder(hottestFirst: boolean): Iterable<number> {
    yield* this.#rings.inOrder(hottestFirst ? often : once, hottestFirst)
    yield* this.#rings.inOrder(hottestFirst ? once : often, hottestFirst)
  }
}
