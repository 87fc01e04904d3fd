import type { RemovalListener } from '../types.ts'
import { type BoundOptions, type Bounds, boundsOf } from './bounds.ts'
import { OrderedSlotPolicy } from './ordered-policy.ts'
import { resized, Rings } from './rings.ts'

/** The room of a {@link clock}: `max`, or `maxWeight` with `weigher`, or both. */
export interface ClockOptions<K, V> extends BoundOptions<K, V> {}

/**
 * Makes a store that gives a second chance: entries leave in the order in which they came, but one that has been used
 * since its last turn goes to the end of the queue instead.
 *
 * Use it as a least-recently-used store whose hits cost next to nothing: a use sets one bit. It fails where that fails,
 * on loops and scans longer than the store, and a second chance is all that many uses buy. A `get` and an overwriting
 * `set` count as use; `peek` and `has` do not.
 *
 * Every operation is O(1), making room on average over the uses before it. Fernando Corbató, *A Paging Experiment with
 * the Multics System* (1968).
 *
 * The coldest entries are those without a use since their last turn, those that came first before the others.
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, or when there is neither `max` nor `maxWeight`
 * @example
 * const pages = clock<string, string>({ max: 2 })
 * pages.set('a', '1').set('b', '2')
 * pages.get('a')
 * pages.set('c', '3')
 * pages.has('a') // true: its turn had come, but it had been used
 */
export function clock<K = any, V = any>(options: ClockOptions<K, V>): ClockPolicy<K, V> {
  return new ClockPolicy<K, V>(boundsOf('clock', options), options.onRemoval)
}

/** The head of the ring of all entries, the one whose turn is next at its beginning. */
const queue = 0

/** The store that {@link clock} makes. */
export class ClockPolicy<K, V> extends OrderedSlotPolicy<K, V> {
  readonly #rings = new Rings(1)
  /** 1 for what has been used since its last turn. */
  #used: Uint8Array = new Uint8Array(0)

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined) {
    super(bounds, onRemoval, { heads: 1 })
  }

  protected override resize(capacity: number): void {
    this.#rings.resize(capacity)
    this.#used = resized(this.#used, capacity)
  }

  protected override link(slot: number): void {
    this.#used[slot] = 0
    this.#rings.append(queue, slot)
  }

  protected override unlink(slot: number): void {
    this.#rings.unlink(slot)
  }

  protected override unlinkAll(): void {
    this.#rings.clear()
  }

  protected override used(slot: number): void {
    this.#used[slot] = 1
  }

  protected override written(slot: number): void {
    this.#used[slot] = 1
  }

  protected override victim(keep: number | undefined): number {
    for (;;) {
      const slot = this.#rings.firstExcept(queue, keep)
      if (this.#used[slot] === 0) return slot
      this.#used[slot] = 0
      this.#rings.moveToEnd(queue, slot)
    }
  }

  protected override *inOrder(hottestFirst: boolean): Iterable<number> {
    for (const used of hottestFirst ? [1, 0] : [0, 1]) {
      for (const slot of this.#rings.inOrder(queue, hottestFirst)) if (this.#used[slot] === used) yield slot
    }
  }
}
