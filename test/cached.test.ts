import { expect } from 'chai'
import { LRUCache } from 'lru-cache'
import { cached } from '../src/cached.ts'
import { loadContext } from '../src/load-context.ts'
import { argsKey } from '../src/keys.ts'
import { lru } from '../src/policies/lru.ts'
import { deferred, ManualClock } from '../src/testing.ts'
import { AsyncMap } from './support/async-map.ts'
import { rejection } from './support/rejection.ts'

/** A load that counts its calls and gives its argument with the number of the call. */
function counted(): { load: (id: string) => Promise<string>; calls: () => number } {
  let calls = 0
  return {
    load: async (id) => {
      calls++
      return `${id}${calls}`
    },
    calls: () => calls,
  }
}

describe('cached', () => {
  it('loads once and then answers from the store', async () => {
    const { load, calls } = counted()
    const get = cached(lru({ max: 10 }))(load)

    const answers = [await get('a'), await get('a'), await get('b')]

    expect(answers).to.deep.equal(['a1', 'a1', 'b2'])
    expect(calls()).to.equal(2)
  })

  it('gives every hit the very promise that was stored', async () => {
    const get = cached(lru({ max: 10 }))(counted().load)

    const first = get('a')
    await first

    expect(get('a')).to.equal(first)
    expect(get('a')).to.equal(first)
  })

  it('starts one load for callers who come together', async () => {
    const { load, calls } = counted()
    const get = cached(lru({ max: 10 }))(load)

    const answers = await Promise.all(Array.from({ length: 1000 }, () => get('a')))

    expect(new Set(answers)).to.deep.equal(new Set(['a1']))
    expect(calls()).to.equal(1)
    expect(get.stats()).to.include({ misses: 1, joins: 999, hits: 0, loads: 1 })
  })

  it('takes the key function before the options or among them', async () => {
    const byId = (user: { id: string }): string => user.id
    const load = async (user: { id: string; name: string }): Promise<string> => user.name
    const first = cached(new Map<string, unknown>(), byId)(load)
    const second = cached(new Map<string, unknown>(), { key: byId })(load)

    await first({ id: '1', name: 'Ann' })
    await second({ id: '1', name: 'Ann' })

    expect(await first({ id: '1', name: 'Bob' })).to.equal('Ann')
    expect(await second({ id: '1', name: 'Bob' })).to.equal('Ann')
    expect(first.key({ id: '7', name: 'Eve' })).to.equal('7')
  })

  it('tells equal objects from different ones when there is no key function', async () => {
    let loads = 0
    const search = cached(lru({ max: 10 }))(async (query: { text: string; page: number }) => `${query.text}${++loads}`)

    const answers = [
      await search({ text: 'a', page: 1 }),
      await search({ page: 1, text: 'a' }),
      await search({ text: 'a', page: 2 }),
    ]

    expect(answers).to.deep.equal(['a1', 'a1', 'a2'])
  })

  it('lets no string argument forge the key of another call', async () => {
    for (const options of [{}, { ttl: 60_000 }, { name: 'named' }, { name: 'named', ttl: 60_000 }]) {
      for (const store of [new Map(), lru({ max: 99 }), new AsyncMap<string, unknown>()]) {
        const get = cached(store, options)(async (argument: unknown) => ({ argument }))
        for (const argument of [{ id: 1 }, [], new Date(0), '\u0091', '\u0091s']) {
          await get(argument)
          const forged = argsKey(argument)

          expect(await get(forged)).to.deep.equal({ argument: forged })
          expect(await get(forged)).to.deep.equal({ argument: forged })
          expect(await get(argument)).to.deep.equal({ argument })
        }
        expect(get.stats()).to.include({ misses: 10, hits: 10 })
      }
    }
  })

  it('caches undefined, null and other falsy results', async () => {
    for (const store of [new Map(), new LRUCache<string, object>({ max: 9 }), lru({ max: 9 })]) {
      let loads = 0
      const results: Record<string, unknown> = { a: undefined, b: null, c: 0, d: '', e: false, f: Number.NaN }
      const get = cached(store)(async (name: string) => {
        loads++
        return results[name]
      })

      for (const name of [...'abcdef', ...'abcdef']) expect(await get(name)).to.deep.equal(results[name])

      expect(loads).to.equal(6)
      expect(get.has('a')).to.equal(true)
    }
  })

  it('never throws, whatever the load or the key function does', async () => {
    const failing = cached(new Map(), (id: string) => {
      if (id === 'bad key') throw new Error('no key')
      return id
    })((id: string) => {
      throw new Error(`no ${id}`)
    })

    const keyFailure = failing('bad key')
    const loadFailure = failing('luck')

    expect(await rejection(keyFailure)).to.have.property('message', 'no key')
    expect(await rejection(loadFailure)).to.have.property('message', 'no luck')
  })

  it('keeps no failure, and gives it to all who waited as the same object', async () => {
    const reason = new Error('down')
    const gate = deferred<string>()
    let loads = 0
    const get = cached(new Map())((_: string) => (++loads === 1 ? gate.promise : Promise.resolve('up')))

    const waiting = [get('a'), get('a')]
    gate.reject(reason)

    expect(await Promise.all(waiting.map(rejection))).to.deep.equal([reason, reason])
    expect(await get('a')).to.equal('up')
    expect(get.stats()).to.include({ loads: 2, loadFailures: 1, misses: 2, joins: 1 })
  })

  it('wraps a function that returns at once, and one that returns a thenable', async () => {
    const double = cached(new Map())((n: number) => n * 2)
    const thenable = cached(new Map())((n: number) => ({ then: (done: (value: number) => void) => done(n) }))

    expect(await double(2)).to.equal(4)
    expect(await thenable(3)).to.equal(3)
    expect(await thenable(3)).to.equal(3)
  })

  it('calls the load with its own this and all its arguments', async () => {
    const sums = {
      base: 10,
      add: cached(new Map())(async function (this: { base: number }, ...numbers: number[]) {
        return numbers.reduce((sum, n) => sum + n, this.base)
      }),
    }

    expect(await sums.add(1)).to.equal(11)
    expect(await sums.add(1, 2)).to.equal(13)
    expect(await sums.add(1, 2, 3)).to.equal(16)
    expect(await sums.add()).to.equal(10)
  })

  it('can be made of a function that is generic or overloaded, and has its name and length', () => {
    async function fetchUser(_id: string, _full: boolean): Promise<void> {}
    const get = cached(new Map())(fetchUser)
    const named = cached(new Map(), { name: 'users' })(fetchUser)

    expect(get.name).to.equal('fetchUser')
    expect(named.name).to.equal('users')
    expect(get.length).to.equal(2)
    expect(get.load).to.equal(fetchUser)
    expect(get.store).to.be.instanceOf(Map)
  })

  describe('its controls', () => {
    it('invalidate a key, and say whether it was there', async () => {
      const { load } = counted()
      const get = cached(lru({ max: 10 }))(load)
      await get('a')

      expect(get.invalidate('a')).to.equal(true)
      expect(get.invalidate('a')).to.equal(false)
      expect(await get('a')).to.equal('a2')
    })

    it('look without counting and without changing the order', async () => {
      const { load } = counted()
      const get = cached(lru<string>({ max: 2 }))(load)
      await get('a')
      await get('b')

      expect(get.has('a')).to.equal(true)
      expect(get.peek('a')).to.equal('a1')
      expect(get.peek('z')).to.equal(undefined)
      await get('c')

      expect(get.has('a')).to.equal(false)
      expect(get.stats()).to.include({ hits: 0, misses: 3 })
    })

    it('set a value, which wins over a load that began earlier', async () => {
      const gate = deferred<string>()
      const get = cached(new Map())((_: string) => gate.promise)
      const waiting = get('a')

      get.set(['a'], 'new')
      gate.resolve('old')

      expect(await waiting).to.equal('old')
      expect(await get('a')).to.equal('new')
      expect(get.stats()).to.include({ stores: 1, hits: 1 })
    })

    it('refresh: load anew while the old value is served', async () => {
      const gates = [deferred<string>(), deferred<string>()]
      let loads = 0
      const get = cached(new Map())((_: string) => gates[loads++]!.promise)
      gates[0]!.resolve('old')
      await get('a')

      const refreshed = get.refresh('a')

      expect(await get('a')).to.equal('old')
      gates[1]!.resolve('new')
      expect(await refreshed).to.equal('new')
      expect(await get('a')).to.equal('new')
      expect(get.stats()).to.include({ misses: 2, loads: 2, hits: 2 })
    })

    it('expire: make an entry stale, so that the next call loads', async () => {
      const get = cached(new Map())(counted().load)
      await get('a')

      expect(get.expire('a')).to.equal(true)
      expect(get.expire('a')).to.equal(false)
      expect(get.has('a')).to.equal(false)
      expect(await get('a')).to.equal('a2')
    })

    it('clear everything, also what is being loaded', async () => {
      const gate = deferred<string>()
      let loads = 0
      const get = cached(lru({ max: 10 }))((_: string) => (++loads === 2 ? gate.promise : Promise.resolve(`v${loads}`)))
      await get('a')
      const waiting = get('b')

      get.clear()
      gate.resolve('late')

      expect(await waiting).to.equal('late')
      expect([get.has('a'), get.has('b')]).to.deep.equal([false, false])
      expect(get.store.size).to.equal(0)
    })

    it('with: call under other options', async () => {
      const clock = new ManualClock()
      const get = cached(new Map(), { ttl: 100, clock })(counted().load)

      await get.with({ ttl: 5 })('a')
      clock.advance(5)
      const afterShortLife = await get('a')
      const anew = await get.with({ fresh: true })('a')

      expect(afterShortLife).to.equal('a2')
      expect(anew).to.equal('a3')
      expect(await get.with({})('a')).to.equal('a3')
    })

    it('close: refuse every later call', async () => {
      const get = cached(new Map())(counted().load)
      await get('a')

      await get.close()
      await get.close()

      expect(await rejection(get('a'))).to.include({ name: 'ClosedError', key: 'a' })
      expect(() => get.has('a')).to.throw('closed')
      expect(get.stats()).to.include({ misses: 1 })
    })

    it('close through await using', async () => {
      const store = new Map()
      const get = cached(store, { name: 'once' })(counted().load)

      await get[Symbol.asyncDispose]()

      expect(await rejection(get('a'))).to.have.property('name', 'ClosedError')
      expect(() => cached(store, { name: 'once' })(counted().load)).not.to.throw()
    })
  })

  describe('loadContext', () => {
    it('tells a load its key', async () => {
      const keys: unknown[] = []
      const get = cached(
        new Map(),
        (id: string) => `key of ${id}`,
      )(async (id: string) => {
        keys.push(loadContext().key)
        return id
      })

      await get('a')

      expect(keys).to.deep.equal(['key of a'])
    })

    it('is refused outside a load and after its first await', async () => {
      const get = cached(new Map())(async (_: string) => {
        await null
        loadContext()
      })

      expect(() => loadContext()).to.throw('must be called inside a load')
      expect(await rejection(get('a')))
        .to.have.property('message')
        .that.includes('before its first await')
    })
  })
})
