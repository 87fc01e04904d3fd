import { expect } from 'chai'

import { Cache, cached, cachedSync, loadContext } from '../../src/index.ts'
import { deferred, ManualClock } from '../../src/testing.ts'
import { SlowMap } from '../model/slow-map.ts'
import { AsyncMap } from '../support/async-map.ts'
import { rejection } from '../support/rejection.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('close', () => {
  it('waits for running loads and keeps what they give', async () => {
    for (const store of [new Map(), new AsyncMap()] as any[]) {
      const gate = deferred<string>()
      const get = cached(store)((_: string) => gate.promise)
      const waiting = get('a')
      let closed = false

      const closing = get.close().then(() => (closed = true))
      expect(await rejection(get('b'))).to.have.property('name', 'ClosedError')
      expect(closed).to.equal(false)
      gate.resolve('value')
      await closing

      expect(await waiting).to.equal('value')
      const again = cached(store)(async (_: string) => 'loaded')
      expect(await (store instanceof Map ? store.size : store.map.size)).to.equal(1)
      await again.close()
    }
  })

  it('fires the signals of running loads when it is not to wait, and keeps nothing', async () => {
    const store = new Map()
    const gate = deferred<string>()
    let signal: AbortSignal | undefined
    const get = cached(store)((_: string) => {
      signal = loadContext().signal
      return gate.promise
    })
    const waiting = get('a')

    await get.close({ wait: false })

    expect(signal!.reason).to.have.property('name', 'ClosedError')
    gate.resolve('late')
    expect(await waiting).to.equal('late')
    expect(store.size).to.equal(0)
  })

  it('leaves a load alone that callers of another function wait for, until that ends too', async () => {
    for (const store of [new Map(), new AsyncMap()] as any[]) {
      const options = { name: 'one', shareKeys: true }
      const gate = deferred<string>()
      let signal: AbortSignal | undefined
      const load = (_: string) => {
        signal = loadContext().signal
        return gate.promise
      }
      const [first, second] = [cached(store, options)(load), cached(store, options)(load)]
      const waiting = [first('a'), second('a')]
      await turn()

      await first.close({ wait: false })
      expect(signal!.aborted).to.equal(false)
      await second.close({ wait: false })
      expect(signal!.reason).to.have.property('name', 'ClosedError')

      gate.resolve('late')
      expect(await Promise.all(waiting)).to.deep.equal(['late', 'late'])
    }
  })

  it('waits for a load that another function has begun and its own callers wait for', async () => {
    const options = { name: 'one', shareKeys: true }
    const gate = deferred<string>()
    const store = new Map()
    const [first, second] = [cached(store, options)(() => gate.promise), cached(store, options)(() => gate.promise)]
    const waiting = [first(), second()]
    let closed = false
    const closing = second.close().then(() => (closed = true))
    await turn()
    expect(closed).to.equal(false)

    gate.resolve('value')
    await closing
    expect(await Promise.all(waiting)).to.deep.equal(['value', 'value'])
  })

  it('begins no refresh of an old value that was still being read', async () => {
    const store = new AsyncMap<string, unknown>()
    const clock = new ManualClock()
    let loads = 0
    const get = cached(store, { ttl: 10, staleWhileRevalidate: 100, clock })(async (_: string) => ++loads)
    await get('a')
    await turn()
    clock.advance(10)

    const waiting = get('a')
    await get.close()
    await turn()

    expect(await waiting).to.equal(1)
    expect(loads).to.equal(1)
  })

  it('ends a Cache alike', async () => {
    const cache = new Cache<string, string>(new Map())
    await cache.get('a', async () => 'value')

    await cache.close()

    expect(await rejection(cache.get('a', async () => 'value'))).to.include({ name: 'ClosedError', key: 'a' })
    expect(() => cache.set('a', 'b')).to.throw('closed')
  })

  it('waits for loads that an invalidation has overtaken, and for those that fail', async () => {
    for (const store of [new Map(), new AsyncMap()] as any[]) {
      const gates = [deferred<string>(), deferred<string>()]
      let loads = 0
      const get = cached(store)((_: string) => gates[loads++]!.promise)
      const waiting = [get('a').catch((error: Error) => error.message)]
      await turn()
      await get.invalidate('a')
      waiting.push(get('a').catch((error: Error) => error.message))
      await turn()
      let closed = false

      const closing = get.close().then(() => (closed = true))
      gates[1]!.reject(new Error('down'))
      await turn()
      expect(closed).to.equal(false)
      gates[0]!.resolve('overtaken')
      await closing

      expect(await Promise.all(waiting)).to.deep.equal(['overtaken', 'down'])
    }
  })

  it('waits for what is on its way to an async store', async () => {
    const store = new SlowMap({ random: () => 0.5, manual: true })
    const get = cached(store)(async (id: string) => id)
    void get.set(['a'], 'put in')
    let closed = false

    const closing = get.close().then(() => (closed = true))
    await turn()
    expect(closed).to.equal(false)
    store.letAllOn()
    await closing

    expect(store.busy).to.equal(0)
    expect(store.inner.size).to.equal(1)
  })

  it('waits for a load that begins when an async store has been read', async () => {
    const get = cached(new AsyncMap())(async (id: string) => `${id} loaded`)
    const waiting = get('a')

    await get.close()

    expect(await waiting).to.equal('a loaded')
    expect(get.stats()).to.include({ loads: 1, stores: 1 })
  })

  it('begins no load when it is not to wait and an async store is still being read', async () => {
    const get = cached(new AsyncMap())(async (id: string) => id)
    const waiting = rejection(get('a'))

    await get.close({ wait: false })

    expect(await waiting).to.have.property('name', 'ClosedError')
    expect(get.stats()).to.include({ loads: 0, stores: 0 })
  })

  it('gives callers their value over an async store when it is not to wait, and keeps nothing', async () => {
    const store = new AsyncMap()
    const gate = deferred<string>()
    const get = cached(store)((_: string) => gate.promise)
    const waiting = get('a')
    await turn()

    await get.close({ wait: false })
    gate.resolve('late')

    expect(await waiting).to.equal('late')
    await turn()
    expect(store.map.size).to.equal(0)
  })

  it('leaves nothing unhandled when it is not to wait and the load fails for it', async () => {
    const get = cached(new Map())(
      (_: string) =>
        new Promise<string>((_resolve, reject) => {
          const { signal } = loadContext()
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        }),
    )
    const controller = new AbortController()
    const left = rejection(get.with({ signal: controller.signal })('a'))
    const waiting = rejection(get('b'))

    await get.close({ wait: false })

    expect(await waiting).to.have.property('name', 'ClosedError')
    expect(await left).to.have.property('name', 'ClosedError')
  })

  it('ends once: what the first call says holds', async () => {
    const gate = deferred<string>()
    const get = cached(new Map())((_: string) => gate.promise)
    const waiting = get('a')

    const closing = get.close()
    expect(get.close({ wait: false })).to.equal(closing)
    gate.resolve('value')
    await closing

    expect(await waiting).to.equal('value')
    expect(get.store.size).to.equal(1)
  })

  it('refuses calls of every kind, and all controls that do something', async () => {
    for (const store of [new Map(), new AsyncMap()] as any[]) {
      const get = cached(store)(async (id: string) => id)
      await get('a')
      await get.close()

      for (const call of [
        get('a'),
        get('b'),
        get.refresh('a'),
        get.with({ fresh: true })('a'),
        get.with({ signal: new AbortController().signal })('a'),
      ]) {
        expect(await rejection(call)).to.have.property('name', 'ClosedError')
      }
      for (const control of [
        () => get.invalidate('a'),
        () => get.expire('a'),
        () => get.has('a'),
        () => get.peek('a'),
        () => get.set(['a'], 'b'),
        () => get.clear(),
      ]) {
        if (store instanceof Map) expect(control).to.throw().with.property('name', 'ClosedError')
        else expect(await rejection(control() as any)).to.have.property('name', 'ClosedError')
      }
    }
  })

  it('refuses by a rejection whatever an asynchronous store would answer with a promise', async () => {
    const get = cached<any, number, [unknown]>(new AsyncMap())(async (_: unknown) => 1)
    const cache = new Cache<string, number, any>(new AsyncMap())
    const badKey = (): void => {}
    expect(await rejection(get.invalidate(badKey) as any)).to.have.property('name', 'KeyError')
    expect(await rejection(get.set([badKey], 1) as any)).to.have.property('name', 'KeyError')
    await get.close()
    await cache.close()

    const answers = [
      ...[get.invalidate('a'), get.expire('a'), get.has('a'), get.peek('a'), get.set(['a'], 1), get.clear()],
      get.invalidateWhere(() => true),
      ...[cache.delete('a'), cache.expire('a'), cache.has('a'), cache.peek('a'), cache.set('a', 1), cache.clear()],
    ]

    for (const answer of answers as Promise<unknown>[]) {
      expect(await rejection(answer)).to.have.property('name', 'ClosedError')
    }
  })

  it('ends one of the functions that share a store, and no other', async () => {
    for (const store of [new Map(), new AsyncMap()] as any[]) {
      const gates = { first: deferred<string>(), second: deferred<string>() }
      const first = cached(store, { name: 'first' })((_: string) => gates.first.promise)
      const second = cached(store, { name: 'second' })((_: string) => gates.second.promise)
      const waiting = [first('a'), second('a')]
      await turn()

      await first.close({ wait: false })
      gates.first.resolve('first')
      gates.second.resolve('second')

      expect(await Promise.all(waiting)).to.deep.equal(['first', 'second'])
      await turn()
      expect(await second.has('a')).to.equal(true)
    }
  })

  it('ends a function that returns at once', async () => {
    const double = cachedSync(new Map())((n: number) => n * 2)
    double(1)

    await double.close()

    expect(() => double(1))
      .to.throw()
      .with.property('name', 'ClosedError')
  })
})

