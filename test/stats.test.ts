import { expect } from 'chai'
import { LRUCache } from 'lru-cache'
import { cached } from '../src/cached.ts'
import { lru, none } from '../src/policies/index.ts'
import { deferred, ManualClock } from '../src/testing.ts'
import { AsyncMap } from './support/async-map.ts'
import { rejection } from './support/rejection.ts'

describe('stats', () => {
  it('begins with nothing', () => {
    const get = cached(lru({ max: 5 }))(async () => 1)

    expect(get.stats()).to.deep.equal({
      hits: 0,
      misses: 0,
      staleHits: 0,
      joins: 0,
      loads: 0,
      loadFailures: 0,
      loadMs: 0,
      stores: 0,
      evictions: 0,
      expirations: 0,
      invalidations: 0,
      storeFailures: 0,
      size: 0,
      max: 5,
      hitRate: 0,
    })
  })

  it('counts every call once', async () => {
    const clock = new ManualClock()
    const gates = Array.from({ length: 8 }, () => deferred<number>())
    let loads = 0
    const get = cached(lru({ max: 2 }), { ttl: 100, clock })((_: string) => gates[loads++]!.promise)

    const together = [get('a'), get('a'), get('a')]
    clock.advance(30)
    gates[0]!.resolve(1)
    await Promise.all(together)
    await get('a')
    const failing = get('b')
    clock.advance(12)
    gates[1]!.reject(new Error('down'))
    await rejection(failing)
    gates[2]!.resolve(2)
    await get.refresh('a')
    clock.advance(100)
    gates[3]!.resolve(3)
    await get('a')

    expect(get.stats()).to.deep.include({
      misses: 4,
      joins: 2,
      hits: 1,
      loads: 4,
      loadFailures: 1,
      loadMs: 42,
      stores: 3,
      expirations: 1,
      size: 1,
      hitRate: 1 / 7,
    })
  })

  it('counts evictions, whether or not the store tells of them', async () => {
    for (const store of [lru({ max: 3 }), new LRUCache<number, object>({ max: 3 })]) {
      const get = cached(store)(async (id: number) => id)
      for (let id = 0; id < 10; id++) await get(id)
      await get.refresh(9)
      get.invalidate(8)

      expect(get.stats()).to.include({ evictions: 7, invalidations: 1, size: 2, max: 3, stores: 11 })
    }
  })

  it('counts what clear and the store itself forget as invalidations', async () => {
    const store = lru({ max: 10 })
    const get = cached(store)(async (id: number) => id)
    for (let id = 0; id < 4; id++) await get(id)

    get.clear()
    expect(get.stats()).to.include({ invalidations: 4, size: 0 })
    await get(1)
    store.delete(1)
    expect(get.stats()).to.include({ invalidations: 5 })
  })

  it('counts entries that a store of no size did not keep as what they are', async () => {
    const get = cached(none())(async (id: number) => id)

    await Promise.all([get(1), get(1), get(2)])

    expect(get.stats()).to.include({ misses: 2, joins: 1, hits: 0, size: 0 })
  })

  it('starts anew when it is reset, without losing an entry', async () => {
    const get = cached(lru({ max: 2 }))(async (id: number) => id)
    for (let id = 0; id < 5; id++) await get(id)

    get.resetStats()

    expect(get.stats()).to.include({ misses: 0, evictions: 0, size: 2 })
    await get(9)
    expect(get.stats()).to.include({ misses: 1, evictions: 1 })
  })

  it('counts no store that has failed', async () => {
    const down = (): never => {
      throw new Error('down')
    }
    for (const set of [down, async () => down()]) {
      const store = { get: () => (set === down ? undefined : Promise.resolve()), set, delete: () => false }
      const get = cached<any, number, [number]>(store as any, { onError: () => {} })(async (id: number) => id)
      await get(1)
      await new Promise((resolve) => setImmediate(resolve))

      expect(get.stats()).to.include({ misses: 1, loads: 1, stores: 0, storeFailures: 1 })
    }
  })

  it('gives no size where an async store does not tell', async () => {
    const get = cached(new AsyncMap())(async (id: number) => id)
    await get(1)

    expect(get.stats()).to.include({ size: undefined, max: undefined, stores: 1 })
  })
})
