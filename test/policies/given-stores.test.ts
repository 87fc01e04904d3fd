import { TTLCache } from '@isaacs/ttlcache'
import { Keyv } from 'keyv'
import { expect } from 'chai'
import { LRUCache } from 'lru-cache'
import QuickLRU from 'quick-lru'
import { cached } from '../../src/cached.ts'
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
  describeStore({ describe, it }, '@isaacs/ttlcache', () => new TTLCache({ ttl: 3_600_000 }), { keys: 'strings' })
  describeStore({ describe, it }, 'quick-lru', () => new QuickLRU({ maxSize: 16 }))
  describeStore({ describe, it }, 'a slow asynchronous Map', () => new SlowMap())
  describeStore({ describe, it }, 'Keyv', () => new Keyv())

  for (const options of [{ max: 2 }, { max: 2, ttl: Infinity }, { max: 2, ttl: 3_600_000 }]) {
    it(`@isaacs/ttlcache with ${JSON.stringify(options)} keeps entries, and drops the oldest when it is full`, async () => {
      const store = new TTLCache<number, object>(options)
      let loads = 0
      const get = cached<any, number, [number]>(store, { ttl: 1_000 })(async (id: number) => id + loads++ * 10)

      for (const id of [1, 2, 1, 3, 2, 3]) await get(id)

      expect(loads).to.equal(3)
      expect([get.has(1), get.has(2), get.has(3)]).to.deep.equal([false, true, true])
      expect(get.stats()).to.include({ stores: 3, storeFailures: 0, evictions: 1, size: 2 })
    })
  }

  it('Keyv keeps results that JSON does not know: those that are falsy, and others that are numbers', async () => {
    for (const value of [undefined, null, false, 0, '', 0n, Number.NaN, Infinity, -Infinity, -12n]) {
      let loads = 0
      const get = cached<any, unknown, [string]>(new Keyv())(async (_: string) => {
        loads++
        return value
      })
      await get('a')
      await new Promise((resolve) => setImmediate(resolve))

      expect(await get('a')).to.deep.equal(value)
      expect(loads).to.equal(1)
    }
  })
})
