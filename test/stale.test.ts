import { expect } from 'chai'

import { cached, lru, loadContext, ttl, type CachedOptions } from '../src/index.ts'
import { deferred, ManualClock, seededRandom, type Deferred } from '../src/testing.ts'
import { SlowMap } from './model/slow-map.ts'
import { AsyncMap } from './support/async-map.ts'
import { rejection } from './support/rejection.ts'

/** A cached function whose loads end when the test says so, over a store of either kind. */
function make(store: any, options: CachedOptions<string, [string]> = {}) {
  const clock = new ManualClock()
  const loads: (Deferred<string> & { staleValue: unknown; background: boolean; signal: AbortSignal })[] = []
  const errors: unknown[] = []
  const get = cached<any, string, [string]>(store, {
    ttl: 1_000,
    clock,
    onError: (error) => errors.push(error),
    ...options,
  })((_key: string): Promise<string> => {
    const { staleValue, background, signal } = loadContext<string>()
    const load = { ...deferred<string>(), staleValue, background, signal }
    loads.push(load)
    return load.promise
  })
  /** Loads a value and lets the clock go on. */
  async function filled(value: string, age = 0): Promise<void> {
    const call = get('k')
    await turns()
    loads.at(-1)!.resolve(value)
    await call
    await turns()
    clock.advance(age)
  }
  return { clock, loads, errors, get, filled }
}

/** Lets everything settle that is not waiting for a load. */
async function turns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

const stores: Record<string, () => any> = {
  lru: () => lru({ max: 10 }),
  Map: () => new Map(),
  'an asynchronous Map': () => new AsyncMap(),
}

