import { callable, knownOptions } from '../check.ts'
import type { Policy, RemovalCause, RemovalListener } from '../types.ts'
import { Removals } from './removals.ts'

/** Who is told of what leaves an {@link unbounded} store. */
export interface UnboundedOptions<K, V> {
  /** Told of each entry that has left, when the store is whole again. An error that it throws becomes a warning. */
  onRemoval?: RemovalListener<K, V> | undefined
}

/**
 * Makes a store that keeps everything until it is deleted: a `Map`.
 *
 * Use it where the number of keys is bounded by itself: countries, configuration, the queries of one request. It fails
 * where keys come from outside, as memory grows without end; the engine throws a `RangeError` near 16 million keys.
 *
 * @throws {TypeError} when an option is unknown or wrong
 * @example
 * const countries = unbounded<string, Country>()
 */
export function unbounded<K = any, V = any>(options: UnboundedOptions<K, V> = {}): Unbounded<K, V> {
  knownOptions('unbounded', options, ['onRemoval'])
  if (options.onRemoval !== undefined) callable('onRemoval', options.onRemoval)
  return new Unbounded<K, V>(options.onRemoval)
}

/** The store that {@link unbounded} makes. */
export class Unbounded<K, V> extends Map<K, V> implements Policy<K, V> {
  readonly tellsRemovals: true = true
  readonly max: number = Infinity
  readonly weight: number = 0
  readonly maxWeight: number = Infinity
  readonly #removals: Removals<K, V>

  constructor(onRemoval: RemovalListener<K, V> | undefined) {
    super()
    this.#removals = new Removals(onRemoval)
  }

  peek(key: K): V | undefined {
    return this.get(key)
  }

  override set(key: K, value: V): this {
    const before = this.size
    const old = this.get(key)
    super.set(key, value)
    if (this.size === before && old !== value) {
      this.#removals.add(key === 0 ? (0 as K) : key, old as V, 'replaced')
      this.#removals.tell()
    }
    return this
  }

  override delete(key: K, cause: RemovalCause = 'invalidated'): boolean {
    const old = this.get(key)
    if (!super.delete(key)) return false
    this.#removals.add(key === 0 ? (0 as K) : key, old as V, cause)
    this.#removals.tell()
    return true
  }

  override clear(): void {
    const all = [...this]
    super.clear()
    for (const [key, value] of all) this.#removals.add(key, value, 'invalidated')
    this.#removals.tell()
  }
}