describe('a Cache', () => {
  it('does by key what cached does for a function', async () => {
    const cache = new Cache<string, number>(new Map(), { ttl: (value, key) => value + key.length })
    let loads = 0
    const load = async (): Promise<number> => ++loads

    expect(await Promise.all([cache.get('a', load), cache.get('a', load)])).to.deep.equal([1, 1])
    expect([cache.has('a'), cache.peek('a')]).to.deep.equal([true, 1])
    expect([cache.delete('a'), cache.delete('a')]).to.deep.equal([true, false])
    await cache.set('a', 7)
    expect(await cache.get('a', load)).to.equal(7)
    expect(await cache.get('a', load, { fresh: true })).to.equal(2)
    expect(cache.expire('a')).to.equal(true)
    await cache.clear()
    expect(cache.stats()).to.include({ hits: 1, misses: 2, joins: 1, loads: 2 })
    cache.resetStats()
    expect(cache.stats()).to.include({ hits: 0 })
    expect(await rejection(cache.get('a', load, { signal: AbortSignal.abort('never') }))).to.equal('never')
    await cache[Symbol.asyncDispose]()
  })

  it('keeps the fence by key', async () => {
    for (const create of [() => new Map(), () => new AsyncMap()] as (() => any)[]) {
      for (const [name, touch] of Object.entries<(cache: Cache<string, string>) => unknown>({
        delete: (cache) => cache.delete('a'),
        clear: (cache) => cache.clear(),
        set: (cache) => cache.set('a', 'put in'),
      })) {
        const cache = new Cache<string, string>(create())
        const gate = deferred<string>()
        const before = cache.get('a', () => gate.promise)
        await turn()

        await touch(cache)
        const after = await cache.get('a', async () => 'new')
        gate.resolve('old')

        expect(await before).to.equal('old')
        expect(after).to.equal(name === 'set' ? 'put in' : 'new')
        await turn()
        expect(await cache.peek('a')).to.equal(after)
      }
    }
  })

  it('shares the load that is running, whichever load a joiner brings', async () => {
    const cache = new Cache<string, string>(new Map())
    const gate = deferred<string>()

    const waiting = [cache.get('a', () => gate.promise), cache.get('a', async () => 'never called')]
    gate.resolve('value')

    expect(await Promise.all(waiting)).to.deep.equal(['value', 'value'])
    expect(cache.stats()).to.include({ misses: 1, joins: 1, loads: 1 })
  })

  it('gives a load its key, and takes objects for keys', async () => {
    const cache = new Cache<object, unknown>(new Map())
    const keys = [{}, {}]

    for (const key of [...keys, ...keys]) expect(await cache.get(key, async (given) => given)).to.equal(key)

    expect(cache.stats()).to.include({ misses: 2, hits: 2 })
  })

  it('never throws from get, and remembers no failure', async () => {
    const cache = new Cache<string, string>(new Map())
    const down = new Error('down')

    const failing = cache.get('a', () => {
      throw down
    })

    expect(await rejection(failing)).to.equal(down)
    expect(await cache.get('a', async () => 'up')).to.equal('up')
  })

  it('refuses a load that asks for its own key', async () => {
    const cache = new Cache<string, string>(new Map())
    const load = async (key: string): Promise<string> => {
      await null
      return cache.get(key, load)
    }

    expect(await rejection(cache.get('a', load))).to.include({ name: 'ReentrantLoadError', key: 'a' })
  })

  it('lets a caller leave, and aborts what nobody waits for', async () => {
    const cache = new Cache<string, string>(new Map())
    const controller = new AbortController()
    let signal: AbortSignal | undefined
    const leaving = cache.get(
      'a',
      () => {
        signal = loadContext().signal
        return new Promise<string>(() => {})
      },
      { signal: controller.signal },
    )

    controller.abort('gone')

    expect(await rejection(leaving)).to.equal('gone')
    expect(signal!.reason).to.equal('gone')
  })

  it('aborts its loads when it is closed without waiting', async () => {
    const cache = new Cache<string, string>(new Map())
    const gate = deferred<string>()
    const waiting = cache.get('a', () => gate.promise)

    await cache.close({ wait: false })
    gate.resolve('late')

    expect(await waiting).to.equal('late')
    expect(cache.store).to.have.property('size', 0)
  })
})
