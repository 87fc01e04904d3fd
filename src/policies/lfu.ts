import { flag } from '../check.ts'
import type { RemovalListener } from '../types.ts'
import { Ageing } from './ageing.ts'
import { type BoundOptions, type Bounds, boundsOf } from './bounds.ts'
import { Levels, type UseOrder } from './levels.ts'
import { OrderedSlotPolicy } from './ordered-policy.ts'

/** The room of an {@link lfu}, `max`, or `maxWeight` with `weigher`, or both; and whether it forgets. */
export interface LfuOptions<K, V> extends BoundOptions<K, V> {
  /** Whether what was popular once gives way in time to what is popular now. Default `false`. */
  ageing?: boolean | undefined
}

/**
 * Makes a store that keeps what has been used most often since it came: the least frequently used entry leaves first,
 * and among those the least recently used.
 *
 * Use it where the same keys stay popular for as long as the store lives. It fails where popularity changes: what was
 * popular once holds its place against everything new, and a new entry is the first to go until it has been used again.
 * With `ageing: true` each use counts from where the last entry was that was evicted, so that what is not used any more
 * is overtaken in time; use that where popularity lasts long but not for ever. A `get` and an overwriting `set` count as
 * use; `peek` and `has` do not.
 *
 * Every operation is O(1), by a chain of frequencies with the entries of each in order of use: Ketan Shah, Anirban
 * Mitra and Dhruv Matani, *An O(1) algorithm for implementing the LFU cache eviction scheme* (2010). Ageing is the
 * dynamic ageing of Martin Arlitt, Ludmila Cherkasova, John Dilley, Rich Friedrich and Tai Jin, *Evaluating Content
 * Management Techniques for Web Proxy Caches* (1999).
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, or when there is neither `max` nor `maxWeight`
 * @example
 * const words = lfu<string, string>({ max: 2 })
 * words.set('a', '1').set('b', '2')
 * words.get('a')
 * words.set('c', '3')
 * words.has('b') // false: used less often than 'a'
 */
export function lfu<K = any, V = any>(options: LfuOptions<K, V>): Lfu<K, V> {
  const bounds = boundsOf('lfu', options, ['ageing'])
  const ageing = options.ageing === undefined ? false : flag('ageing', options.ageing)
  return new Lfu<K, V>(bounds, options.onRemoval, ageing)
}

/** The store that {@link lfu} makes. */
export class Lfu<K, V> extends OrderedSlotPolicy<K, V> {
  readonly #order: UseOrder

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined, ageing: boolean) {
    super(bounds, onRemoval, { heads: 1 })
    this.#order = ageing ? new Ageing() : new Levels()
  }

  protected override resize(capacity: number): void {
    this.#order.resize(capacity)
  }

  protected override link(slot: number): void {
    this.#order.add(slot)
  }

  protected override unlink(slot: number): void {
    this.#order.remove(slot)
  }

  protected override unlinkAll(): void {
    this.#order.clear()
  }

  protected override used(slot: number): void {
    this.#order.raise(slot)
  }

  protected override written(slot: number): void {
    this.#order.raise(slot)
  }

  protected override victim(keep: number | undefined): number {
    return this.#order.leaving(keep)
  }

  protected override inOrder(hottestFirst: boolean): Iterable<number> {
    return this.#order.inOrder(hottestFirst)
  }
}
