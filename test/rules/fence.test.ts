import { expect } from 'chai'
import { LRUCache } from 'lru-cache'

import { cached, cachedSync, type Cached, type CachedSync } from '../../src/index.ts'
import { deferred, type Deferred } from '../../src/testing.ts'
import { SlowMap } from '../model/slow-map.ts'
import { AsyncMap } from '../support/async-map.ts'
import { rejection } from '../support/rejection.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
type Get = Cached<(id: string) => Promise<string>, any>

function byHand(store: any): { get: Get; gates: Deferred<string>[] } {
  const gates: Deferred<string>[] = []
  const get = cached(store)((_: string) => {
    const gate = deferred<string>()
    gates.push(gate)
    return gate.promise
  }) as Get
  return { get, gates }
}

const forgetting: Record<string, (get: Get) => unknown> = {
  invalidate: (get) => get.invalidate('a'),
  expire: (get) => get.expire('a'),
  clear: (get) => get.clear(),
}

for (const [kind, create] of [
  ['a Map', () => new Map()],
  ['lru-cache', () => new LRUCache<string, object>({ max: 9 })],
  ['an async store', () => new AsyncMap()],
] as const) {
  for (const [name, forget] of Object.entries(forgetting)) {
    describe(`${name} while a load runs over ${kind}`, () => {
      it('keeps the load from writing, and gives its callers their value', async () => {
        const { get, gates } = byHand(create())
        const before = get('a')
        await turn()

        await forget(get)
        gates[0]!.resolve('old')

        expect(await before).to.equal('old')
        await turn()
        expect(await get.has('a')).to.equal(false)
      })

      for (const end of ['succeeds', 'fails'] as const) {
        for (const order of ['after', 'before'] as const) {
          it(`lets an older load that ${end} ${order} a newer one change nothing of it`, async () => {
            const { get, gates } = byHand(create())
            const before = get('a')
            await turn()
            await forget(get)
            const after = get('a')
            await turn()
            const endOld = (): void =>
              end === 'fails' ? gates[0]!.reject(new Error('late')) : gates[0]!.resolve('old')

            if (order === 'before') endOld()
            await turn()
            gates[1]!.resolve('new')
            expect(await after).to.equal('new')
            if (order === 'after') endOld()
            await (end === 'fails' ? rejection(before) : before)
            await turn()

            expect(await get.peek('a')).to.equal('new')
            expect(await get('a')).to.equal('new')
            expect(gates).to.have.length(2)
          })
        }
      }
    })
  }

  describe(`refresh over ${kind}`, () => {
    it('never joins a load that began before, and outlives it in whatever order they end', async () => {
      for (const order of [
        [0, 1],
        [1, 0],
      ]) {
        const { get, gates } = byHand(create())
        const waiting = [get('a')]
        await turn()
        waiting.push(get.refresh('a'))
        await turn()
        for (const which of order) {
          gates[which]!.resolve(`load ${which}`)
          await turn()
        }

        expect(await Promise.all(waiting)).to.deep.equal(['load 0', 'load 1'])
        expect(await get.peek('a')).to.equal('load 1')
      }
    })

    it('leaves the old value where it is when it fails', async () => {
      const { get, gates } = byHand(create())
      const first = get('a')
      await turn()
      gates[0]!.resolve('old')
      await first
      const refreshed = get.refresh('a')
      await turn()
      gates[1]!.reject(new Error('down'))

      expect(await rejection(refreshed)).to.have.property('message', 'down')
      expect(await get('a')).to.equal('old')
    })

    it('keeps nothing of a load that it has overtaken, even when it fails itself', async () => {
      for (const order of [
        [0, 1],
        [1, 0],
      ]) {
        const { get, gates } = byHand(create())
        const before = get('a')
        await turn()
        const refreshed = rejection(get.refresh('a'))
        await turn()
        for (const which of order) {
          if (which === 0) gates[0]!.resolve('old')
          else gates[1]!.reject(new Error('down'))
          await turn()
        }

        expect(await before).to.equal('old')
        expect(await refreshed).to.have.property('message', 'down')
        expect(await get.has('a')).to.equal(false)
      }
    })

    it('is overtaken by a second one, which ends first', async () => {
      const { get, gates } = byHand(create())
      const refreshed = [get.refresh('a'), get.refresh('a'), get('a')]
      await turn()
      gates[1]!.resolve('second')
      await turn()
      gates[0]!.resolve('first')

      expect(await Promise.all(refreshed)).to.deep.equal(['first', 'second', 'second'])
      await turn()
      expect(await get.peek('a')).to.equal('second')
    })

    it('that is overtaken by an invalidation does not write', async () => {
      const { get, gates } = byHand(create())
      const first = get('a')
      await turn()
      gates[0]!.resolve('old')
      await first
      const refreshed = get.refresh('a')
      await turn()

      await get.invalidate('a')
      gates[1]!.resolve('late')

      expect(await refreshed).to.equal('late')
      await turn()
      expect(await get.has('a')).to.equal(false)
    })
  })

  describe(`set while a load runs over ${kind}`, () => {
    it('wins over the load, whether that succeeds or fails', async () => {
      for (const end of ['succeeds', 'fails']) {
        const { get, gates } = byHand(create())
        const before = get('a').catch((error: Error) => error.message)
        await turn()

        await get.set(['a'], 'put in')
        expect(await get('a')).to.equal('put in')
        if (end === 'fails') gates[0]!.reject(new Error('late'))
        else gates[0]!.resolve('loaded')

        expect(await before).to.equal(end === 'fails' ? 'late' : 'loaded')
        await turn()
        expect(await get('a')).to.equal('put in')
        expect(gates).to.have.length(1)
      }
    })
  })

  describe(`a load over ${kind}`, () => {
    const ways: Record<string, (get: Get) => unknown> = { ...forgetting, set: (get) => get.set(['a'], 'put in') }
    for (const [name, touch] of Object.entries(ways)) {
      it(`is overtaken by a ${name} of its own, in its first step or later`, async () => {
        for (const late of [false, true]) {
          const get: Get = cached(create() as any)(async (_: string): Promise<string> => {
            if (late) await null
            await touch(get)
            return 'loaded'
          })

          expect(await get('a')).to.equal('loaded')
          await turn()
          expect(await get.peek('a')).to.equal(name === 'set' ? 'put in' : undefined)
        }
      })
    }

    it('is a hit for a call right after its await, and can be looked at', async () => {
      const get = cached(create() as any)(async (id: string) => id.toUpperCase())

      await get('a')
      const hit = get('a')

      expect(await get.peek('a')).to.equal('A')
      expect(await hit).to.equal('A')
      expect(get.stats()).to.include({ hits: 1, misses: 1, loads: 1 })
    })

    it('of another key is let be by an invalidation', async () => {
      const { get, gates } = byHand(create())
      const other = get('b')
      await turn()

      await get.invalidate('a')
      gates[0]!.resolve('kept')
      await other
      await turn()

      expect(await get.peek('b')).to.equal('kept')
    })

    it('is not kept where the function that decides on that invalidates it', async () => {
      const get: Get = cached(create() as any, {
        when: () => {
          void get.invalidate('a')
          return true
        },
      })(async (_: string) => 'loaded') as Get

      expect(await get('a')).to.equal('loaded')
      await turn()
      expect(await get.has('a')).to.equal(false)
    })
  })
}

