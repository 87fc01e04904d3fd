import { TTLCache } from '@isaacs/ttlcache'
import { Keyv } from 'keyv'
import { LRUCache } from 'lru-cache'
import QuickLRU from 'quick-lru'
import { seededRandom } from '../../src/random.ts'
import { describeStore } from '../../src/testing.ts'
import type { AsyncStore } from '../../src/types.ts'

/** A `Map` behind a network that answers late, though in order. */
class SlowMap implements AsyncStore<string, unknown> {
  readonly #map = new Map<string, unknown>()
  readonly #random = seededRandom(7)

  async #late<T>(work: () => T): Promise<T> {
    for (let turns = Math.floor(this.#random() * 4); turns > 0; turns--) await new Promise(setImmediate)
    return work()
  }

  get(key: string): Promise<unknown> {
    return this.#late(() => this.#map.get(key))
  }

  set(key: string, value: unknown): Promise<unknown> {
    return this.#late(() => this.#map.set(key, value))
  }

  delete(key: string): Promise<boolean> {
    return this.#late(() => this.#map.delete(key))
  }

  clear(): Promise<void> {
    return this.#late(() => this.#map.clear())
  }

  async *keys(): AsyncIterable<string> {
    for (const key of this.#map.keys()) yield await this.#late(() => key)
  }
}

describe('stores of others, as they are', () => {
  describeStore({ describe, it }, 'Map', () => new Map())
  describeStore({ describe, it }, 'lru-cache', () => new LRUCache<any, any>({ max: 16 }), { keys: 'strings' })
  describeStore({ describe, it }, '@isaacs/ttlcache', () => new TTLCache({ ttl: 60_000 }), { keys: 'strings' })
  describeStore({ describe, it }, 'quick-lru', () => new QuickLRU({ maxSize: 16 }))
  describeStore({ describe, it }, 'a slow asynchronous Map', () => new SlowMap())
  describeStore({ describe, it }, 'Keyv', () => new Keyv())
})
