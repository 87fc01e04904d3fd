import { callable } from '../check.ts'
import { systemRandom } from '../random.ts'
import type { Random as RandomSource, RemovalListener } from '../types.ts'
import { type BoundOptions, type Bounds, boundsOf } from './bounds.ts'
import { NodePolicy, type PolicyNode } from './node-policy.ts'

/** The room of a {@link random} store, `max`, or `maxWeight` with `weigher`, or both; and where its chance comes from. */
export interface RandomOptions<K, V> extends BoundOptions<K, V> {
  /** Gives a number in [0, 1). Default `Math.random`, looked up at every use. */
  random?: RandomSource | undefined
}

/**
 * Makes a store in which any entry is as likely as any other to make room for a new one.
 *
 * Use it as a yardstick, or where requests come in loops a little longer than the store, in which least-recently-used
 * never hits at all. It fails to keep what is asked for most, and what it keeps cannot be foretold. Every operation is
 * O(1).
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, or when there is neither `max` nor `maxWeight`
 * @example
 * const sample = random<string, number>({ max: 100, random: seededRandom(42) })
 */
export function random<K = any, V = any>(options: RandomOptions<K, V>): Random<K, V> {
  const bounds = boundsOf('random', options, ['random'])
  const chance = options.random === undefined ? systemRandom : callable('random', options.random)
  return new Random<K, V>(bounds, options.onRemoval, chance)
}

interface RandomNode<K, V> extends PolicyNode<K, V> {
  /** Where it is in the list of all nodes. */
  index: number
}

/** The store that {@link random} makes: nodes in a dense list, where the last one takes the place of one that leaves. */
export class Random<K, V> extends NodePolicy<K, V, RandomNode<K, V>> {
  readonly #random: RandomSource
  #list: RandomNode<K, V>[] = []

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined, chance: RandomSource) {
    super(bounds, onRemoval)
    this.#random = chance
  }

  protected override make(key: K, value: V, weight: number): RandomNode<K, V> {
    return { key, value, weight, index: 0 }
  }

  protected override link(node: RandomNode<K, V>): void {
    node.index = this.#list.length
    this.#list.push(node)
  }

  protected override unlink(node: RandomNode<K, V>): void {
    const last = this.#list.pop()!
    if (last === node) return
    last.index = node.index
    this.#list[node.index] = last
  }

  protected override unlinkAll(): void {
    this.#list = []
  }

  protected override used(): void {}

  protected override written(): void {}

  protected override victim(keep: RandomNode<K, V> | undefined): RandomNode<K, V> {
    const choices = this.#list.length - (keep === undefined ? 0 : 1)
    const chosen = Math.floor(this.#random() * choices)
    // A source that does not keep to [0, 1) must not lead past the list.
    const index = chosen > 0 ? Math.min(chosen, choices - 1) : 0
    return this.#list[keep !== undefined && index >= keep.index ? index + 1 : index]!
  }

  protected override inOrder(): Iterable<RandomNode<K, V>> {
    return this.#list
  }
}
