import { type BoundOptions, boundsOf } from './bounds.ts'
import { Chain, Link } from './chain.ts'
import { OrderedNodePolicy, type PolicyNode } from './node-policy.ts'

/** The room of a {@link fifo}: `max`, or `maxWeight` with `weigher`, or both. */
export interface FifoOptions<K, V> extends BoundOptions<K, V> {}

/**
 * Makes a store that keeps entries in the order in which they came: first in, first out.
 *
 * Use it where a read must cost nothing beyond the look-up, or where old entries are the least wanted whatever their
 * use, as in a log. It fails where a few keys are asked for all the time: they leave on their turn like all others.
 * Overwriting a value keeps the entry's place. Every operation is O(1).
 *
 * The hottest entry is the one that came last, the coldest the one that came first.
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, or when there is neither `max` nor `maxWeight`
 * @example
 * const recent = fifo<string, string>({ max: 2 })
 * recent.set('a', '1').set('b', '2').set('c', '3')
 * recent.has('a') // false
 */
export function fifo<K = any, V = any>(options: FifoOptions<K, V>): Fifo<K, V> {
  return new Fifo<K, V>(boundsOf('fifo', options), options.onRemoval)
}

class FifoNode<K, V> extends Link implements PolicyNode<K, V> {
  key: K
  value: V
  weight: number

  constructor(key: K, value: V, weight: number) {
    super()
    this.key = key
    this.value = value
    this.weight = weight
  }
}

/**
 * The store that {@link fifo} makes.
 *
 * Its order is a chain of nodes and not that of a `Map`, which slows down with size when its first key is deleted again
 * and again.
 */
export class Fifo<K, V> extends OrderedNodePolicy<K, V, FifoNode<K, V>> {
  readonly #queue = new Chain<FifoNode<K, V>>()

  protected override make(key: K, value: V, weight: number): FifoNode<K, V> {
    return new FifoNode(key, value, weight)
  }

  protected override link(node: FifoNode<K, V>): void {
    this.#queue.append(node)
  }

  protected override unlink(node: FifoNode<K, V>): void {
    node.unlink()
  }

  protected override unlinkAll(): void {
    this.#queue.clear()
  }

  protected override used(): void {}

  protected override written(): void {}

  protected override victim(keep: FifoNode<K, V> | undefined): FifoNode<K, V> {
    return this.#queue.firstExcept(keep)!
  }

  protected override inOrder(hottestFirst: boolean): Iterable<FifoNode<K, V>> {
    return this.#queue.inOrder(hottestFirst)
  }
}
