import { expect } from 'chai'
import { useFakeTimers, type SinonFakeTimers } from 'sinon'

import { cached, loadContext, lru, LoadTimeoutError, type CachedOptions } from '../src/index.ts'
import { deferred, seededRandom, type Deferred } from '../src/testing.ts'
import { SlowMap } from './model/slow-map.ts'
import { rejection } from './support/rejection.ts'
import { timersLeft } from './support/timers.ts'

describe('a slow load', () => {
  let timers: SinonFakeTimers
  beforeEach(() => {
    timers = useFakeTimers({ now: 0 })
  })
  afterEach(() => timers.restore())

  function nothingIsLeft(): void {
    expect(timersLeft(timers, 50, 100)).to.equal(0)
  }

  function make(options: CachedOptions<string, [string]>) {
    const loads: (Deferred<string> & { signal: AbortSignal })[] = []
    const errors: unknown[] = []
    const get = cached(lru({ max: 10 }), { onError: (error: unknown) => errors.push(error), ...options })((
      _key: string,
    ): Promise<string> => {
      const load = { ...deferred<string>(), signal: loadContext().signal }
      loads.push(load)
      return load.promise
    })
    return { get, loads, errors }
  }

  it('is reported when it fails and the only caller left was still reading the store, and leaves', async () => {
    const errors: unknown[] = []
    const store = new SlowMap({ random: seededRandom(1), manual: true })
    const load = deferred<string>()
    const get = cached(store, { timeout: 100, onError: (error: unknown) => errors.push(error) })(
      async (_key: string) => load.promise,
    )
    const refreshed = rejection(get.refresh('k'))
    await timers.tickAsync(60)
    const called = rejection(get('k'))
    await timers.tickAsync(45)
    const down = new Error('down')
    load.reject(down)
    await timers.tickAsync(60)

    expect(await refreshed).to.be.instanceOf(LoadTimeoutError)
    expect(await called).to.be.instanceOf(LoadTimeoutError)
    expect(errors).to.deep.equal([down])
    store.letAllOn()
    await timers.tickAsync(0)
  })

  it('gives its callers a LoadTimeoutError with key and time, and is kept when it ends', async () => {
    const { get, loads } = make({ timeout: 100 })
    const call = rejection(get('k'))
    expect(timersLeft(timers, 100)).to.equal(1)
    await timers.tickAsync(99)
    const joined = rejection(get('k'))
    await timers.tickAsync(1)

    expect(await call)
      .to.be.instanceOf(LoadTimeoutError)
      .and.include({ key: 'k', ms: 100 })
    await timers.tickAsync(99)
    expect(await joined).to.be.instanceOf(LoadTimeoutError)
    const late = get('k')
    loads[0]!.resolve('slow')
    expect(await late).to.equal('slow')
    expect(await get('k')).to.equal('slow')
    expect(get.stats()).to.include({ loads: 1, misses: 1, joins: 2, hits: 1 })
    nothingIsLeft()
  })

  it('leaves no timer behind when it is in time', async () => {
    const { get, loads } = make({ timeout: 100, softTimeout: 50 })
    const call = get('k')
    loads[0]!.resolve('quick')

    expect(await call).to.equal('quick')
    nothingIsLeft()
  })

  it('that fails when all have gone is reported', async () => {
    const { get, loads, errors } = make({ timeout: 100 })
    const call = rejection(get('k'))
    await timers.tickAsync(100)
    await call
    const failure = new Error('late')
    loads[0]!.reject(failure)
    await timers.tickAsync(0)

    expect(errors).to.deep.equal([failure])
  })

  it('may not write when it was invalidated after its callers had gone', async () => {
    const { get, loads } = make({ timeout: 100 })
    const call = rejection(get('k'))
    await timers.tickAsync(100)
    await call
    get.invalidate('k')
    loads[0]!.resolve('late')
    await timers.tickAsync(0)

    expect(get.has('k')).to.equal(false)
  })

  it('gives the old value after softTimeout, and goes on', async () => {
    const { get, loads } = make({ ttl: 1_000, staleIfError: 5_000, softTimeout: 50 })
    const first = get('k')
    loads[0]!.resolve('old')
    await first
    await timers.tickAsync(1_001)

    const call = get('k')
    await timers.tickAsync(50)
    expect(await call).to.equal('old')
    loads[1]!.resolve('new')
    await timers.tickAsync(0)
    expect(await get('k')).to.equal('new')
  })

  it('gives an old value of any age after softTimeout where there is no stale window', async () => {
    const { get, loads } = make({ ttl: 1_000, softTimeout: 50 })
    const first = get('k')
    loads[0]!.resolve('old')
    await first
    await timers.tickAsync(3_600_000)

    const call = get('k')
    await timers.tickAsync(50)
    expect(await call).to.equal('old')
    loads[1]!.resolve('new')
    await timers.tickAsync(0)
  })

  it('gives the old value when a slow store has given it, if that is after softTimeout', async () => {
    const store = new SlowMap({ random: seededRandom(1) })
    const loads: Deferred<string>[] = []
    const get = cached(store, { ttl: 1_000, staleIfError: 5_000, softTimeout: 50 })((_key: string): Promise<string> => {
      loads.push(deferred())
      return loads.at(-1)!.promise
    })
    const first = get('k')
    await timers.tickAsync(1)
    loads[0]!.resolve('old')
    await first
    await timers.tickAsync(1_001)

    store.hold()
    const call = get('k')
    await timers.tickAsync(50)
    store.letAllOn()
    await timers.tickAsync(0)

    expect(loads.length).to.equal(2)
    expect(await call).to.equal('old')
    loads[1]!.resolve('new')
    await timers.tickAsync(0)
    expect(await get('k')).to.equal('new')
  })

  it('goes on waiting after softTimeout where there is no old value', async () => {
    const { get, loads } = make({ softTimeout: 50, timeout: 200 })
    const call = get('k')
    await timers.tickAsync(199)
    loads[0]!.resolve('slow')

    expect(await call).to.equal('slow')
  })

  it('gives the old value to nobody who asked for a fresh one', async () => {
    const { get, loads } = make({ ttl: 1_000, staleIfError: 5_000, softTimeout: 50 })
    const first = get('k')
    loads[0]!.resolve('old')
    await first

    const call = get.refresh('k')
    await timers.tickAsync(100)
    loads[1]!.resolve('new')
    expect(await call).to.equal('new')
  })

  it('gives the old value to whoever joined one who asked for a fresh one', async () => {
    const { get, loads } = make({ ttl: 1_000, staleIfError: 5_000, softTimeout: 50 })
    const first = get('k')
    loads[0]!.resolve('old')
    await first
    await timers.tickAsync(1_001)

    const refresh = get.refresh('k')
    const call = get('k')
    await timers.tickAsync(50)
    expect(await call).to.equal('old')
    loads[1]!.resolve('new')
    expect(await refresh).to.equal('new')
  })

  it('is not ended by the signal of one caller where another has timed out', async () => {
    const { get, loads } = make({ timeout: 100 })
    const timedOut = rejection(get('k'))
    await timers.tickAsync(100)
    await timedOut
    const controller = new AbortController()
    const call = rejection(get.with({ signal: controller.signal })('k'))
    controller.abort(new Error('gone'))

    expect(await call).to.have.property('message', 'gone')
    expect(loads[0]!.signal.aborted).to.equal(false)
    loads[0]!.resolve('slow')
    await timers.tickAsync(0)
    expect(get.peek('k')).to.equal('slow')
    nothingIsLeft()
  })

  it('is ended when its only caller leaves before the timeout', async () => {
    const { get, loads } = make({ timeout: 100 })
    const controller = new AbortController()
    const call = rejection(get.with({ signal: controller.signal })('k'))
    controller.abort(new Error('gone'))

    await call
    expect(loads[0]!.signal.aborted).to.equal(true)
    nothingIsLeft()
    loads[0]!.reject(new Error('aborted'))
    await timers.tickAsync(0)
  })
})