describe('an async store', () => {
  it('hears of a delete only when a write that already left has arrived', async () => {
    const written = deferred()
    const told: string[] = []
    const store = {
      get: async () => undefined,
      set: async () => {
        told.push('set begins')
        await written.promise
        told.push('set ends')
      },
      delete: async () => {
        told.push('delete')
        return true
      },
    }
    const get = cached(store)(async (_: string) => 'value')
    await get('a')

    const invalidated = get.invalidate('a')
    await turn()
    written.resolve()
    await invalidated

    expect(told).to.deep.equal(['set begins', 'set ends', 'delete'])
  })

  it('that is being read during an invalidation gives no call after that what it read', async () => {
    const store = new SlowMap({ random: () => 0.5, manual: true })
    const letOn = async (): Promise<void> => {
      store.letOn(0)
      await turn()
    }
    const map = new AsyncMap<string, unknown>()
    const first = cached(map)(async (_: string) => 'old')
    await first('a')
    await turn()
    for (const [key, record] of map.map) store.inner.set(key, record)
    let loads = 0
    const get = cached(store)(async (_: string) => `new ${++loads}`)

    const before = get('a')
    await turn()
    await letOn()
    const invalidated = get.invalidate('a')
    const after = get('a')
    await turn()
    store.letAllOn()

    expect(await before).to.equal('old')
    expect(await invalidated).to.equal(true)
    expect(await after).to.equal('new 1')
    await turn()
    expect(await get.peek('a')).to.equal('new 1')
    expect(get.stats()).to.include({ loads: 1 })
  })

  it('is not given back an old value whose use is noted when a newer one has been loaded and invalidated', async () => {
    const map = new Map<string, unknown>()
    const reads: (() => void)[] = []
    let slow = false
    const store = {
      get: async (key: string) => {
        const value = map.get(key)
        if (slow) await new Promise<void>((resolve) => reads.push(resolve))
        return value
      },
      set: async (key: string, value: unknown) => map.set(key, value),
      delete: async (key: string) => map.delete(key),
    }
    const gates = [deferred<string>(), deferred<string>()]
    let loads = 0
    const get = cached<any, string, [string]>(store, { tti: 1_000 })((_: string) => gates[loads++]!.promise)
    gates[0]!.resolve('old')
    await get('a')
    await turn()

    slow = true
    const newer = get.with({ fresh: true })('a')
    const beside = get('a')
    await turn()
    gates[1]!.resolve('new')
    await newer
    await get.invalidate('a')
    slow = false
    for (const read of reads) read()

    expect(await beside).to.equal('old')
    await turn()
    expect(await get.has('a')).to.equal(false)
  })

  it('that is being read during an invalidation does not keep what the load behind the read gives', async () => {
    const store = new SlowMap({ random: () => 0.5, manual: true })
    const { get, gates } = byHand(store)

    const before = get('a')
    await turn()
    const invalidated = get.invalidate('a')
    store.letAllOn()
    await invalidated
    await turn()
    gates[0]!.resolve('old')

    expect(await before).to.equal('old')
    await turn()
    expect(store.inner.size).to.equal(0)
  })

  it('keeps nothing that was on its way there during a clear', async () => {
    const store = new SlowMap({ random: () => 0.5, manual: true })
    let loads = 0
    const get = cached(store)(async (id: string) => `${id}${++loads}`)
    const answers: string[] = []
    for (const id of ['a', 'b']) void get(id).then((value) => answers.push(value))
    for (let steps = 0; steps < 20 && answers.length < 2; steps++) {
      store.letOn(0)
      await turn()
    }
    expect([store.busy, store.inner.size]).to.deep.equal([2, 0])

    const cleared = get.clear() as Promise<void>
    expect(await get('a')).to.equal('a3')
    store.letAllOn()
    await cleared
    await turn()

    expect([await get.peek('a'), await get.peek('b')]).to.deep.equal(['a3', undefined])
  })

  it('has the newest value in the end, however many overtook one another', async () => {
    const store = new SlowMap({ random: () => 0.5, manual: true })
    const get = cached(store)(async (_: string) => 'loaded')

    const done = [get.set(['a'], '1'), get.set(['a'], '2'), get.invalidate('a'), get.set(['a'], '3')]
    expect(await get('a')).to.equal('3')
    store.letAllOn()
    await Promise.all(done)

    expect(await get.peek('a')).to.equal('3')
    expect(get.stats()).to.include({ loads: 0, hits: 1 })
  })

  it('does not hold callers up when a delete waits for a write that never ends', async () => {
    const never = new Promise<void>(() => {})
    const store = { get: async () => undefined, set: () => never, delete: async () => false }
    let loads = 0
    const get = cached(store)(async (_: string) => ++loads)
    await get('a')

    void get.invalidate('a')

    expect(await get.peek('a')).to.equal(undefined)
    expect([await get('a'), await get('a')]).to.deep.equal([2, 2])
  })

  it('does not hold callers up when a write never ends, and they are hits', async () => {
    const never = new Promise<void>(() => {})
    const store = { get: async () => undefined, set: () => never, delete: async () => false }
    let loads = 0
    const get = cached(store)(async (_: string) => ++loads)

    expect([await get('a'), await get('a')]).to.deep.equal([1, 1])
    expect(get.stats()).to.include({ hits: 1, misses: 1 })
  })

  it('is not believed after it failed to delete', async () => {
    const store = new AsyncMap<string, unknown>()
    const errors: unknown[] = []
    let loads = 0
    const get = cached(store, { onError: (error) => errors.push(error) })(async (_: string) => ++loads)
    await get('a')
    await turn()
    store.delete = async () => {
      throw new Error('down')
    }

    expect(await rejection(get.invalidate('a') as Promise<boolean>)).to.have.property('message', 'down')

    expect(await get('a')).to.equal(2)
    expect(errors).to.have.length(1)
  })

  it('costs nothing but the load while it fails, and leaves nothing unhandled', async () => {
    const down = async (): Promise<never> => {
      throw new Error('down')
    }
    const errors: unknown[] = []
    const get = cached(
      { get: down, set: down, delete: down },
      { onError: (error) => errors.push(error) },
    )(async (id: string) => id)

    expect([await get('a'), await get('a')]).to.deep.equal(['a', 'a'])
    void get.invalidate('a')
    void get.set(['a'], 'b')
    void get.has('a')
    void get.peek('a')
    void get.expire('a')
    void get.clear()
    await turn()

    expect(get.stats().storeFailures).to.equal(errors.length)
    expect(errors.length).to.be.greaterThan(4)
  })
})

describe('a function that returns at once', () => {
  type GetNow = CachedSync<(id: string) => string, any>
  const ways: Record<string, (get: GetNow) => unknown> = {
    invalidate: (get) => get.invalidate('a'),
    expire: (get) => get.expire('a'),
    clear: (get) => get.clear(),
    set: (get) => get.set(['a'], 'put in'),
  }
  for (const [name, touch] of Object.entries(ways)) {
    it(`is overtaken by a ${name} of its own`, () => {
      for (const store of [new Map(), new LRUCache<string, object>({ max: 9 })] as any[]) {
        let loads = 0
        const get: GetNow = cachedSync(store)((_: string): string => {
          if (++loads === 1) touch(get)
          return `load ${loads}`
        })

        expect(get('a')).to.equal('load 1')
        expect(get('a')).to.equal(name === 'set' ? 'put in' : 'load 2')
        expect(get('a')).to.equal(name === 'set' ? 'put in' : 'load 2')
      }
    })
  }
})
