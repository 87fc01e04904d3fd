import { expect } from 'chai'
import fc from 'fast-check'
import Keyv from 'keyv'
import { LRUCache } from 'lru-cache'
import QuickLRU from 'quick-lru'
import { Cache } from '../src/cache.ts'
import { cached } from '../src/cached.ts'
import { cachedSync } from '../src/cached-sync.ts'
import { storeKeyText, spaceText } from '../src/store-key.ts'
import { lru, lfu } from '../src/policies/index.ts'
import { deferred, ManualClock } from '../src/testing.ts'
import { AsyncMap } from './support/async-map.ts'

const stores: Record<string, () => any> = {
  'a Map': () => new Map(),
  'lru-cache': () => new LRUCache({ max: 100 }),
  'quick-lru': () => new QuickLRU({ maxSize: 100 }),
  'the policy lru': () => lru({ max: 100 }),
  'the policy lfu': () => lfu({ max: 100 }),
  'an async Map': () => new AsyncMap(),
  Keyv: () => new Keyv(),
}

for (const [kind, create] of Object.entries(stores)) {
  describe(`functions that share ${kind}`, () => {
    it('never meet, whatever their keys are', async () => {
      const store = create()
      const object = {}
      const symbol = Symbol('key')
      const keys = [
        'a',
        'a:b',
        '',
        '1',
        1,
        1n,
        true,
        'true',
        null,
        'null',
        undefined,
        object,
        {},
        symbol,
        Symbol.for('key'),
      ]
      const first = cached(store, (key: unknown) => key, { name: 'a' })(async (key: unknown) => ({
        of: 'first',
        at: keys.indexOf(key),
      }))
      const second = cached(store, (key: unknown) => key, { name: 'a:b' })(async (key: unknown) => ({
        of: 'second',
        at: keys.indexOf(key),
      }))

      for (let round = 0; round < 2; round++) {
        for (const [at, key] of keys.entries()) {
          expect(await first(key)).to.deep.equal({ of: 'first', at })
          expect(await second(key)).to.deep.equal({ of: 'second', at })
        }
      }

      expect(first.stats()).to.include({ misses: keys.length, hits: keys.length })
      expect(second.stats()).to.include({ misses: keys.length, hits: keys.length })
    })

    it('are cleared and invalidated one by one', async () => {
      const store = create()
      const first = cached(store, (id: number) => id, { name: 'first' })(async (id: number) => id)
      const second = cached(store, (id: number) => id, { name: 'second' })(async (id: number) => -id)
      await Promise.all([first(1), first(2), second(1), second(2)])

      expect(await first.invalidate(1)).to.equal(true)
      expect(await second.has(1)).to.equal(true)
      await first.clear()

      expect([await first.has(1), await first.has(2)]).to.deep.equal([false, false])
      expect([await second.has(1), await second.has(2)]).to.deep.equal([true, true])
      expect(await first(2)).to.equal(2)
      expect(await first.has(2)).to.equal(true)
    })

    it('must have different names', () => {
      const store = create()
      cached(store, { name: 'one' })(async () => 1)

      expect(() => cached(store, { name: 'one' })(async () => 2)).to.throw(
        TypeError,
        'name must be different for each function on one store (or all must say shareKeys: true), but got: "one"',
      )
      expect(() => cached(store)(async () => 2)).to.throw(TypeError, 'name must be given to each of several functions')
      expect(() => cachedSync(store)(() => 2)).to.throw(TypeError, 'name')
      expect(() => new Cache(store)).to.throw(TypeError, 'name')
      expect(() => cached(store, { name: 'one', shareKeys: true })(async () => 2)).to.throw(TypeError, 'shareKeys')
    })

    it('share entries, loads and invalidations if they say so', async () => {
      const store = create()
      const options = { name: 'both', shareKeys: true }
      const gate = deferred<string>()
      const first = cached(store, options)((_: string) => gate.promise)
      const second = cached(store, options)(async (_: string) => 'second')

      const waiting = [first('a'), second('a')]
      await null
      await second.invalidate('a')
      gate.resolve('first')

      expect(await Promise.all(waiting)).to.deep.equal(['first', 'first'])
      expect(await second('a')).to.equal('second')
      expect(await first('a')).to.equal('second')
    })
  })
}

