import { expect } from 'chai'

import { cached, invalidates, loadContext, lru, Tags } from '../src/index.ts'
import { deferred, ManualClock, type Deferred } from '../src/testing.ts'
import { AsyncMap } from './support/async-map.ts'
import { rejection } from './support/rejection.ts'

interface Row {
  id: string
  team: string
  version: number
}

async function turns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

const stores: Record<string, () => any> = {
  lru: () => lru({ max: 1_000 }),
  Map: () => new Map(),
  'an asynchronous Map': () => new AsyncMap(),
}

for (const [name, create] of Object.entries(stores)) {
  describe(`tags of entries in ${name}`, () => {
    it('invalidate what carries one of them, in any function and store, and nothing else', async () => {
      const tags = new Tags()
      const versions = { u1: 0, u2: 0, u3: 0 } as Record<string, number>
      const getRow = cached(create(), { tags: tags.of((row: Row) => [`row:${row.id}`, `team:${row.team}`]) })(
        async (id: string): Promise<Row> => ({ id, team: id === 'u3' ? 'b' : 'a', version: ++versions[id]! }),
      )
      let teamLoads = 0
      const getTeam = cached(create(), { tags: tags.of((_: unknown, team: string) => [`team:${team}`]) })(
        async (team: string) => `${team} ${++teamLoads}`,
      )
      const all = async () => [
        ...(await Promise.all(['u1', 'u2', 'u3'].map((id) => getRow(id)))).map((row) => row.version),
        await getTeam('a'),
      ]
      expect(await all()).to.deep.equal([1, 1, 1, 'a 1'])

      tags.invalidate('row:u1')
      expect(await getRow.has('u1')).to.equal(false)
      expect(await getRow.peek('u1')).to.equal(undefined)
      expect(await all()).to.deep.equal([2, 1, 1, 'a 1'])
      tags.invalidate('team:a', 'nobody')
      expect(await all()).to.deep.equal([3, 2, 1, 'a 2'])
      expect(await all()).to.deep.equal([3, 2, 1, 'a 2'])
    })

    it('invalidate together only what carries all of them', async () => {
      const tags = new Tags()
      let loads = 0
      const get = cached(create(), { tags: tags.of((_: number, key: string) => key.split('+')) })(
        async (_key: string) => ++loads,
      )
      const all = async () => [await get('a'), await get('a+b'), await get('b+a+c'), await get('b')]
      expect(await all()).to.deep.equal([1, 2, 3, 4])

      tags.invalidateAll(['a', 'b'])
      expect(await all()).to.deep.equal([1, 5, 6, 4])
      tags.invalidateAll(['b', 'c', 'a'])
      expect(await all()).to.deep.equal([1, 5, 7, 4])
      tags.invalidateAll(['b'])
      expect(await all()).to.deep.equal([1, 8, 9, 10])
    })

    it('fence a load whose tags are only known from its value', async () => {
      const tags = new Tags()
      const loads: Deferred<string>[] = []
      const get = cached(create(), { tags: tags.of((value: string) => [value]) })((_key: string) => {
        const load = deferred<string>()
        loads.push(load)
        return load.promise
      })
      const before = get('k')
      await turns()
      tags.invalidate('old')
      const after = get('k')
      await turns()
      loads[0]!.resolve('old')
      expect(await before).to.equal('old')
      await turns()
      expect(await get.has('k')).to.equal(false)
      loads[1]!.resolve('new')
      expect(await after).to.equal('new')
      await turns()
      expect(await get.peek('k')).to.equal('new')
    })

    it('are added by the load itself', async () => {
      const tags = new Tags()
      let loads = 0
      const get = cached(create(), { tags })(async (key: string) => {
        const context = loadContext()
        await undefined
        context.addTags(`only:${key}`)
        return ++loads
      })
      await get('a')
      await get('b')

      tags.invalidate('only:a')

      expect(await get('a')).to.equal(3)
      expect(await get('b')).to.equal(2)
    })

    it('keep nothing that carries a tag that is held', async () => {
      const tags = new Tags()
      let loads = 0
      const get = cached(create(), { tags: tags.of((_: number, key: string) => [key]) })(
        async (_key: string) => ++loads,
      )
      await get('a')
      const release = tags.hold(['a'])

      expect(await get('a')).to.equal(2)
      expect(await get('a')).to.equal(3)
      release()
      release()
      expect(await get('a')).to.equal(4)
      expect(await get('a')).to.equal(4)
    })

    it('go with a stale window: what was invalidated is not served', async () => {
      const tags = new Tags()
      const clock = new ManualClock()
      let loads = 0
      const get = cached(create(), {
        ttl: 1_000,
        staleWhileRevalidate: 1_000,
        clock,
        tags: tags.of((_: number, key: string) => [key]),
      })(async (_key: string) => ++loads)
      await get('a')
      clock.advance(1_500)
      tags.invalidate('a')

      expect(await get('a')).to.equal(2)
    })

    it('count for values that were set', async () => {
      const tags = new Tags()
      const get = cached(create(), { tags: tags.of((value: string) => [value]) })(async (_key: string) => 'loaded')
      await get.set(['k'], 'set')
      expect(await get('k')).to.equal('set')

      tags.invalidate('set')
      expect(await get('k')).to.equal('loaded')
    })
  })
}