for (const [name, create] of Object.entries(stores)) {
  describe(`old values in ${name}`, () => {
    it('are served at once while one refresh runs behind them', async () => {
      const { get, filled, loads } = make(create(), { staleWhileRevalidate: 500 })
      await filled('old', 1_499)

      const served = await Promise.all([get('k'), get('k'), get('k')])

      expect(served).to.deep.equal(['old', 'old', 'old'])
      expect(loads.length).to.equal(2)
      expect(loads[1]).to.include({ staleValue: 'old', background: true })
      loads[1]!.resolve('new')
      await turns()
      expect(await get('k')).to.equal('new')
      expect(get.stats()).to.include({ hits: 1, misses: 1, joins: 0, staleHits: 3, loads: 2 })
    })

    it('are served at once to those who come later while the refresh runs, and whatever comes of it', async () => {
      for (const option of [{ staleWhileRevalidate: 500 }, { refreshAfter: 900, ttl: 2_000 }]) {
        const { get, filled, loads } = make(create(), option)
        await filled('old', 1_000)
        await get('k')
        await turns()

        expect(await get('k')).to.equal('old')
        loads[1]!.reject(new Error('down'))
        expect(await get('k')).to.equal('old')
        await turns()
        expect(get.stats()).to.include({ misses: 1, joins: 0, loads: 2, loadFailures: 1 })
        await get.close()
      }
    })

    it('are not served when their window is over', async () => {
      const { get, filled, loads } = make(create(), { staleWhileRevalidate: 500 })
      await filled('old', 1_500)

      const call = get('k')
      await turns()

      expect(loads[1]).to.include({ staleValue: 'old', background: false })
      loads[1]!.resolve('new')
      expect(await call).to.equal('new')
    })

    it('are served after expire as if their time had come', async () => {
      const { get, filled, loads } = make(create(), { staleWhileRevalidate: 500 })
      await filled('old')

      expect(await get.expire('k')).to.equal(true)
      expect(await get.expire('k')).to.equal(false)

      expect(await get.has('k')).to.equal(false)
      expect(await get('k')).to.equal('old')
      await turns()
      expect(loads.length).to.equal(2)
      loads[1]!.resolve('new')
    })

    it('stay when the refresh fails, which is reported and not tried again for a second', async () => {
      const { get, filled, loads, errors, clock } = make(create(), { staleWhileRevalidate: 5_000 })
      const failure = new Error('down')
      await filled('old', 1_000)

      expect(await get('k')).to.equal('old')
      await turns()
      loads[1]!.reject(failure)
      await turns()
      expect(errors).to.deep.equal([failure])

      clock.advance(999)
      expect(await get('k')).to.equal('old')
      await turns()
      expect(loads.length).to.equal(2)
      clock.advance(1)
      expect(await get('k')).to.equal('old')
      await turns()
      expect(loads.length).to.equal(3)
      loads[2]!.resolve('new')
      await turns()
      expect(await get('k')).to.equal('new')
    })

    it('are forgotten by an invalidation in the middle of a refresh, and the refresh may not write', async () => {
      const { get, filled, loads } = make(create(), { staleWhileRevalidate: 500 })
      await filled('old', 1_000)
      await get('k')
      await turns()

      expect(await get.invalidate('k')).to.equal(true)
      const call = get('k')
      await turns()
      loads[1]!.resolve('from before')
      await turns()
      loads[2]!.resolve('from after')

      expect(await call).to.equal('from after')
      expect(await get.peek('k')).to.equal('from after')
    })

    it('stand in for a load that fails, and for one second no load is tried', async () => {
      const { get, filled, loads, errors, clock } = make(create(), { staleIfError: 60_000 })
      const failure = new Error('down')
      await filled('old', 2_000)

      const calls = [get('k'), get('k')]
      await turns()
      expect(loads[1]).to.include({ staleValue: 'old', background: false })
      loads[1]!.reject(failure)

      expect(await Promise.all(calls)).to.deep.equal(['old', 'old'])
      expect(errors).to.deep.equal([failure])
      clock.advance(999)
      expect(await get('k')).to.equal('old')
      expect(loads.length).to.equal(2)
      clock.advance(1)
      const call = get('k')
      await turns()
      expect(loads.length).to.equal(3)
      loads[2]!.resolve('new')
      expect(await call).to.equal('new')
      expect(get.stats()).to.include({ misses: 3, joins: 1, staleHits: 1, loadFailures: 1 })
    })

    it('stand in for no failure beyond their window', async () => {
      const { get, filled, loads } = make(create(), { staleIfError: 500 })
      await filled('old', 1_400)

      const call = get('k')
      await turns()
      loads[1]!.reject(new Error('down'))
      expect(await call).to.equal('old')
    })

    it('do not stand in for one who asked for a fresh value, but for those who joined', async () => {
      const { get, filled, loads } = make(create(), { staleIfError: 5_000 })
      await filled('old', 1_000)

      const refresh = rejection(get.refresh('k'))
      await turns()
      loads[1]!.reject(new Error('down'))

      expect(await refresh)
        .to.be.an('error')
        .with.property('message', 'down')
      expect(await get('k')).to.equal('old')
    })

    it('are for whoever joined a refresh that fails, and not for one who has left', async () => {
      const { get, filled, loads } = make(create(), { staleIfError: 5_000, timeout: 60_000 })
      await filled('old', 1_000)
      const controller = new AbortController()

      const refresh = rejection(get.refresh('k'))
      const joined = get('k')
      const left = rejection(get.with({ signal: controller.signal })('k'))
      await turns()
      controller.abort(new Error('gone'))
      expect(await left).to.equal(controller.signal.reason)
      loads[1]!.reject(new Error('down'))

      expect(await joined).to.equal('old')
      expect(await refresh).to.have.property('message', 'down')
      const { hits, misses, joins, staleHits } = get.stats()
      expect(hits + misses + joins + staleHits).to.equal(4)
    })

    it('are served while a refresh that was asked for runs', async () => {
      const { get, filled, loads } = make(create(), { staleWhileRevalidate: 500 })
      await filled('fresh', 999)
      const refresh = get.refresh('k')
      expect(await Promise.all([get('k'), get('k')])).to.deep.equal(['fresh', 'fresh'])
      await get.expire('k')
      loads[1]!.resolve('overtaken')
      await refresh

      const second = get.refresh('k')
      expect(await Promise.all([get('k'), get('k')])).to.deep.equal(['fresh', 'fresh'])
      expect(await get('k')).to.equal('fresh')
      loads[2]!.resolve('new')

      expect(await second).to.equal('new')
      expect(await get('k')).to.equal('new')
      expect(get.stats()).to.include({ hits: 3, misses: 3, staleHits: 3, joins: 0, loads: 3 })
    })

    it('keep no refresh going whose caller has left', async () => {
      const { get, filled, loads } = make(create(), { staleWhileRevalidate: 500 })
      await filled('old', 1_000)
      const [first, second] = [new AbortController(), new AbortController()]
      const refresh = rejection(get.with({ signal: first.signal, fresh: true })('k'))
      expect(await get.with({ signal: second.signal })('k')).to.equal('old')

      first.abort('gone')

      expect(await refresh).to.equal('gone')
      expect(loads[1]!.signal.aborted).to.equal(true)
      loads[1]!.reject(new Error('aborted'))
      await turns()
    })

    it('are left alone for errorTtl where it is given', async () => {
      const { get, filled, loads, clock } = make(create(), { staleIfError: 60_000, errorTtl: 5_000 })
      await filled('old', 1_000)
      const call = get('k')
      await turns()
      loads[1]!.reject(new Error('down'))
      await call

      clock.advance(4_999)
      expect(await get('k')).to.equal('old')
      expect(loads.length).to.equal(2)
    })

    it('are refreshed by a hit from refreshAfter on', async () => {
      const { get, filled, loads } = make(create(), { refreshAfter: 600 })
      await filled('old', 599)
      expect(await get('k')).to.equal('old')
      await turns()
      expect(loads.length).to.equal(1)
      await filled('old', 1)

      expect(await Promise.all([get('k'), get('k')])).to.deep.equal(['old', 'old'])
      await turns()
      expect(loads.length).to.equal(2)
      loads[1]!.resolve('new')
      await turns()
      expect(await get('k')).to.equal('new')
      expect(get.stats()).to.include({ misses: 1, staleHits: 0, loads: 2 })
    })

    it('go with the room of a function that is cleared while they are refreshed', async () => {
      const { get, filled, loads } = make(create(), { staleWhileRevalidate: 500 })
      await filled('old', 1_000)
      await get('k')
      await turns()

      await get.clear()
      loads[1]!.resolve('from before')
      await turns()

      expect(await get.has('k')).to.equal(false)
      const call = get('k')
      await turns()
      expect(loads[2]).to.include({ staleValue: undefined })
      loads[2]!.resolve('new')
      expect(await call).to.equal('new')
    })

    it('answer a failure that is remembered by the failure itself where there is none of them', async () => {
      const { get, loads, clock } = make(create(), { errorTtl: 100 })
      const failure = new Error('down')
      const first = rejection(get('k'))
      await turns()
      loads[0]!.reject(failure)
      expect(await first).to.equal(failure)

      clock.advance(99)
      expect(await rejection(get('k'))).to.equal(failure)
      expect(get.stats()).to.include({ hits: 1, misses: 1, loads: 1 })
      clock.advance(1)
      const again = get('k')
      await turns()
      loads[1]!.resolve('new')
      expect(await again).to.equal('new')
    })

    for (const [how, forget] of Object.entries({
      invalidate: (get: any) => get.invalidate('k'),
      expire: (get: any) => get.expire('k'),
      clear: (get: any) => get.clear(),
      set: (get: any) => get.set(['k'], 'new'),
    })) {
      it(`forget a failure with ${how}`, async () => {
        const { get, loads } = make(create(), { errorTtl: 100 })
        const first = rejection(get('k'))
        await turns()
        loads[0]!.reject(new Error('down'))
        await first

        await forget(get)
        const call = get('k')
        await turns()
        loads[1]?.resolve('new')

        expect(await call).to.equal('new')
      })
    }

    it('remember no failure of a load that was invalidated meanwhile', async () => {
      const { get, loads } = make(create(), { errorTtl: 100 })
      const first = rejection(get('k'))
      await turns()
      await get.invalidate('k')
      loads[0]!.reject(new Error('down'))
      await first

      const call = get('k')
      await turns()
      loads[1]!.resolve('new')
      expect(await call).to.equal('new')
    })
  })
}