describe('a shared store', () => {
  it('counts each call for the function that was called, also while an asynchronous store is read', async () => {
    const store = new AsyncMap<string, unknown>()
    const clock = new ManualClock()
    const options = { name: 'shared', shareKeys: true, ttl: 10, staleWhileRevalidate: 10, clock }
    const load = async (_: string) => 'value'
    const [first, second] = [cached(store, options)(load), cached(store, options)(load)]
    const callAll = () => Promise.all([first('a'), second('a'), second('a')])

    await callAll()
    await new Promise((resolve) => setImmediate(resolve))
    await callAll()
    clock.advance(10)
    await callAll()

    expect(first.stats()).to.include({ misses: 1, joins: 0, hits: 1, staleHits: 1 })
    expect(second.stats()).to.include({ misses: 0, joins: 2, hits: 2, staleHits: 2 })
  })

  it('refuses a second function without a name, and a name beside one without', () => {
    const store = new Map()
    cached(store)(async () => 1)

    expect(() => cached(store)(async () => 2)).to.throw(TypeError, 'name')
    expect(() => cached(store, { name: 'named' })(async () => 2)).to.throw(TypeError, 'made before has none')
    expect(() => cached(store, { shareKeys: true })(async () => 2)).to.throw(TypeError, 'shareKeys')
  })

  it('refuses to share keys under different clocks', () => {
    const store = new Map()
    cached(store, { name: 'n', shareKeys: true })(async () => 1)

    expect(() => cached(store, { name: 'n', shareKeys: true, clock: new ManualClock() })(async () => 1)).to.throw(
      'clock must be the same for all functions that share their keys',
    )
  })

  it('gives a name free when its function is closed', async () => {
    const store = new Map()
    const first = cached(store)(async () => 1)
    await first.close()

    expect(() => cached(store)(async () => 2)).not.to.throw()
  })

  it('lets its functions compete for room under one policy', async () => {
    const store = lru({ max: 4 })
    const first = cached(store, { name: 'first' })(async (id: number) => id)
    const second = cached(store, { name: 'second' })(async (id: number) => id)
    for (const id of [1, 2]) await first(id)
    for (const id of [1, 2, 3]) await second(id)

    expect(first.stats()).to.include({ size: 1, evictions: 1, max: 4 })
    expect(second.stats()).to.include({ size: 3, evictions: 0 })
    expect(store.size).to.equal(4)
  })

  it('counts what each function has where the store drops entries without a word', async () => {
    const store = new LRUCache<any, any>({ max: 300 })
    const first = cached(store, { name: 'first' })(async (id: number) => id)
    const second = cached(store, { name: 'second' })(async (id: number) => id)
    for (let id = 0; id < 1000; id++) await first(id)
    for (let id = 0; id < 100; id++) await second(id)

    expect(first.stats()).to.include({ size: 200, evictions: 800 })
    expect(second.stats()).to.include({ size: 100, evictions: 0 })
    first.clear()
    expect(first.stats()).to.include({ size: 0, evictions: 800, invalidations: 200 })
    expect(store.size).to.equal(100)
  })

  it('clears one of many functions without a look at the others', async () => {
    const store = new Map()
    const functions = Array.from({ length: 500 }, (_, index) =>
      cached(store, { name: `f${index}` })(async (id: number) => id),
    )
    for (const get of functions) for (let id = 0; id < 4; id++) await get(id)
    let touched = 0
    const { delete: remove } = store
    store.delete = (key) => {
      touched++
      return remove.call(store, key)
    }

    functions[7]!.clear()

    expect(touched).to.equal(4)
    expect(store.size).to.equal(499 * 4)
  })

  it('knows what a listener puts in again while its key is taken out', async () => {
    const store = lru<string, string>({
      max: 10,
      onRemoval: (_key, value, cause) => {
        if (cause === 'invalidated' && value === 'old') get.set(['a'], 'new')
      },
    })
    const get = cached(store, { name: 'one' })(async (_id: string) => 'old')

    await get('a')
    expect(get.invalidate('a')).to.equal(true)
    expect(get.peek('a')).to.equal('new')
    expect(get.invalidateWhere(() => true)).to.equal(1)
    expect(get.has('a')).to.equal(false)
    get.set(['a'], 'newer')
    get.clear()
    expect(store.size).to.equal(0)
  })

  it('remembers a clear beyond the life of a process where the store outlives it', async () => {
    const store = new AsyncMap<string, unknown>()
    const before = cached(store, { name: 'users' })(async (id: string) => `${id} of before`)
    const other = cached(store, { name: 'others' })(async (id: string) => `${id} of another`)
    await before('a')
    await other('a')
    await before.clear()
    await before('b')
    await Promise.all([before.close(), other.close()])

    const after = cached(store, { name: 'users' })(async (id: string) => `${id} of after`)
    const otherAfter = cached(store, { name: 'others' })(async (id: string) => `${id} anew`)

    expect(await after('a')).to.equal('a of after')
    expect(await after('b')).to.equal('b of before')
    expect(await otherAfter('a')).to.equal('a of another')
  })

  it('writes different keys of different names differently', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('\u0091', '\u0091n1', ':', '%3A', '%'),
    )
    const anyKey = fc.oneof(anything, fc.double(), fc.bigInt(), fc.boolean(), fc.constantFrom(null, undefined, 0, -0))
    fc.assert(
      fc.property(anything, anyKey, anything, anyKey, (name1, key1, name2, key2) => {
        const same = name1 === name2 && new Set([key1, key2]).size === 1
        expect(storeKeyText(spaceText(name1), key1) === storeKeyText(spaceText(name2), key2)).to.equal(same)
      }),
      { numRuns: 5000 },
    )
  })
})
