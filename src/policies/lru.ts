import { LRUCache } from 'lru-cache/raw'
import { outOfRange } from '../check.ts'
import type { OrderedPolicy, RemovalCause, RemovalListener } from '../types.ts'
import { type BoundOptions, type Bounds, boundsOf, howMany } from './bounds.ts'
import { Removals } from './removals.ts'

/** The room of an {@link lru}: `max`, or `maxWeight` with `weigher`, or both. */
export interface LruOptions<K, V> extends BoundOptions<K, V> {}

/** The most keys that a `Map` of the engine can turn over: beyond it, deleting and adding ends in a `RangeError`. */
const mostKeys = 2 ** 23

/**
 * Makes a store that keeps what was used last: the least recently used entry leaves first.
 *
 * Use it where what was asked for lately will be asked for again. It fails on loops and scans longer than the store:
 * each key leaves just before its turn comes, and one pass over many keys empties it of everything of use. A `get` and a
 * `set` count as use; `peek` and `has` do not.
 *
 * The work is done by lru-cache, which makes room for `max` entries when it is made: about 24 bytes for each.
 * Every operation is O(1); `clear` is O(max).
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, when there is neither `max` nor `maxWeight`, or
 *   when `max` is more than the 8,388,608 keys that a `Map` can turn over
 * @example
 * const pages = lru<string, string>({ maxWeight: 50_000_000, weigher: (html) => html.length + 1 })
 */
export function lru<K = any, V = any>(options: LruOptions<K, V>): Lru<K, V> {
  const bounds = boundsOf('lru', options)
  if (bounds.max !== Infinity && bounds.max > mostKeys) {
    throw outOfRange('max', `at most ${mostKeys}`, bounds.max)
  }
  return new Lru<K, V>(bounds, options.onRemoval)
}

/** What lru-cache is given in the place of `undefined`, which it can hold neither as a key nor as a value. */
const undefinedStandIn: symbol = Symbol('undefined')

/** A key or a value as the engine holds it. */
function innerOf(outer: unknown): unknown {
  return outer === undefined ? undefinedStandIn : outer
}

/** A key or a value of the engine as its user knows it. */
function outerOf<T>(inner: unknown): T {
  return (inner === undefinedStandIn ? undefined : inner) as T
}

/** A bound as the engine knows it, where 0 is none. Where a policy keeps nothing, nothing is ever put in. */
function boundOf(most: number): number {
  return most === Infinity ? 0 : most
}

/** The store that {@link lru} makes. */
export class Lru<K, V> implements OrderedPolicy<K, V> {
  readonly tellsRemovals: true = true
  readonly max: number
  readonly maxWeight: number
  readonly #bounds: Bounds<K, V>
  readonly #removals: Removals<K, V>
  readonly #engine: LRUCache<any, any>
  readonly #weighs: boolean
  readonly #keepsNothing: boolean
  /** Why an entry leaves that is not overwritten; `undefined` while an entry only leaves to be put back. */
  #cause: RemovalCause | undefined = 'evicted'

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined) {
    this.max = bounds.max
    this.maxWeight = bounds.maxWeight
    this.#bounds = bounds
    this.#removals = new Removals(onRemoval)
    this.#weighs = bounds.maxWeight !== Infinity
    this.#keepsNothing = bounds.max === 0 || bounds.maxWeight === 0
    // The engine calls `dispose` in the midst of its work, where it is cheapest; the listeners are told afterwards.
    const dispose = (value: unknown, key: unknown, reason: string): void => {
      const cause = reason === 'set' ? 'replaced' : this.#cause
      if (cause !== undefined) this.#removals.add(outerOf(key), outerOf(value), cause)
    }
    this.#engine = new LRUCache<any, any>({
      max: this.#keepsNothing ? 1 : boundOf(bounds.max),
      maxSize: boundOf(bounds.maxWeight),
      dispose,
    })
  }

  get size(): number {
    return this.#engine.size
  }

  get weight(): number {
    return this.#engine.calculatedSize
  }

  get(key: K): V | undefined {
    // The hit path of most caches: what the stand-ins are for is only looked into where the answer may be one.
    const inner: V | symbol | undefined = this.#engine.get(key)
    return inner === undefined || typeof inner === 'symbol' ? this.#getRare(key, inner) : inner
  }

  #getRare(key: K, inner: V | symbol | undefined): V | undefined {
    return outerOf(key === undefined ? this.#engine.get(undefinedStandIn) : inner)
  }

  peek(key: K): V | undefined {
    return outerOf(this.#engine.peek(innerOf(key)))
  }

  has(key: K): boolean {
    return this.#engine.has(innerOf(key))
  }

  set(key: K, value: V): this {
    // As in a Map, -0 is 0.
    const inner = key === 0 ? 0 : innerOf(key)
    const stored = innerOf(value)
    if (this.#weighs) this.#setWeighed(inner, stored, this.#bounds.weigh(value, key))
    else if (!this.#keepsNothing) this.#engine.set(inner, stored)
    this.#removals.tell()
    return this
  }

  #setWeighed(key: unknown, stored: unknown, weight: number): void {
    if (weight > this.maxWeight || this.#keepsNothing) {
      this.#remove(key, 'replaced')
      return
    }
    // The engine keeps the old weight of a value that is set again, so the entry leaves for a moment.
    if (this.#engine.peek(key) === stored) this.#remove(key, undefined)
    this.#engine.set(key, stored, { size: weight })
  }

  delete(key: K, cause: RemovalCause = 'invalidated'): boolean {
    const removed = this.#remove(innerOf(key), cause)
    this.#removals.tell()
    return removed
  }

  /** Removes an engine's key. The engine deletes its only entry at a cost of O(max), but pops it in O(1). */
  #remove(key: unknown, cause: RemovalCause | undefined): boolean {
    if (!this.#engine.has(key)) return false
    this.#cause = cause
    if (this.#engine.size === 1) this.#engine.pop()
    else this.#engine.delete(key)
    this.#cause = 'evicted'
    return true
  }

  clear(): void {
    this.#cause = 'invalidated'
    this.#engine.clear()
    this.#cause = 'evicted'
    this.#removals.tell()
  }

  hottest(n: number): [K, V][] {
    return this.#take(n, this.#engine.keys())
  }

  coldest(n: number): [K, V][] {
    return this.#take(n, this.#engine.rkeys())
  }

  #take(n: number, keys: Iterable<unknown>): [K, V][] {
    const taken: [K, V][] = []
    const wanted = howMany(n)
    for (const key of keys) {
      if (taken.length >= wanted) break
      taken.push(this.#entry(key))
    }
    return taken
  }

  #entry(inner: unknown): [K, V] {
    return [outerOf(inner), outerOf(this.#engine.peek(inner))]
  }

  *keys(): IterableIterator<K> {
    for (const [key] of this) yield key
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this) yield value
  }

  /** What is here when iteration begins, coldest first, without what has gone when its turn comes. */
  *entries(): IterableIterator<[K, V]> {
    for (const key of [...this.#engine.rkeys()]) if (this.#engine.has(key)) yield this.#entry(key)
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries()
  }
}
