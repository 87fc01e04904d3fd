import { callable } from './check.ts'
import { answerOf, checkedCallOptions, checkedWait, optionsWith, type CloseOptions } from './controls.ts'
import type { Stats } from './counters.ts'
import { dump, restore, type DumpedEntry, type Restored } from './dump.ts'
import { checkEngineOptions, checkStore, type EngineOptions } from './engine-options.ts'
import type { CallOptions } from './callers.ts'
import { Engine } from './engine.ts'
import type { Answer, StoreOf } from './store-types.ts'
import { warm, type Warmed, type WarmOptions } from './warm.ts'

/** The options of a {@link Cache}: those of `cached` but the key function. Their functions are given value and key. */
export interface CacheOptions<K, V> extends Omit<EngineOptions<V, [key: K]>, 'debugKeys'> {}

const callOptionNames = ['signal', 'ttl', 'fresh']

/**
 * A cache by key, for use without a function: what `cached` does, asked with a key and a load.
 *
 * @example
 * const pages = new Cache<string, Page>(lru({ max: 500 }), { ttl: 60_000 })
 * const page = await pages.get(url, fetchPage)
 */
export class Cache<K = any, V = any, S extends StoreOf<K> = StoreOf<K>> {
  readonly store: S
  readonly #engine: Engine<V, [key: K]>

  /**
   * @param store decides what to keep: a policy, a Map, any store of that form, synchronous or not
   * @throws `TypeError` or `RangeError` for options that are wrong or contradict each other
   */
  constructor(store: S, options: CacheOptions<K, V> = {}) {
    const checked = checkStore(store)
    checkEngineOptions('Cache', options, [], ['debugKeys'])
    this.store = store
    this.#engine = new Engine(checked, options)
  }

  /** Gives what is kept for the key, or what `load` gives for it. Calls that come while it runs share one load. */
  get(key: K, load: (key: K) => V | PromiseLike<V>, options?: CallOptions<V, [key: K]>): Promise<V> {
    try {
      callable('load', load)
      if (options !== undefined) checkedCallOptions('get', options, callOptionNames)
    } catch (error) {
      return Promise.reject(error)
    }
    if (options?.signal?.aborted === true) return Promise.reject(options.signal.reason as Error)
    const entry = options?.fresh === true ? undefined : this.#engine.hitPath.find(key)
    return entry === undefined ? this.#engine.miss(key, load, undefined, [key], options) : entry.settled()
  }

  /**
   * Loads many ahead of use: gets each of these keys, a few at a time. A load that fails does not stop it. Each counts
   * as a `get` does.
   */
  async warm(
    keys: Iterable<K> | AsyncIterable<K>,
    load: (key: K) => V | PromiseLike<V>,
    options?: WarmOptions,
  ): Promise<Warmed<[key: K]>> {
    callable('load', load)
    return warm<K, [key: K]>(keys, options, {
      args: (key) => [key],
      isClosed: () => this.#engine.room.closed,
      call: ([key], signal, begun) =>
        this.get(
          key,
          (it) => {
            begun()
            return load(it)
          },
          optionsWith(signal),
        ),
    })
  }

  /** Puts a value in. It wins over every load that began earlier. */
  set(key: K, value: V): Answer<S, void> {
    return answerOf(this.#engine.room, () => this.#engine.room.set(key, [key], value)) as Answer<S, void>
  }

  /** Forgets the key and says whether it was there. A load that is running may no longer write. */
  delete(key: K): Answer<S, boolean> {
    return answerOf(this.#engine.room, () => this.#engine.room.invalidate(key)) as Answer<S, boolean>
  }

  /** Makes the key's entry stale and says whether it was there. A load that is running may no longer write. */
  expire(key: K): Answer<S, boolean> {
    return answerOf(this.#engine.room, () => this.#engine.room.expire(key)) as Answer<S, boolean>
  }

  /** Whether `get` would be a hit. Counts nothing, and changes no order in a store that has `peek`. */
  has(key: K): Answer<S, boolean> {
    return answerOf(this.#engine.room, () => this.#engine.room.has(key)) as Answer<S, boolean>
  }

  /** The value that a hit would give, or `undefined`. Counts nothing, as `has`. */
  peek(key: K): Answer<S, V | undefined> {
    return answerOf(this.#engine.room, () => this.#engine.room.peek(key)) as Answer<S, V | undefined>
  }

  /** Forgets all entries of this cache. Loads that are running may no longer write. */
  clear(): Answer<S, void> {
    return answerOf(this.#engine.room, () => this.#engine.room.clear()) as Answer<S, void>
  }

  /** Its entries that are of use, as plain records for {@link restore}: as the control `dump` of a cached function. */
  dump(): AsyncIterable<DumpedEntry<V, K>> {
    return dump(this.#engine.room) as AsyncIterable<DumpedEntry<V, K>>
  }

  /** Puts dumped records in, as the control `restore` of a cached function. */
  restore(records: Iterable<DumpedEntry<V, K>> | AsyncIterable<DumpedEntry<V, K>>): Promise<Restored> {
    return restore(this.#engine.room, records)
  }

  /** What has happened since the beginning or the last `resetStats`. */
  stats(): Stats {
    return this.#engine.room.stats()
  }

  /** Sets all counts to 0. */
  resetStats(): void {
    this.#engine.room.resetStats()
  }

  /** Ends it, once: every later call is refused with a `ClosedError`. The store is left as it is. */
  close(options?: CloseOptions): Promise<void> {
    return this.#engine.close(checkedWait(options))
  }

  /** Ends it as `close()` does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#engine.close(true)
  }
}
