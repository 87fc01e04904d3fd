import { expect } from 'chai'
import Keyv from 'keyv'
import { LRUCache } from 'lru-cache'

import { batched } from '../src/batched.ts'
import {
  Cache,
  cached,
  cachedSync,
  clock as clockPolicy,
  fifo,
  identityKey,
  invalidates,
  lfu,
  lru,
  mru,
  none,
  sieve,
  slru,
  Tags,
  tiered,
  type DumpedEntry,
  type EngineOptions,
  type Restored,
} from '../src/index.ts'
import { deferred, ManualClock } from '../src/testing.ts'
import { AsyncMap } from './support/async-map.ts'
import { MemoryBackend, MemoryTier } from './support/memory-tier.ts'
import { rejection } from './support/rejection.ts'

type Options = EngineOptions<string, [id: string]>

/** An asynchronous Map that can list its keys. */
class ListedMap extends AsyncMap<string, unknown> {
  async *keys(): AsyncIterable<string> {
    yield* [...this.map.keys()]
  }
}

const stores: Record<string, () => any> = { 'a Map': () => new Map(), 'an asynchronous store': () => new ListedMap() }

async function all<T>(steps: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const step of steps) list.push(step)
  return list
}

function counts(some: Partial<Restored>): Restored {
  return { restored: 0, expired: 0, skipped: 0, unreadable: 0, ...some }
}

/** Records that come one by one, with something done before each. */
async function* coming<T>(records: readonly T[], before: (index: number) => unknown): AsyncIterable<T> {
  for (const [index, record] of records.entries()) {
    await before(index)
    yield record
  }
}