describe('expire', () => {
  it('gives no new life to an old value that a slow store has not taken yet', async () => {
    const store = new SlowMap({ random: seededRandom(1), manual: true })
    const clock = new ManualClock()
    let loads = 0
    const get = cached(store, { ttl: 1_000, staleWhileRevalidate: 500, clock })(async (_key: string) => ++loads)
    const first = get('k')
    for (let steps = 0; steps < 4; steps++) {
      store.letOn(0)
      await turns()
    }
    await first
    clock.advance(1_500)

    expect(await get.expire('k')).to.equal(false)
    const second = get('k')
    store.letAllOn()

    expect(await second).to.equal(2)
  })
})

describe('refreshAfter', () => {
  it('is spread by jitter, within the life of each entry', async () => {
    const clock = new ManualClock()
    let loads = 0
    const get = cached(lru({ max: 1_000 }), {
      ttl: 1_000,
      jitter: 1_000,
      refreshAfter: 500,
      clock,
      random: seededRandom(7),
    })(async (_key: number) => ++loads)
    for (let key = 0; key < 100; key++) await get(key)

    const refreshed: number[] = []
    for (let at = 0; at < 1_000; at += 100) {
      const before = loads
      for (let key = 0; key < 100; key++) await get(key)
      await turns()
      refreshed.push(loads - before)
      clock.advance(100)
    }

    expect(refreshed.slice(0, 6)).to.deep.equal([0, 0, 0, 0, 0, refreshed[5]])
    expect(refreshed.slice(5).filter((count) => count > 5).length).to.be.greaterThan(3)
  })

  it("'early' starts a refresh the sooner the longer the load took", async () => {
    const clock = new ManualClock()
    let lot = 0.5
    const loads: Deferred<number>[] = []
    const get = cached(lru({ max: 10 }), { ttl: 1_000, refreshAfter: 'early', clock, random: () => lot })((
      _key: string,
    ) => {
      const load = deferred<number>()
      loads.push(load)
      return load.promise
    })
    const first = get('k')
    clock.advance(100)
    loads[0]!.resolve(1)
    await first

    // 100 ms of load times -ln(0.5) is 69 ms before the end.
    clock.advance(930)
    expect(await get('k')).to.equal(1)
    expect(loads.length).to.equal(1)
    clock.advance(1)
    lot = Math.exp(-0.69)
    expect(await get('k')).to.equal(1)
    expect(loads.length).to.equal(2)
    loads[1]!.resolve(2)
    await turns()
    expect(await get('k')).to.equal(2)
    expect(get.stats()).to.include({ hits: 3, misses: 1, loads: 2 })
  })
})

