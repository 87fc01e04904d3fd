import { expect } from 'chai'
import { LRUCache } from 'lru-cache'

import { cached, type Cached } from '../../src/index.ts'
import { deferred, type Deferred } from '../../src/testing.ts'
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
