import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { expect } from 'chai'
import { cached, controlsOf, lru, type Policy } from '../src/index.ts'
import { deferred } from '../src/testing.ts'
import { AsyncMap } from './support/async-map.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Collects garbage until `done`, and fails when that does not come. What has gone is told in a later turn. */
async function collectUntil(done: () => boolean): Promise<void> {
  for (let round = 0; round < 50; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
    if (done()) return
  }
  expect.fail('it was not collected')
}

/** Lets all go that can go. */
async function collectAll(): Promise<void> {
  let gone = false
  const registry = new FinalizationRegistry(() => (gone = true))
  registry.register({}, undefined)
  await collectUntil(() => gone)
  await collectUntil(() => true)
}

function services(store: any, options: object = {}) {
  class Service {
    readonly load: (id: string) => Promise<string>
    constructor(load: (id: string) => Promise<string> = async (id) => id) {
      this.load = load
    }
    @cached(store, options)
    async find(id: string): Promise<string> {
      return this.load(id)
    }
    @cached(store, options)
    async #count(id: string): Promise<number> {
      return id.length
    }
    count(id: string): Promise<number> {
      return this.#count(id)
    }
  }
  return Service
}

const stores: Record<string, () => Map<any, unknown> | Policy<any, unknown>> = {
  'a Map': () => new Map(),
  'the policy lru': () => lru({ max: 100 }),
}

describe('an instance with cached methods', () => {
  for (const [kind, create] of Object.entries(stores)) {
    it(`goes when nobody needs it, and its entries leave ${kind} that others use`, async () => {
      const store = create()
      const Service = services(store)
      const stays = new Service()
      let goes: WeakRef<object> | undefined
      await stays.find('a')
      await (async () => {
        const service = new Service()
        goes = new WeakRef(service)
        await Promise.all([service.find('a'), service.find('b'), service.count('a')])
      })()
      expect(store.size).to.equal(4)

      await collectUntil(() => goes!.deref() === undefined && store.size === 1)

      expect(controlsOf(stays.find).stats()).to.include({ size: 1, invalidations: 0 })
      expect(controlsOf(stays.find).has('a')).to.equal(true)
    })
  }

  it('gives up its place in the store', async () => {
    const store = new Map<string, unknown>()
    const Service = services(store)
    await new Service().find('a')
    expect(() => cached(store)(async () => 1)).to.throw(TypeError, 'name must be given')

    await collectUntil(() => store.size === 0)

    expect(await cached(store)(async () => 1)()).to.equal(1)
  })

  it('goes with a store of its own, though the store knows it', async () => {
    let goes: WeakRef<object> | undefined
    class Service {
      readonly removed: unknown[] = []
      readonly store: Policy<any, any> = lru({ max: 1, onRemoval: (key) => this.removed.push(key) })

      @cached((self: Service) => self.store)
      async find(id: string): Promise<string> {
        return id
      }
    }
    await (async () => {
      const service = new Service()
      goes = new WeakRef(service)
      await service.find('a')
      await service.find('b')
      expect(service.removed).to.have.length(1)
    })()

    await collectUntil(() => goes!.deref() === undefined)
  })

  it('goes from a remote store, which keeps what it has', async () => {
    const store = new AsyncMap<string, unknown>()
    const Service = services(store)
    let goes: WeakRef<object> | undefined
    await (async () => {
      const service = new Service()
      goes = new WeakRef(service)
      await service.find('a')
    })()

    await collectUntil(() => goes!.deref() === undefined)
    await collectAll()

    expect(store.map.size).to.equal(1)
  })

  it('stays as long as somebody has its method', async () => {
    const store = new Map()
    const Service = services(store)
    const { find } = new Service()
    await find('a')

    await collectAll()

    expect(await find('a')).to.equal('a')
    expect(controlsOf(find).stats()).to.include({ hits: 1, size: 1 })
  })

  it('stays while its load runs, whose value goes to its callers and then leaves with it', async () => {
    const store = new Map()
    const gate = deferred<string>()
    const Service = services(store)
    let goes: WeakRef<object> | undefined
    const waiting = (() => {
      const service = new Service(() => gate.promise)
      goes = new WeakRef(service)
      return Promise.all([service.find('a'), service.find('a')])
    })()

    await collectAll()
    gate.resolve('late')

    expect(await waiting).to.deep.equal(['late', 'late'])
    await collectUntil(() => goes!.deref() === undefined && store.size === 0)
  })

  it('leaves what instances share for the others', async () => {
    const store = new Map()
    const Service = services(store, { name: 'shared', shareKeys: true })
    let goes: WeakRef<object> | undefined
    await (async () => {
      const service = new Service()
      goes = new WeakRef(service)
      await service.find('a')
    })()

    await collectUntil(() => goes!.deref() === undefined)
    await collectAll()

    const other = new Service(async () => 'loaded again')
    expect(await other.find('a')).to.equal('a')
  })

  for (const [kind, create] of Object.entries({
    'a Map': () => new Map(),
    'an asynchronous Map': () => new AsyncMap(),
  })) {
    it(`goes although its load never ends, over ${kind}`, async () => {
      const Service = services(create())
      let goes: WeakRef<object> | undefined
      await (async () => {
        const service = new Service(() => new Promise(() => {}))
        goes = new WeakRef(service)
        void service.find('a')
        await new Promise((resolve) => setImmediate(resolve))
      })()

      await collectUntil(() => goes!.deref() === undefined)
    })
  }

  it('leaves controls behind that are closed', async () => {
    const store = new Map()
    const Service = services(store)
    const { set, stats } = await (async () => {
      const service = new Service()
      await service.find('a')
      return controlsOf(service.find)
    })()

    await collectUntil(() => store.size === 0)

    expect(() => set(['a'], 'too late')).to.throw('this has been closed')
    expect(stats().size).to.equal(0)
  })

  it('goes after it has been closed, and leaves the store as it is', async () => {
    const store = new Map()
    const errors: unknown[] = []
    const Service = services(store, { onError: (error: unknown) => errors.push(error) })
    let goes: WeakRef<object> | undefined
    await (async () => {
      const service = new Service()
      goes = new WeakRef(service)
      await service.find('a')
      await controlsOf(service.find).close()
    })()

    await collectUntil(() => goes!.deref() === undefined)
    await collectAll()

    expect(store.size).to.equal(1)
    expect(errors).to.deep.equal([])
  })

  it('reports a store that fails when its entries are to leave', async () => {
    const errors: unknown[] = []
    class Failing extends Map<unknown, unknown> {
      override delete(): never {
        throw new Error('out of order')
      }
    }
    const Service = services(new Failing(), { onError: (error: unknown) => errors.push(error) })
    await new Service().find('a')

    await collectUntil(() => errors.length > 0)

    expect(String(errors[0])).to.equal('Error: out of order')
  })
})
