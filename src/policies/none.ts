import { callable, knownOptions } from '../check.ts'
import type { Policy, RemovalListener } from '../types.ts'

/** What {@link none} may be given, so that it can stand in for any other policy. */
export interface NoneOptions<K, V> {
  /** Never called: what is never kept never leaves. */
  onRemoval?: RemovalListener<K, V> | undefined
}

/**
 * Makes a store that keeps nothing, so that only loads in flight are shared: single-flight alone.
 *
 * Use it where results must never be old but callers who come together may share one load, or to switch caching off
 * without changing code. It fails, of course, to save any load that comes later.
 *
 * @throws {TypeError} when an option is unknown or wrong
 * @example
 * const getBalance = cached(none(), (account: string) => account)(fetchBalance)
 */
export function none<K = any, V = any>(options: NoneOptions<K, V> = {}): None<K, V> {
  knownOptions('none', options, ['onRemoval'])
  if (options.onRemoval !== undefined) callable('onRemoval', options.onRemoval)
  return new None<K, V>()
}

/** The store that {@link none} makes. */
export class None<K, V> implements Policy<K, V> {
  readonly tellsRemovals: true = true
  readonly size: number = 0
  readonly max: number = 0
  readonly weight: number = 0
  readonly maxWeight: number = Infinity

  get(_key: K): V | undefined {
    return undefined
  }

  peek(_key: K): V | undefined {
    return undefined
  }

  has(_key: K): boolean {
    return false
  }

  set(_key: K, _value: V): this {
    return this
  }

  delete(_key: K): boolean {
    return false
  }

  clear(): void {}

  *keys(): IterableIterator<K> {}

  *values(): IterableIterator<V> {}

  *entries(): IterableIterator<[K, V]> {}

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries()
  }
}