describe('the policy ttl', () => {
  it('keeps an entry for as long as it may be served, and no longer', async () => {
    const clock = new ManualClock()
    const get = cached(ttl({ clock }), { ttl: 1_000, staleIfError: 500, clock })(async (key: string) => key)
    await get('k')

    clock.advance(1_499)
    expect(get.store.size).to.equal(1)
    clock.advance(1)
    expect(get.store.size).to.equal(0)
  })
})

describe('what a load says', () => {
  it('sets the life of its value by setTtl', async () => {
    const clock = new ManualClock()
    const get = cached(lru({ max: 10 }), { ttl: 1_000, clock })(async (key: string) => {
      const context = loadContext()
      await undefined
      context.setTtl(50)
      return key
    })

    await get('k')
    clock.advance(49)
    expect(get.has('k')).to.equal(true)
    clock.advance(1)
    expect(get.has('k')).to.equal(false)
  })

  it('is checked', async () => {
    const get = cached(lru({ max: 10 }))(async () => loadContext().setTtl(-1))

    expect(await rejection(get()))
      .to.be.instanceOf(RangeError)
      .with.property('message')
      .that.includes('setTtl')
  })

  it('keeps a value out of the store by skipStore, and the older one goes with it', async () => {
    let skip = false
    const get = cached(lru({ max: 10 }))(async (key: string) => {
      if (skip) loadContext().skipStore()
      return key
    })
    await get('k')
    skip = true

    expect(await get.refresh('k')).to.equal('k')
    expect(get.has('k')).to.equal(false)
  })

  it('knows the value that a refresh replaces', async () => {
    const seen: unknown[] = []
    const get = cached(lru({ max: 10 }))(async (_key: string) => {
      seen.push(loadContext<number>().staleValue)
      return seen.length
    })
    await get('k')
    await get.refresh('k')

    expect(seen).to.deep.equal([undefined, 1])
  })
})
