import type { RemovalListener } from '../types.ts'
import { type Bounds, type CountOptions, countOf } from './bounds.ts'
import { OrderedSlotPolicy } from './ordered-policy.ts'
import { resized, Rings } from './rings.ts'

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

/** The heads of the rings of both lists, and of the ghosts of both; the least recently used is at the beginning of each. */
const once = 0
const often = 1
const ghostsOfOnce = 2
const ghostsOfOften = 3

/** The store that {@link arc} makes. */
export class Arc<K, V> extends OrderedSlotPolicy<K, V> {
  readonly #rings = new Rings(4)
  /** The list of each entry and each ghost. */
  #list: Uint8Array = new Uint8Array(0)
  /** How many are in each list. */
  readonly #counts = [0, 0, 0, 0]
  /** How many entries used once there should be. */
  #target = 0
  /** The list of the ghost of the key that comes next. */
  #comesBackFrom: number | undefined

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined) {
    super(bounds, onRemoval, { heads: 4, ghosts: 1 })
  }

  protected override resize(capacity: number): void {
    this.#rings.resize(capacity)
    this.#list = resized(this.#list, capacity)
  }

  protected override incoming(ghost: number | undefined): void {
    const [ones, manies, ghostOnes, ghostManies] = this.#counts as [number, number, number, number]
    this.#comesBackFrom = ghost === undefined ? undefined : this.#list[ghost]
    if (ghost !== undefined) {
      if (this.#comesBackFrom === ghostsOfOnce) {
        this.#target = Math.min(this.max, this.#target + Math.max(1, ghostManies / ghostOnes))
      } else {
        this.#target = Math.max(0, this.#target - Math.max(1, ghostOnes / ghostManies))
      }
      this.unlink(ghost)
    } else if (ones + ghostOnes >= this.max) {
      if (ghostOnes > 0) this.#forgetOldest(ghostsOfOnce)
    } else if (ones + manies + ghostOnes + ghostManies >= 2 * this.max) {
      this.#forgetOldest(ghostsOfOften)
    }
  }

  #forgetOldest(list: number): void {
    const ghost = this.#rings.after(list)
    this.unlink(ghost)
    this.forget(ghost)
  }

  #append(list: number, slot: number): void {
    this.#list[slot] = list
    this.#counts[list]!++
    this.#rings.append(list, slot)
  }

  protected override link(slot: number): void {
    this.#append(this.#comesBackFrom === undefined ? once : often, slot)
  }

  protected override unlink(slot: number): void {
    this.#counts[this.#list[slot]!]!--
    this.#rings.unlink(slot)
  }

  protected override unlinkAll(): void {
    this.#rings.clear()
    this.#counts.fill(0)
    this.#target = 0
  }

  protected override used(slot: number): void {
    if (this.#list[slot] === often) {
      this.#rings.moveToEnd(often, slot)
    } else {
      this.unlink(slot)
      this.#append(often, slot)
    }
  }

  protected override written(slot: number): void {
    this.used(slot)
  }

  protected override victim(): number {
    const ones = this.#counts[once]!
    const tooMany = ones > this.#target || (this.#comesBackFrom === ghostsOfOften && ones === this.#target)
    return this.#rings.after(ones > 0 && (tooMany || ones === this.size) ? once : often)
  }

  protected override remembers(slot: number): boolean {
    // Where all entries are of those used once, none of them is remembered: the paper's case IV.
    return this.#list[slot] === often || this.#counts[once]! < this.max || this.#comesBackFrom !== undefined
  }

  protected override haunt(slot: number): void {
    const ghosts = this.#list[slot] === once ? ghostsOfOnce : ghostsOfOften
    this.unlink(slot)
    this.#append(ghosts, slot)
  }

  protected override *inOrder(hottestFirst: boolean): Iterable<number> {
    yield* this.#rings.inOrder(hottestFirst ? often : once, hottestFirst)
    yield* this.#rings.inOrder(hottestFirst ? once : often, hottestFirst)
  }
}
