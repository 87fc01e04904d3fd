import { expect } from 'chai'
import { expectTypeOf } from 'expect-type'
import { Keyv } from 'keyv'

import { batched } from '../../src/batched.ts'
import {
  Cache,
  cached,
  cachedSync,
  controlsOf,
  invalidates,
  lru,
  none,
  Tags,
  tiered,
  type Tier,
  type Tiered,
} from '../../src/index.ts'
import { ManualClock } from '../../src/testing.ts'
import { MemoryBackend } from '../support/memory-tier.ts'
import { turns } from './process.ts'

describe('tiered', () => {
  const backendOf = (): MemoryBackend => new MemoryBackend(new ManualClock(1_000))

  it('stands behind any policy, also one that keeps nothing', async () => {
    const backend = backendOf()
    let loads = 0
    const get = cached(tiered(none<string>(), backend.open()), { name: 'n' })(async (id: string) => `${id} ${++loads}`)

    expect(await get('a')).to.equal('a 1')
    await turns()
    expect(await get('a')).to.equal('a 1')
    expect(get.stats()).to.include({ hits: 1, misses: 1, size: 0, max: 0 })
    await get.close()
  })

  it('works under batched: each key is loaded once in all processes', async () => {
    const backend = backendOf()
    const batches: string[][] = []
    const make = () =>
      batched(tiered(lru<string>({ max: 9 }), backend.open()), { name: 'many' })(async (ids: readonly string[]) => {
        batches.push([...ids])
        return ids.map((id) => `value of ${id}`)
      })
    const one = make()
    const two = make()
    await turns()

    expect(await one.many(['a', 'b', 'a'])).to.deep.equal(['value of a', 'value of b', 'value of a'])
    await turns()
    expect(await two.many(['b', 'c'])).to.deep.equal(['value of b', 'value of c'])
    expect(batches).to.deep.equal([['a', 'b'], ['c']])
    await Promise.all([one.close(), two.close()])
  })

  it('works under Cache', async () => {
    const backend = backendOf()
    const one = new Cache<string, string>(tiered(new Map(), backend.open()), { name: 'pages' })
    const two = new Cache<string, string>(tiered(new Map(), backend.open()), { name: 'pages' })
    await turns()

    await one.set('a', 'set')
    expect(await two.get('a', () => 'loaded')).to.equal('set')
    expect(await one.delete('a')).to.equal(true)
    expect(await two.get('a', () => 'loaded')).to.equal('loaded')
    await Promise.all([one.close(), two.close()])
  })

  it('tells all processes of a mutation before it returns', async () => {
    const backend = backendOf()
    let row = 'old'
    const make = () => cached(tiered(new Map(), backend.open()), { name: 'row' })(async (_: string) => row)
    const one = make()
    const two = make()
    await turns()
    await one('a')
    await two('a')
    const save = invalidates(one, (id: string) => [id])(async (_: string, value: string) => {
      row = value
    })
    const tagged = new Tags()
    const saveTags = invalidates(tagged, () => ['x'])(async () => 'done')

    await save('a', 'new')

    expect(await two('a')).to.equal('new')
    expect(await one('a')).to.equal('new')
    expect(await saveTags()).to.equal('done')
    await Promise.all([one.close(), two.close()])
  })

  it('keeps what a session has apart, and forgets it with the session in all tiers', async () => {
    const backend = backendOf()
    let loads = 0
    const one = cached(tiered(new Map(), backend.open()), { name: 'cart' })(async (_: string) => ++loads)
    await turns()

    const session = one.scope('ann')
    expect([await session('a'), await one('a')]).to.deep.equal([1, 2])
    await turns()
    await session.close()

    expect(await one.scope('ann')('a')).to.equal(3)
    expect(await one('a')).to.equal(2)
    await one.close()
  })

  it('lets the methods of all instances share one space', async () => {
    const backend = backendOf()
    const store = tiered(new Map(), backend.open())
    let loads = 0
    class Users {
      @cached(store, { name: 'find', shareKeys: true })
      async find(id: string): Promise<string> {
        return `${id} ${++loads}`
      }
      @cached(store, { name: 'own' })
      async own(id: string): Promise<string> {
        return id
      }
    }
    const one = new Users()
    const two = new Users()

    expect(await one.find('a')).to.equal('a 1')
    expect(await two.find('a')).to.equal('a 1')
    expect(await controlsOf(two.find).invalidate('a')).to.equal(true)
    expect(await one.find('a')).to.equal('a 2')
    expect(() => one.own).to.throw(TypeError, 'shareKeys must be true for a method whose store has a tier')
    await Promise.all([controlsOf(one.find).close(), controlsOf(two.find).close()])
  })

  it('gives l1, l2, size and max, and what is done to it directly concerns l1 alone', async () => {
    const l1 = lru<string>({ max: 5 })
    const l2 = backendOf().open()
    const store = tiered(l1, l2)

    await store.set('a', 1)

    expect([store.l1, store.l2, store.size, store.max]).to.deep.equal([l1, l2, 1, 5])
    expect(await store.get('a')).to.equal(1)
    expect(await store.delete('a')).to.equal(true)
    expect(l1.size).to.equal(0)
    expect(l2.asked).to.deep.equal([])
  })

  it('refuses what it cannot be made of', () => {
    const tier = backendOf().open()
    const map = new Map()
    const refused = (...args: unknown[]) => expect(() => tiered(...(args as [never, never, never])))

    refused({}, tier).to.throw(TypeError, 'store.get must be a function')
    refused(new Keyv(), tier).to.throw(TypeError, 'l1 must be a store that answers at once, but got: an object')
    refused(map, {}).to.throw(TypeError, 'l2 must be a tier, such as redisTier or lmdbTier makes, but got: an object')
    refused(map, tier, { ttl: 1 }).to.throw(TypeError, 'an option of tiered must be one of')
    refused(map, tier, { l2Timeout: -1 }).to.throw(RangeError, 'l2Timeout must be a finite number of milliseconds')
    refused(map, tier, { leaseWait: 2 ** 31 }).to.throw(RangeError, 'leaseWait must be at most 2147483647')
    refused(map, tier, { leaseWait: Infinity }).to.throw(RangeError, 'leaseWait must be a finite number')
    refused(map, tier, { blindTtl: NaN }).to.throw(RangeError, 'blindTtl must be')
    refused(map, tier, { circuit: { failures: 0 } }).to.throw(RangeError, 'circuit.failures must be a positive integer')
    refused(map, tier, { circuit: { pause: 'x' } }).to.throw(TypeError, 'circuit.pause must be')
    refused(map, tier, { circuit: { delay: 1 } }).to.throw(TypeError, 'an option of circuit must be one of')
    refused(map, tier, { codec: {} }).to.throw(TypeError, 'codec must be an object with encode(value)')
    refused(map, tier, { maxEntryBytes: 0 }).to.throw(RangeError, 'maxEntryBytes must be a positive integer')
  })

  it('refuses a function without a name, one that returns at once, and one that shares keys but not the tier', () => {
    const map = new Map()
    const store = tiered(map, backendOf().open())
    const load = async (id: string): Promise<string> => id

    expect(() => cached(store)(load)).to.throw(TypeError, 'name must be given to a function that has a tier')
    expect(() => cachedSync(store as never, { name: 'n' })).to.throw(
      TypeError,
      'store must be one that answers at once',
    )
    cached(map, { name: 'n', shareKeys: true })(load)
    expect(() => cached(store, { name: 'n', shareKeys: true })(load)).to.throw(
      TypeError,
      'store must be the same, with the same tier, for all functions that share their keys',
    )
  })

  it('has types that say that controls give promises', () => {
    const check = (tier: Tier): void => {
      const store = tiered(lru<string>({ max: 1 }), tier, { l2Timeout: 10 })
      expectTypeOf(store.l1.max).toEqualTypeOf<number>()
      expectTypeOf(store).toExtend<Tiered>()
      const get = cached(store, { name: 'n' })(async (id: string) => id.length)
      expectTypeOf(get).toBeCallableWith('a')
      expectTypeOf(get('a')).toEqualTypeOf<Promise<number>>()
      expectTypeOf(get.invalidate('a')).toEqualTypeOf<Promise<boolean>>()
      expectTypeOf(get.peek('a')).toEqualTypeOf<Promise<number | undefined>>()
      expectTypeOf(get.clear()).toEqualTypeOf<Promise<void>>()
      // @ts-expect-error The first tier is given strings.
      tiered(new Map<number, unknown>(), tier)
      // @ts-expect-error There is no such option.
      tiered(new Map(), tier, { ttl: 1 })
    }
    expect(check).to.be.a('function')
  })
})