describe('Tags', () => {
  it('hold more tags at once than are remembered', async () => {
    const tags = new Tags({ remembered: 2 })
    const get = cached(new Map<string, unknown>(), { tags: tags.of((tag: string) => tag) })(async (tag: string) => tag)
    const names = ['a', 'b', 'c']
    const release = tags.hold(names)
    await Promise.all(names.map((name) => get(name)))
    expect(names.map((name) => get.has(name))).to.deep.equal([false, false, false])

    release()
    await Promise.all(names.map((name) => get(name)))
    expect(names.map((name) => get.has(name))).to.deep.equal([true, true, true])
  })

  it('takes the old value from a load too, however far the reading of an asynchronous store has come', async () => {
    for (let steps = 0; steps < 20; steps++) {
      const tags = new Tags()
      const clock = new ManualClock()
      const options = { ttl: 10, staleIfError: 1_000, clock, onError: () => {}, tags: tags.of(() => ['t']) }
      const gate = deferred<string>()
      const seen: unknown[] = []
      const get = cached(
        new AsyncMap(),
        options,
      )((_: string) => {
        seen.push(loadContext().staleValue)
        return seen.length === 1 ? 'old' : gate.promise
      })
      await get('k')
      await turns()
      clock.advance(10)
      void get('k').catch(() => {})
      for (let step = 0; step < steps; step++) await null

      const begun = seen.length
      tags.invalidate('t')
      await turns()
      const after = rejection(get('k'))
      gate.reject(new Error('down'))

      expect(await after, `after ${steps} steps`).to.have.property('message', 'down')
      expect(seen.slice(begun), `after ${steps} steps`).to.not.include('old')
    }
  })

  it('leave nothing in a shared store that clear or the end of a scope has taken out', async () => {
    const tags = new Tags()
    const store = new Map<string, unknown>()
    const get = cached(store, { name: 'rows', tags: tags.of(() => 'row') })(async (id: string) => id)
    const scope = get.scope('s')
    await Promise.all([get('a'), scope('a')])
    tags.invalidate('row')
    expect(get.stats().size).to.equal(1)

    get.clear()
    await scope.close()
    expect([...store.keys()]).to.deep.equal([])
    expect(get.stats()).to.include({ size: 0, invalidations: 1 })
  })

  it('leave nothing in a store whose entry is invalidated again', async () => {
    const tags = new Tags()
    const store = new Map<string, unknown>()
    const get = cached(store, { tags: tags.of(() => 'row') })(async (id: string) => id)
    await get('a')
    tags.invalidate('row')

    expect(get.invalidate('a')).to.equal(false)
    expect(store.size).to.equal(0)
  })

  it('remembers a bounded number of tags that no entry carries', async () => {
    const tags = new Tags({ remembered: 100 })
    const loads: Deferred<string>[] = []
    const get = cached(lru({ max: 10 }), { tags: tags.of((value: string) => [value]) })((_key: string) => {
      const load = deferred<string>()
      loads.push(load)
      return load.promise
    })
    const early = get('early')
    for (let i = 0; i < 1_000_000; i++) tags.invalidate(`tag:${i}`)
    const late = get('late')
    loads[0]!.resolve('whatever')
    loads[1]!.resolve('tag:5')
    await Promise.all([early, late])

    expect(get.has('early'), 'more invalidations have gone by than are remembered').to.equal(false)
    expect(get.has('late'), 'was loaded after the invalidation of its tag').to.equal(true)
  })

  it('takes a string for one tag wherever it takes a list', async () => {
    const tags = new Tags()
    let loads = 0
    const get = cached(lru({ max: 10 }), { tags: tags.of((_: number, id: string) => `row:${id}`) })(
      async (_id: string) => ++loads,
    )
    await get('a')
    tags.invalidate('r')
    expect(get.has('a')).to.equal(true)
    tags.invalidateAll('row:a')
    expect(get.has('a')).to.equal(false)

    await get('a')
    await invalidates(tags, (id: string) => `row:${id}`)(async (_id: string) => {})('a')
    expect(get.has('a')).to.equal(false)
  })

  it('invalidates a tag for which too many combinations are remembered', async () => {
    const tags = new Tags()
    let loads = 0
    const get = cached(lru({ max: 10 }), { tags: tags.of(() => ['a']) })(async () => ++loads)
    await get()
    for (let i = 0; i < 64; i++) tags.invalidateAll(['a', `b${i}`])
    expect(await get()).to.equal(1)

    tags.invalidateAll(['a', 'one too many'])
    expect(await get()).to.equal(2)
  })

  it('refuses what is no tag, no rule and no option', async () => {
    const tags = new Tags()
    expect(() => new Tags({ max: 5 } as any)).to.throw(TypeError, 'an option of Tags')
    expect(() => new Tags({ remembered: 0 })).to.throw(RangeError, 'remembered must be a positive integer')
    expect(() => tags.of('user' as any)).to.throw(TypeError, 'what gives the tags must be a function')
    expect(() => tags.invalidate(5 as any)).to.throw(TypeError, 'a tag must be a string, but got: 5')
    expect(() => tags.invalidateAll([])).to.throw(TypeError, 'one tag at least')
    expect(() => cached(new Map(), { tags: (() => []) as any })).to.throw(TypeError, 'tags must be what')
    const errors: unknown[] = []
    const get = cached(lru({ max: 1 }), { tags: tags.of(() => [7 as any]), onError: (e: unknown) => errors.push(e) })(
      async () => 'value',
    )
    expect(await get()).to.equal('value')
    expect(errors).to.have.length(1)
    expect(get.has()).to.equal(false)
  })
})