for (const [name, store] of Object.entries(stores)) {
  describe(`dump and restore over ${name}`, () => {
    function life(options: Options = {}) {
      const clock = new ManualClock(1_000_000)
      const loads: string[] = []
      const make = () =>
        cached(store(), { clock, ...options })(async (id: string) => {
          loads.push(id)
          return `${id} ${loads.length}`
        })
      return { clock, loads, make }
    }

    it('bring everything to another store, and nothing is loaded again', async () => {
      const { loads, make } = life()
      const before = make()
      await before('a')
      await before('b')
      const after = make()

      expect(await after.restore(before.dump())).to.deep.equal(counts({ restored: 2 }))

      expect([await after('a'), await after('b')]).to.deep.equal(['a 1', 'b 2'])
      expect(loads).to.deep.equal(['a', 'b'])
      expect(after.stats()).to.include({ hits: 2, misses: 0, loads: 0 })
    })

    it('bring the life that is left: the time between counts', async () => {
      const { clock, make } = life({ ttl: 100 })
      const before = make()
      await before('a')
      clock.advance(30)
      await before('b')
      const records = await all(before.dump())
      clock.advance(60)
      const after = make()

      expect(await after.restore(records)).to.deep.equal(counts({ restored: 2 }))

      clock.advance(9)
      expect([await after.has('a'), await after.has('b')]).to.deep.equal([true, true])
      clock.advance(1)
      expect([await after.has('a'), await after.has('b')]).to.deep.equal([false, true])
      clock.advance(30)
      expect(await after.has('b')).to.equal(false)
    })

    it('leave out what is over by then', async () => {
      const { clock, make } = life({ ttl: 100 })
      const before = make()
      await before('a')
      clock.advance(50)
      await before('b')
      const records = await all(before.dump())
      clock.advance(50)

      expect(await make().restore(records)).to.deep.equal(counts({ restored: 1, expired: 1 }))
    })

    it('do not dump what is over', async () => {
      const { clock, make } = life({ ttl: 100 })
      const before = make()
      await before('a')
      clock.advance(100)

      expect(await all(before.dump())).to.deep.equal([])
    })

    it('bring stale windows', async () => {
      const { clock, loads, make } = life({ ttl: 100, staleWhileRevalidate: 50 })
      const before = make()
      await before('a')
      clock.advance(120)
      const after = make()

      expect(await after.restore(before.dump())).to.deep.equal(counts({ restored: 1 }))

      clock.advance(29)
      expect(await after('a')).to.equal('a 1')
      await after.close()
      expect(loads).to.deep.equal(['a', 'a'])
    })

    it('bring the end of a tti, which a use moves no further than the ttl', async () => {
      const { clock, make } = life({ ttl: 100, tti: 40 })
      const before = make()
      await before('a')
      clock.advance(30)
      const after = make()
      await after.restore(before.dump())

      expect(await after('a')).to.equal('a 1')
      clock.advance(39)
      expect(await after('a')).to.equal('a 1')
      clock.advance(30)
      expect(await after.has('a')).to.equal(true)
      clock.advance(1)
      expect(await after.has('a')).to.equal(false)
    })

    it('bring the time of a refresh', async () => {
      const { clock, loads, make } = life({ ttl: 100, refreshAfter: 50 })
      const before = make()
      await before('a')
      clock.advance(10)
      const after = make()
      await after.restore(before.dump())

      clock.advance(39)
      await after('a')
      expect(loads).to.deep.equal(['a'])
      clock.advance(1)
      await after('a')
      await after.close()
      expect(loads).to.deep.equal(['a', 'a'])
    })

    it('bring tags, and nothing whose tags were invalidated since', async () => {
      const tags = new Tags()
      const { make } = life({ tags: tags.of((_: string, id: string) => [`user:${id}`]) })
      const before = make()
      await before('a')
      await before('b')
      const records = await all(before.dump())
      tags.invalidate('user:a')
      const after = make()

      expect(await after.restore(records)).to.deep.equal(counts({ restored: 1, skipped: 1 }))
      expect(await after.has('b')).to.equal(true)
      tags.invalidate('user:b')
      expect(await after.has('b')).to.equal(false)
    })

    it('leave out what has tags where the function knows none', async () => {
      const tags = new Tags()
      const before = life({ tags: tags.of(() => ['a tag']) }).make()
      await before('a')

      expect(await life().make().restore(before.dump())).to.deep.equal(counts({ skipped: 1 }))
    })

    it('put nothing in the place of an entry that is there', async () => {
      const { make } = life()
      const before = make()
      await before('a')
      const after = make()
      await after('a')

      expect(await after.restore(before.dump())).to.deep.equal(counts({ skipped: 1 }))
      expect(await after('a')).to.equal('a 2')
    })

    for (const [what, touch] of Object.entries({
      'an invalidation': (fn: any) => fn.invalidate('a'),
      'an expiry': (fn: any) => fn.expire('a'),
      'a clear': (fn: any) => fn.clear(),
      'an invalidation by predicate': (fn: any) => fn.invalidateWhere((key: string) => key === 'a'),
      'a mutation': (fn: any) => invalidates(fn, (id: string) => [id])(async (id: string) => id)('a'),
    })) {
      it(`bring nothing back after ${what} that came after the dump`, async () => {
        const { make } = life()
        const fn = make()
        await fn('a')
        const records = await all(fn.dump())

        await touch(fn)

        expect(await fn.restore(records)).to.deep.equal(counts({ skipped: 1 }))
        expect(await fn.has('a')).to.equal(false)
      })

      it(`bring nothing back after ${what} that comes in the middle of a restore`, async () => {
        const { clock, make } = life()
        const before = make()
        await before('b')
        await before('a')
        // As from a process whose clock is ahead.
        const records = await all(before.dump())
        for (const record of records) Object.assign(record, { at: record.at + 60_000 })
        clock.advance(1)
        const after = make()

        const restored = await after.restore(coming(records, (index) => index === 1 && touch(after)))

        expect(restored).to.deep.equal(counts({ restored: 1, skipped: 1 }))
        expect(await after.has('a')).to.equal(false)
      })

      it(`undo nothing of ${what} that comes while a record is put in`, async () => {
        const { make } = life()
        const before = make()
        await before('a')
        const after = make()

        const restoring = after.restore(coming(await all(before.dump()), () => {}))
        for (let turn = 0; turn < 12; turn++) {
          await touch(after)
          expect(await after.has('a'), `in turn ${turn}`).to.equal(false)
        }
        await restoring

        expect(await after.has('a')).to.equal(false)
      })
    }

    it('keep what was set in the middle of a restore', async () => {
      const { make } = life()
      const before = make()
      await before('a')
      const after = make()

      await after.restore(coming(await all(before.dump()), () => after.set(['a'], 'set')))

      expect(await after('a')).to.equal('set')
    })

    it('bring back nothing while a mutation runs that will invalidate it', async () => {
      const { make } = life()
      const before = make()
      await before('a')
      const after = make()
      const gate = deferred()
      const mutating = invalidates(after, (id: string): [string] => [id])((_: string) => gate.promise)('a')

      expect(await after.restore(before.dump())).to.deep.equal(counts({ skipped: 1 }))

      gate.resolve()
      await mutating
    })

    it('leave a load alone that is in the air, and that replaces what was restored', async () => {
      const { clock, make } = life()
      const before = make()
      await before('a')
      const gate = deferred<string>()
      const after = cached(store(), { clock })((_: string) => gate.promise)
      const waiting = after('a')
      await turns(5)

      expect(await after.restore(before.dump() as AsyncIterable<DumpedEntry<string>>)).to.deep.equal(
        counts({ restored: 1 }),
      )
      expect(await after.peek('a')).to.equal('a 1')
      gate.resolve('newer')

      expect(await waiting).to.equal('newer')
      await turns(20)
      expect(await after.peek('a')).to.equal('newer')
    })

    it('stop with a ClosedError when the function is closed in the middle, and close what gives the records', async () => {
      const { make } = life()
      const before = make()
      await before('a')
      await before('b')
      const records = await all(before.dump())
      const after = make()
      let ended = false
      async function* given(): AsyncIterable<DumpedEntry<string>> {
        try {
          yield* coming(records, (index) => (index === 1 ? after.close() : undefined))
        } finally {
          ended = true
        }
      }

      expect(await rejection(after.restore(given()))).to.have.property('name', 'ClosedError')

      expect(ended).to.equal(true)
      expect(await rejection(after.restore([]))).to.have.property('name', 'ClosedError')
      expect(() => after.dump()).to.throw('closed')
    })

    it('count what is no record, and leave it alone', async () => {
      const { make } = life()
      const before = make()
      await before('a')
      const [record] = await all(before.dump())
      const after = make()
      const bad = [
        undefined, null, 5, 'a', [], {}, { ...record, polycache: 2 }, { ...record, polycache: undefined },
        { ...record, key: {} }, { ...record, key: () => {} }, { ...record, at: undefined }, { ...record, at: Number.NaN },
        { ...record, expiresAt: 'soon' }, { ...record, expiresAt: Infinity }, { ...record, lastsUntil: null },
        { ...record, refreshAt: {} }, { ...record, loadMs: 5n }, { ...record, stamp: '7' }, { ...record, tags: 'tag' },
        { ...record, tags: [1] }, { ...record, other: 'field' }, { ...record, value: { then: () => {} } },
      ] as any[] // prettier-ignore

      expect(await after.restore(bad)).to.deep.equal(counts({ unreadable: bad.length }))
      expect(await all(after.dump())).to.deep.equal([])
    })

    it('refuse what is no list of records', async () => {
      const after = life().make()

      for (const wrong of [undefined, 5, {}, 'text'] as any[]) {
        expect(await rejection(after.restore(wrong))).to.be.instanceOf(TypeError)
      }
    })

    it('let no record live longer for having been written by a clock that is ahead', async () => {
      const { clock, make } = life({ ttl: 100 })
      const before = make()
      await before('a')
      const [record] = await all(before.dump())
      const ahead = { ...record!, at: record!.at + 5_000, expiresAt: record!.expiresAt! + 5_000 }
      const after = make()
      await after.restore([ahead])

      clock.advance(100)

      expect(await after.has('a')).to.equal(false)
    })

    it('count nothing, and no order', async () => {
      const { make } = life()
      const before = make()
      await before('a')
      before.resetStats()

      await all(before.dump())

      expect(before.stats()).to.include({ hits: 0, misses: 0, stores: 0, invalidations: 0 })
    })

    it('keep to the function, where others share the store', async () => {
      const shared = store()
      const clock = new ManualClock()
      const one = cached(shared, { name: 'one', clock })(async (id: number) => id)
      const two = cached(shared, { name: 'two', clock })(async (id: number) => -id)
      await one(1)
      await two(2)
      const records = await all(one.dump())
      const other = cached(store(), { name: 'other', clock })(async (_: number) => 0)

      expect(records.map(({ key, value }) => [key, value])).to.deep.equal([[1, 1]])
      await other.restore(records)
      expect(await other.peek(1)).to.equal(1)
    })

    it('keep keys of every kind that is no object', async () => {
      const keys = ['a', '', '\u0001n5', 5, -0.5, Number.NaN, 5n, true, null, undefined]
      for (const options of [{}, { name: 'named' }]) {
        const before = cached(store(), identityKey, options)(async (key: any) => [key])
        for (const key of keys) await before(key)
        const after = cached(store(), identityKey, options)(async (_: any) => 'loaded')

        expect(await after.restore(before.dump() as AsyncIterable<DumpedEntry<any>>)).to.deep.equal(
          counts({ restored: keys.length }),
        )

        for (const key of keys) expect(await after.peek(key)).to.deep.equal([key])
      }
    })

    it('refuse to dump a key that is known by its identity alone', async () => {
      for (const options of [{}, { name: 'named' }]) {
        const fn = cached(store(), identityKey, options)(async (_: object) => 1)
        await fn({})

        expect(await rejection(all(fn.dump())))
          .to.have.property('message')
          .that.includes('a key to dump must be')
      }
    })

    it('work with calls of several arguments', async () => {
      const before = cached(store())(async (a: number, b: { c: string }) => `${a} ${b.c}`)
      await before(1, { c: 'x' })
      const after = cached(store())(async (_: number, __: { c: string }) => 'loaded')

      await after.restore(before.dump())

      expect(await after(1, { c: 'x' })).to.equal('1 x')
      expect(after.stats()).to.include({ hits: 1 })
    })
  })
}

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await new Promise((resolve) => setImmediate(resolve))
}

