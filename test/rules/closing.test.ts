import { expect } from 'chai'

import { Cache, cached, loadContext } from '../../src/index.ts'
import { deferred } from '../../src/testing.ts'
import { AsyncMap } from '../support/async-map.ts'
import { rejection } from '../support/rejection.ts'

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

  it('ends a Cache alike', async () => {
    const cache = new Cache<string, string>(new Map())
    await cache.get('a', async () => 'value')

    await cache.close()

    expect(await rejection(cache.get('a', async () => 'value'))).to.include({ name: 'ClosedError', key: 'a' })
    expect(() => cache.set('a', 'b')).to.throw('closed')
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
})
