import { type BoundOptions, boundsOf } from './bounds.ts'
import { head, RingPolicy } from './ring-policy.ts'

/** The room of an {@link mru}: `max`, or `maxWeight` with `weigher`, or both. */
export interface MruOptions<K, V> extends BoundOptions<K, V> {}

/**
 * Makes a store that drops what was used last: the most recently used entry leaves first.
 *
 * Use it where the same long list is gone through over and over, longer than the store: what was asked for just now is
 * what will not be asked for until the next round, and whatever stays is found again. It fails everywhere else: once
 * full it changes a single entry, and never learns of anything new. A `get` and an overwriting `set` count as use;
 * `peek` and `has` do not. Every operation is O(1).
 *
 * For loops it is the best there is: Hong-Tai Chou and David DeWitt, *An Evaluation of Buffer Management Strategies for
 * Relational Database Systems* (1985).
 *
 * The coldest entry, which would leave next, is the one that was used last.
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, or when there is neither `max` nor `maxWeight`
 * @example
 * const pages = mru<number, string>({ max: 2 })
 * pages.set(1, 'a').set(2, 'b').set(3, 'c')
 * pages.has(2) // false: used last when room was needed
 */
export function mru<K = any, V = any>(options: MruOptions<K, V>): Mru<K, V> {
  return new Mru<K, V>(boundsOf('mru', options), options.onRemoval)
}

/** The store that {@link mru} makes: in its ring, what was used last is at the end. */
export class Mru<K, V> extends RingPolicy<K, V> {
  protected override used(slot: number): void {
    this.ring.moveToEnd(head, slot)
  }

  protected override written(slot: number): void {
    this.ring.moveToEnd(head, slot)
  }

  protected override victim(keep: number | undefined): number {
    return this.ring.lastExcept(head, keep)
  }

  /** The keys from the hottest to the coldest: put in again so, they are in the same order. */
  *rkeys(): IterableIterator<K> {
    for (const [key] of this.hottest(Infinity)) yield key
  }

  protected override inOrder(hottestFirst: boolean): Iterable<number> {
    return this.ring.inOrder(head, !hottestFirst)
  }
}
