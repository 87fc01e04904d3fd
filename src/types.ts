/**
 * A Map-like place for entries: the policy that decides what to keep.
 *
 * `new Map()`, `new LRUCache()`, `new TTLCache()`, quick-lru and every policy of this library are stores as they are.
 * The methods marked optional are used when they are there.
 */
export interface Store<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): unknown
  /** Removes the key and says whether it was there. The engine gives the cause; a store may report it. */
  delete(key: K, cause?: RemovalCause): boolean
  has?(key: K): boolean
  /** Looks without counting as use. */
  peek?(key: K): V | undefined
  clear?(): void
  keys?(): Iterable<K>
  readonly size?: number
  /** `true` where every entry that leaves is told of it, as the policies of this library do: then nothing is recounted. */
  readonly tellsRemovals?: boolean
}

/**
 * A {@link Store} whose methods return promises: a database, a remote cache, a Keyv instance.
 *
 * The engine gives it plain records that survive serialization, and string keys: a string as it is, any other key as
 * one unambiguous string. The third argument of `set` is the number of milliseconds after which the record will never
 * be asked for again, or `undefined` when it has no end.
 */
export interface AsyncStore<K, V> {
  get(key: K): Promise<V | undefined>
  set(key: K, value: V, ttl?: number): Promise<unknown>
  delete(key: K): Promise<boolean>
  has?(key: K): Promise<boolean>
  peek?(key: K): Promise<V | undefined>
  clear?(): Promise<void>
  keys?(): AsyncIterable<K>
  /** In the place of `keys`: gives keys with their values, as a Keyv does. */
  iterator?: ((namespace: any) => AsyncIterable<any>) | undefined
  readonly size?: number
}

/** Why an entry left its store. */
export type RemovalCause = 'evicted' | 'expired' | 'invalidated' | 'replaced'

/** Told of each entry that leaves a store; `value` is the cached value. */
export type RemovalListener<K, V> = (key: K, value: V, cause: RemovalCause) => void

/** Gives the weight of a cached value: a positive integer, in whatever unit `maxWeight` is. */
export type Weigher<K, V> = (value: V, key: K) => number

/** A source of time in milliseconds. It must never go back. */
export interface Clock {
  now(): number
}

/** Gives a number in [0, 1), as `Math.random` does. */
export type Random = () => number

/** What every policy of this library is: a synchronous, iterable store that says how full it is. */
export interface Policy<K, V> extends Store<K, V>, Iterable<[K, V]> {
  set(key: K, value: V): this
  has(key: K): boolean
  peek(key: K): V | undefined
  clear(): void
  keys(): IterableIterator<K>
  values(): IterableIterator<V>
  entries(): IterableIterator<[K, V]>
  readonly size: number
  /** The most entries that are kept; `Infinity` when only the weight, or nothing, is bounded. */
  readonly max: number
  /** The sum of the weights of all entries; 0 for each when there is no weigher. */
  readonly weight: number
  /** The most weight that is kept; `Infinity` when the weight is not bounded. */
  readonly maxWeight: number
  readonly tellsRemovals: true
}

/** A policy that knows which entries it would keep longest. */
export interface OrderedPolicy<K, V> extends Policy<K, V> {
  /** Up to `n` entries, the one that would leave last first. Does not count as use. */
  hottest(n: number): [K, V][]
  /** Up to `n` entries, the one that would leave next first. Does not count as use. */
  coldest(n: number): [K, V][]
}
