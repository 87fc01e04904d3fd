import { expect } from 'chai'

import { batched } from '../src/batched.ts'
import { cached, ClosedError, lru } from '../src/index.ts'
import { deferred, ManualClock } from '../src/testing.ts'
import { AsyncMap } from './support/async-map.ts'
import { rejection } from './support/rejection.ts'

async function turns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

const stores: Record<string, () => any> = {
  lru: () => lru({ max: 100_000 }),
  Map: () => new Map(),
  'an asynchronous Map': () => new AsyncMap(),
}

for (const [name, create] of Object.entries(stores)) {
  describe(`a scope of a function over ${name}`, () => {
    it('has entries of its own, which end with it and alone', async () => {
      let loads = 0
      const get = cached(create(), { name: 'rows' })(async (id: string) => `${id} ${++loads}`)
      const first = get.scope('s1')
      const second = get.scope('s/2')

      expect(await Promise.all([get('a'), first('a'), second('a')])).to.deep.equal(['a 1', 'a 2', 'a 3'])
      expect(await first('a')).to.equal('a 2')
      await first.close()

      expect(await get('a')).to.equal('a 1')
      expect(await second('a')).to.equal('a 3')
      expect(await rejection(first('a'))).to.be.instanceOf(ClosedError)
      expect(await get.scope('s1')('a')).to.equal('a 4')
    })

    it('keeps nothing of a load that ends when it is being closed', async () => {
      const load = deferred<string>()
      let loads = 0
      const get = cached(create(), { name: 'rows' })(async (_id: string) => (++loads === 1 ? load.promise : 'new'))
      const scope = get.scope('s')
      const call = scope('a')
      await turns()
      const closing = scope.close()
      load.resolve('old')

      expect(await call).to.equal('old')
      await closing
      expect(await get.scope('s')('a')).to.equal('new')
    })

    it('is closed with its function', async () => {
      const get = cached(create(), { name: 'rows' })(async (id: string) => id)
      const scope = get.scope('s')
      await scope('a')
      await get.close()

      expect(await rejection(scope('a'))).to.be.instanceOf(ClosedError)
      expect(() => get.scope('t')).to.throw(ClosedError)
    })

    it('takes no calls from when its function is closed, though that waits for a load', async () => {
      const load = deferred<string>()
      const get = cached(create(), { name: 'rows' })(async (_id: string) => load.promise)
      const scope = get.scope('s')
      const call = get('a')
      await turns()
      const closing = get.close()

      expect(await rejection(scope('a'))).to.be.instanceOf(ClosedError)
      load.resolve('loaded')
      expect(await call).to.equal('loaded')
      await closing
    })

    it('can be asked for at any time while it is being closed', async () => {
      const get = cached(create(), { name: 'rows' })(async (id: string) => id)
      const scope = get.scope('s')
      await scope('a')
      const closing = scope.close({ wait: false })
      const progress = { closed: false }
      void closing.then(() => (progress.closed = true))

      while (!progress.closed) {
        expect(() => get.scope('s')).not.to.throw()
        await undefined
      }
      await closing
      expect(get.scope('s')).not.to.equal(scope)
      expect(await get.scope('s')('a')).to.equal('a')
    })
  })
}

describe('scope', () => {
  it('gives the same function for an id until that is closed', async () => {
    const get = cached(lru({ max: 10 }), { name: 'rows' })(async (id: string) => id)
    const scope = get.scope('s')

    expect(get.scope('s')).to.equal(scope)
    expect(get.scope('t')).not.to.equal(scope)
    await scope.close()
    expect(get.scope('s')).not.to.equal(scope)
  })

  it('keeps what is put in as soon as the one before it has been closed, though the clock stands still', async () => {
    const clock = new ManualClock()
    const get = cached(new AsyncMap<string, unknown>(), { name: 'rows', clock })(async (id: string) => id)
    const before = get.scope('s')
    for (let times = 0; times < 5; times++) await before.set(['a'], 'old')
    await before.close()

    await get.scope('s').set(['a'], 'new')
    expect(await get.scope('s').peek('a')).to.equal('new')
  })

  it('nests', async () => {
    let loads = 0
    const get = cached(lru({ max: 10 }), { name: 'rows' })(async (_id: string) => ++loads)
    const inner = get.scope('tenant').scope('session')
    await inner('a')
    await get.scope('tenant').close()

    expect(await rejection(inner('a'))).to.be.instanceOf(ClosedError)
    expect(get.store.size).to.equal(0)
  })

  it('leaves the store empty of ten thousand that were closed', async () => {
    const get = cached(lru({ max: 100_000 }), { name: 'rows' })(async (id: string) => id)
    await get('kept')
    const scopes = Array.from({ length: 10_000 }, (_, index) => get.scope(`session ${index}`))
    await Promise.all(scopes.map((scope) => scope('a')))
    expect(get.store.size).to.equal(10_001)

    await Promise.all(scopes.map((scope) => scope.close()))
    expect(get.store.size).to.equal(1)
    expect(get.stats()).to.include({ size: 1 })
  })

  it('goes with batches, which scopes share', async () => {
    const batches: string[][] = []
    const get = batched(lru<string, string>({ max: 10 }), { name: 'rows' })(async (ids: readonly string[]) => {
      batches.push([...ids])
      return [...ids]
    })
    const scope = get.scope('s')

    await Promise.all([get('a'), scope.many(['a', 'b'])])
    expect(batches).to.deep.equal([['a', 'b']])
    expect(get.scope('s')).to.equal(scope)
    await scope.close()
    expect(await get('c')).to.equal('c')
  })

  it('needs a name, and an id', () => {
    const get = cached(lru({ max: 10 }))(async (id: string) => id)
    expect(() => get.scope('s')).to.throw(TypeError, 'name must be given to a function that has scopes')
    const named = cached(lru({ max: 10 }), { name: 'rows' })(async (id: string) => id)
    expect(() => named.scope('')).to.throw(TypeError, 'the id of a scope must be a string that is not empty')
    expect(() => named.scope(5 as any)).to.throw(TypeError, 'the id of a scope must be')
  })
})
