import { type BoundOptions, boundsOf } from './bounds.ts'
import { Chain, Link } from './chain.ts'
import { OrderedNodePolicy, type PolicyNode } from './node-policy.ts'

/** The room of an {@link lfu}: `max`, or `maxWeight` with `weigher`, or both. */
export interface LfuOptions<K, V> extends BoundOptions<K, V> {}

/**
 * Makes a store that keeps what has been used most often since it came: the least frequently used entry leaves first,
 * and among those the least recently used.
 *
 * Use it where the same keys stay popular for as long as the store lives. It fails where popularity changes: what was
 * popular once holds its place against everything new, and a new entry is the first to go until it has been used again.
 * A `get` and an overwriting `set` count as use; `peek` and `has` do not.
 *
 * Every operation is O(1), by a chain of frequencies with the entries of each in order of use: Ketan Shah, Anirban
 * Mitra and Dhruv Matani, *An O(1) algorithm for implementing the LFU cache eviction scheme* (2010).
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
  return new Lfu<K, V>(boundsOf('lfu', options), options.onRemoval)
}

class LfuNode<K, V> extends Link implements PolicyNode<K, V> {
  key: K
  value: V
  weight: number
  bucket: Bucket<K, V> | undefined

  constructor(key: K, value: V, weight: number) {
    super()
    this.key = key
    this.value = value
    this.weight = weight
    this.bucket = undefined
  }
}

/** The entries of one frequency, least recently used first, between those of the next lower and the next higher one. */
class Bucket<K, V> extends Chain<LfuNode<K, V>> {
  frequency: number
  lower: Bucket<K, V> = this
  higher: Bucket<K, V> = this

  constructor(frequency: number) {
    super()
    this.frequency = frequency
  }

  /** The bucket of the next higher frequency, which is put there when there is none. */
  oneMore(): Bucket<K, V> {
    if (this.higher.frequency === this.frequency + 1) return this.higher
    const bucket = new Bucket<K, V>(this.frequency + 1)
    bucket.lower = this
    bucket.higher = this.higher
    this.higher.lower = bucket
    this.higher = bucket
    return bucket
  }

  /** Leaves the ring of buckets when no entry is left. */
  leaveIfEmpty(): void {
    if (!this.isEmpty) return
    this.lower.higher = this.higher
    this.higher.lower = this.lower
  }
}

/** The store that {@link lfu} makes. */
export class Lfu<K, V> extends OrderedNodePolicy<K, V, LfuNode<K, V>> {
  /** The end mark of the ring of buckets, at frequency 0, where no entry ever is. */
  #none = new Bucket<K, V>(0)

  protected override make(key: K, value: V, weight: number): LfuNode<K, V> {
    return new LfuNode(key, value, weight)
  }

  protected override link(node: LfuNode<K, V>): void {
    node.bucket = this.#none.oneMore()
    node.bucket.append(node)
  }

  protected override unlink(node: LfuNode<K, V>): void {
    node.unlink()
    node.bucket!.leaveIfEmpty()
  }

  protected override unlinkAll(): void {
    this.#none = new Bucket(0)
  }

  protected override used(node: LfuNode<K, V>): void {
    const bucket = node.bucket!
    const alone = node.next === node.prev
    if (alone && bucket.higher.frequency !== bucket.frequency + 1) {
      // The bucket itself can move up: its neighbours stay the same.
      bucket.frequency++
      return
    }
    node.bucket = bucket.oneMore()
    node.unlink()
    node.bucket.append(node)
    bucket.leaveIfEmpty()
  }

  protected override written(node: LfuNode<K, V>): void {
    this.used(node)
  }

  protected override victim(keep: LfuNode<K, V> | undefined): LfuNode<K, V> {
    const lowest = this.#none.higher
    return lowest.firstExcept(keep) ?? lowest.higher.first!
  }

  protected override *inOrder(hottestFirst: boolean): Iterable<LfuNode<K, V>> {
    const next = hottestFirst ? 'lower' : 'higher'
    for (let bucket = this.#none[next]; bucket !== this.#none; bucket = bucket[next])
      yield* bucket.inOrder(hottestFirst)
  }
}