describe('dump and restore', () => {
  const orders: Record<string, () => any> = {
    lru: () => lru({ max: 5 }),
    fifo: () => fifo({ max: 5 }),
    mru: () => mru({ max: 5 }),
    lfu: () => lfu({ max: 5 }),
    slru: () => slru({ max: 5 }),
    sieve: () => sieve({ max: 5 }),
    clock: () => clockPolicy({ max: 5 }),
    'an LRUCache': () => new LRUCache({ max: 5 }),
  }
  const orderOf = (store: any): unknown[] =>
    (store.coldest?.(5) as [unknown, unknown][] | undefined)?.map(([key]) => key) ?? [...store.rkeys()]
  for (const [name, make] of Object.entries(orders)) {
    it(`make the same order again in ${name}`, async () => {
      const pair = [make(), make()]
      const [before, after] = pair.map((one) => cached(one)(async (id: number) => id))
      for (let id = 0; id < 5; id++) await before!(id)
      if (!['lfu', 'slru', 'clock', 'sieve'].includes(name)) for (const id of [3, 0]) await before!(id)

      await after!.restore(before!.dump())

      expect(orderOf(pair[1])).to.deep.equal(orderOf(pair[0]))
    })
  }

  it('keep the hottest in a smaller store', async () => {
    const before = cached(lru({ max: 5 }))(async (id: number) => id)
    for (const id of [0, 1, 2, 3, 4, 0]) await before(id)
    const after = cached(lru({ max: 2 }))(async (_: number) => -1)

    await after.restore(before.dump())

    expect([after.peek(4), after.peek(0), after.peek(3)]).to.deep.equal([4, 0, undefined])
  })

  it('count what the store does not take as skipped', async () => {
    const before = cached(new Map())(async (id: string) => id)
    await before('long')
    const sizes = lru<string, string>({ maxWeight: 3, weigher: (value) => value.length })

    expect(await cached(sizes)(async (id: string) => id).restore(before.dump())).to.deep.equal(counts({ skipped: 1 }))
    expect(await cached(none())(async (id: string) => id).restore(before.dump())).to.deep.equal(counts({ skipped: 1 }))
  })

  it('report a store that fails, and go on', async () => {
    const before = cached(new Map())(async (id: string) => id)
    await before('a')
    await before('b')
    const failing = new Map<string, unknown>()
    const put = failing.set.bind(failing)
    failing.set = (key, value) => {
      if (key === 'a') throw new Error('the store is full')
      return put(key, value)
    }
    const reported: unknown[] = []
    const after = cached(failing, { onError: (error) => reported.push(error) })(async (id: string) => id)

    expect(await after.restore(before.dump())).to.deep.equal(counts({ restored: 1, skipped: 1 }))
    expect(reported.map(String)).to.deep.equal(['Error: the store is full'])
  })

  it('reject with the error of an asynchronous store that fails', async () => {
    const before = cached(new Map())(async (id: string) => id)
    await before('a')
    const failing = new ListedMap()
    failing.set = async () => {
      throw new Error('the store is away')
    }
    const after = cached(failing, { onError: () => {} })(async (id: string) => id)

    expect(await rejection(after.restore(before.dump()))).to.have.property('message', 'the store is away')
  })

  it('need a store that lists its keys, and say so', async () => {
    for (const store of [new AsyncMap(), { get: () => undefined, set: () => {}, delete: () => false }] as any[]) {
      const fn = cached(store)(async (id: string) => id)

      const error = await rejection(all(fn.dump()))

      expect(error).to.be.instanceOf(TypeError)
      expect(error).to.have.property('message').that.includes('store.keys must be a function')
    }
  })

  it('are refused where there is a tier, which keeps what is in it', async () => {
    const fn = cached(tiered(lru({ max: 5 }), new MemoryTier(new MemoryBackend(new ManualClock()))), { name: 'users' })(
      async (id: string) => id,
    )

    expect(() => fn.dump()).to.throw(TypeError, 'tier')
    expect(await rejection(fn.restore([]))).to.be.instanceOf(TypeError)
    await fn.close()
  })

  it('work over Keyv', async () => {
    const before = cached(new Keyv())(async (id: string) => ({ id }))
    await before('a')
    await turns(3)
    const after = cached(new Keyv())(async (_: string) => ({ id: 'loaded' }))

    expect(await after.restore(before.dump())).to.deep.equal(counts({ restored: 1 }))
    expect(await after.peek('a')).to.deep.equal({ id: 'a' })
  })

  it('work for cachedSync, batched and Cache', async () => {
    const sync = cachedSync(new Map())((id: string) => `sync ${id}`)
    sync('a')
    const sync2 = cachedSync(new Map())((_: string) => 'loaded')
    await sync2.restore(sync.dump())
    expect(sync2('a')).to.equal('sync a')

    const many = batched(new Map())(async (ids: readonly string[]) => ids.map((id) => `batched ${id}`))
    await many('a')
    const many2 = batched(new Map())(async (ids: readonly string[]) => ids.map(() => 'loaded'))
    await many2.restore(many.dump())
    expect(await many2('a')).to.equal('batched a')

    const cache = new Cache<string, string>(new Map())
    await cache.set('a', 'set')
    const cache2 = new Cache<string, string>(new Map())
    expect(await cache2.restore(cache.dump())).to.deep.equal(counts({ restored: 1 }))
    expect(cache2.peek('a')).to.equal('set')
  })

  it('skip all when more was touched since than is remembered', async () => {
    const fn = cached(new Map())(async (id: number) => id)
    await fn(-1)
    const records = await all(fn.dump())
    const after = cached(new Map())(async (id: number) => id)
    for (let id = 0; id < 10_000; id++) after.invalidate(id)
    await turns(1)

    expect(await after.restore(records)).to.deep.equal(counts({ restored: 1 }))
    after.invalidate(-1)
    for (let id = 0; id < 10_001; id++) after.invalidate(id)
    expect(await after.restore(records)).to.deep.equal(counts({ skipped: 1 }))
  })

  for (const [what, invalidate] of Object.entries<(fn: any, tags: Tags) => unknown>({
    'a tag of it': (_, tags) => tags.invalidate('user:a'),
    'its key': (fn) => fn.invalidate('a'),
    'the whole function': (fn) => fn.clear(),
  })) {
    it(`is not read again where ${what} is invalidated while an asynchronous store takes it`, async () => {
      const tags = new Tags()
      const options = { tags: tags.of((_: unknown, id: string) => [`user:${id}`]) }
      let loads = 0
      const load = async (_: string): Promise<number> => ++loads
      const before = cached(new Map(), options)(load)
      await before('a')
      const records = await all(before.dump())
      const store = new AsyncMap<string, unknown>()
      const arrived = deferred()
      const gate = deferred()
      const put = store.set.bind(store)
      store.set = async (key, value) => {
        arrived.resolve()
        await gate.promise
        return put(key, value)
      }
      const after = cached(store, options)(load)
      const restoring = after.restore(records)
      await arrived.promise

      const invalidating = invalidate(after, tags)
      gate.resolve()
      await Promise.all([restoring, invalidating])

      expect(await after('a')).to.equal(2)
    })
  }
})
