import { type BoundOptions, boundsOf } from './bounds.ts'
import { MarkingPolicy } from './marking-policy.ts'
import { head } from './ring-policy.ts'

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

/** The store that {@link clock} makes: at the beginning of its ring is the entry whose turn is next. */
export class ClockPolicy<K, V> extends MarkingPolicy<K, V> {
  protected override victim(keep: number | undefined): number {
    for (;;) {
      const slot = this.ring.firstExcept(head, keep)
      if (this.marks[slot] === 0) return slot
      this.marks[slot] = 0
      this.ring.moveToEnd(head, slot)
    }
  }

  protected override *inOrder(hottestFirst: boolean): Iterable<number> {
    for (const mark of hottestFirst ? [1, 0] : [0, 1]) {
      for (const slot of this.ring.inOrder(head, hottestFirst)) if (this.marks[slot] === mark) yield slot
    }
  }
}
