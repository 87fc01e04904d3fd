import { getEventListeners } from 'node:events'

import { expect } from 'chai'

import { cached, loadContext } from '../../src/index.ts'
import { deferred, type Deferred } from '../../src/testing.ts'
import { AsyncMap } from '../support/async-map.ts'
import { rejection } from '../support/rejection.ts'

/** A function whose loads are ended by hand, and their signals. */
function byHand(store: any = new Map()) {
  const loads: { signal: AbortSignal; gate: Deferred<string> }[] = []
  const get = cached(store)((_: string) => {
    const load = { signal: loadContext().signal, gate: deferred<string>() }
    loads.push(load)
    return load.gate.promise
  })
  return { get, loads }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a caller who leaves', () => {
  it('ends its own wait at once, and nobody else’s', async () => {
    const { get, loads } = byHand()
    const first = new AbortController()
    const second = new AbortController()
    const leaving = get.with({ signal: first.signal })('a')
    const staying = get.with({ signal: second.signal })('a')

    first.abort('gone')

    expect(await rejection(leaving)).to.equal('gone')
    expect(loads[0]!.signal.aborted).to.equal(false)
    loads[0]!.gate.resolve('value')
    expect(await staying).to.equal('value')
    expect(get.has('a')).to.equal(true)
  })

  it('ends the load if it is the last, and what the load gives is not kept', async () => {
    const { get, loads } = byHand()
    const controllers = [new AbortController(), new AbortController()]
    const waiting = controllers.map(({ signal }) => get.with({ signal })('a'))

    for (const controller of controllers) controller.abort('gone')

    expect(await Promise.all(waiting.map(rejection))).to.deep.equal(['gone', 'gone'])
    expect(loads[0]!.signal).to.include({ aborted: true, reason: 'gone' })
    loads[0]!.gate.resolve('late')
    await turn()
    expect(get.has('a')).to.equal(false)
  })

  it('does not end a load for which somebody waits who cannot leave', async () => {
    const { get, loads } = byHand()
    const controller = new AbortController()
    const leaving = get.with({ signal: controller.signal })('a')
    const staying = get('a')

    controller.abort('gone')
    await rejection(leaving)

    expect(loads[0]!.signal.aborted).to.equal(false)
    loads[0]!.gate.resolve('value')
    expect(await staying).to.equal('value')
  })

  it('makes room in the same step for a new load', async () => {
    const { get, loads } = byHand()
    const controller = new AbortController()
    const leaving = get.with({ signal: controller.signal })('a')

    controller.abort('gone')
    const coming = get('a')
    loads[0]!.gate.reject(new Error('aborted'))
    loads[1]!.gate.resolve('new')

    expect(await rejection(leaving)).to.equal('gone')
    expect(await coming).to.equal('new')
    expect(get.peek('a')).to.equal('new')
  })

  it('starts nothing with a signal that is aborted already, and is not counted', async () => {
    const { get, loads } = byHand()

    expect(await rejection(get.with({ signal: AbortSignal.abort('never') })('a'))).to.equal('never')
    expect(loads).to.have.length(0)
    expect(get.stats()).to.include({ misses: 0, joins: 0, hits: 0 })
  })

  it('may leave while an async store is still being read, and then nothing is loaded', async () => {
    const { get, loads } = byHand(new AsyncMap())
    const controller = new AbortController()
    const leaving = get.with({ signal: controller.signal })('a')

    controller.abort('gone')

    expect(await rejection(leaving)).to.equal('gone')
    await turn()
    expect(loads).to.have.length(0)
    const coming = get('a')
    await turn()
    loads[0]!.gate.resolve('value')
    expect(await coming).to.equal('value')
  })

  it('leaves no listener behind when the load ends', async () => {
    const { get, loads } = byHand()
    const { signal } = new AbortController()
    let listeners = 0
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...args: unknown[]) => {
      listeners++
      Reflect.apply(addEventListener, signal, args)
    }
    signal.removeEventListener = (...args: unknown[]) => {
      listeners--
      Reflect.apply(removeEventListener, signal, args)
    }

    const waiting = get.with({ signal })('a')
    expect(listeners).to.equal(1)
    loads[0]!.gate.resolve('value')
    await waiting

    expect(listeners).to.equal(0)
  })

  it('may leave in the very first step of the load', async () => {
    const controller = new AbortController()
    const get = cached(new Map())((_: string) => {
      controller.abort('gone')
      return new Promise<string>(() => {})
    })

    expect(await rejection(get.with({ signal: controller.signal })('a'))).to.equal('gone')
  })

  it('gets its own reason, whatever that is, and an AbortError where it gave none', async () => {
    const { get } = byHand()
    const controllers = [new AbortController(), new AbortController(), new AbortController()]
    const waiting = controllers.map(({ signal }) => get.with({ signal })('a'))
    const reason = new Error('mine')

    controllers[0]!.abort(reason)
    controllers[1]!.abort(7)
    controllers[2]!.abort()

    expect(await rejection(waiting[0]!)).to.equal(reason)
    expect(await rejection(waiting[1]!)).to.equal(7)
    expect(await rejection(waiting[2]!)).to.have.property('name', 'AbortError')
  })

  it('fires the load’s signal only when all of many have left, in whatever order', async () => {
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
      [1, 2, 0],
    ]) {
      const { get, loads } = byHand()
      const controllers = [new AbortController(), new AbortController(), new AbortController()]
      const waiting = controllers.map(({ signal }) => rejection(get.with({ signal })('a')))
      const seen: boolean[] = []

      for (const which of order) {
        controllers[which]!.abort('gone')
        await turn()
        seen.push(loads[0]!.signal.aborted)
      }

      expect(seen).to.deep.equal([false, false, true])
      expect(await Promise.all(waiting)).to.deep.equal(['gone', 'gone', 'gone'])
    }
  })

  it('leaves all its calls at once where they have one signal', async () => {
    const { get, loads } = byHand()
    const { signal, abort } = stop()
    const waiting = [get.with({ signal })('a'), get.with({ signal })('a'), get.with({ signal })('b')]

    abort()

    expect(await Promise.all(waiting.map(rejection))).to.deep.equal(['gone', 'gone', 'gone'])
    expect(loads.map((load) => load.signal.aborted)).to.deep.equal([true, true])
  })

  it('came first, and the load goes on for one who came later and cannot leave', async () => {
    const { get, loads } = byHand()
    const { signal, abort } = stop()
    const leaving = rejection(get.with({ signal })('a'))
    await turn()
    const staying = get('a')
    await turn()

    abort()
    await turn()

    expect(await leaving).to.equal('gone')
    expect(loads[0]!.signal.aborted).to.equal(false)
    loads[0]!.gate.resolve('value')
    expect(await staying).to.equal('value')
    expect(get.peek('a')).to.equal('value')
  })

  it('joined one who cannot leave, and the load goes on', async () => {
    const { get, loads } = byHand()
    const { signal, abort } = stop()
    const staying = get('a')
    const leaving = rejection(get.with({ signal })('a'))

    abort()

    expect(await leaving).to.equal('gone')
    expect(loads[0]!.signal.aborted).to.equal(false)
    loads[0]!.gate.resolve('value')
    expect(await staying).to.equal('value')
  })

  it('is the last, and what comes of its load later changes nothing of the next one', async () => {
    for (const end of ['succeeds', 'fails']) {
      const { get, loads } = byHand()
      const { signal, abort } = stop()
      const leaving = rejection(get.with({ signal })('a'))
      abort()
      const coming = get('a')
      loads[1]!.gate.resolve('new')
      expect(await coming).to.equal('new')

      if (end === 'fails') loads[0]!.gate.reject(new Error('aborted'))
      else loads[0]!.gate.resolve('old')
      await turn()

      expect(await leaving).to.equal('gone')
      expect(get.peek('a')).to.equal('new')
      expect(loads[1]!.signal.aborted).to.equal(false)
    }
  })

  it('may come again in the listener of the load’s signal, and begins a new load', async () => {
    const { get, loads } = byHand()
    const { signal, abort } = stop()
    const leaving = rejection(get.with({ signal })('a'))
    let again: Promise<string> | undefined
    loads[0]!.signal.addEventListener('abort', () => {
      again = get('a')
    })

    abort()

    expect(await leaving).to.equal('gone')
    expect(loads).to.have.length(2)
    loads[1]!.gate.resolve('new')
    expect(await again).to.equal('new')
  })

  it('leaves nothing when it is a hit, and its signal is not listened to', async () => {
    const { get, loads } = byHand()
    const waiting = get('a')
    loads[0]!.gate.resolve('value')
    await waiting
    const { signal, abort } = stop()

    const hit = get.with({ signal })('a')
    abort()

    expect(await hit).to.equal('value')
  })

  it('leaves too late when the load has ended', async () => {
    const { get, loads } = byHand()
    const { signal, abort } = stop()
    const waiting = get.with({ signal })('a')
    loads[0]!.gate.resolve('value')
    await waiting

    abort()
    await turn()

    expect(loads[0]!.signal.aborted).to.equal(false)
    expect(get.peek('a')).to.equal('value')
  })

  it('leaves a refresh, and the old value stays', async () => {
    const { get, loads } = byHand()
    const first = get('a')
    loads[0]!.gate.resolve('old')
    await first
    const { signal, abort } = stop()

    const refreshing = rejection(get.with({ signal, fresh: true })('a'))
    abort()
    loads[1]!.gate.resolve('late')

    expect(await refreshing).to.equal('gone')
    expect(loads[1]!.signal.aborted).to.equal(true)
    await turn()
    expect(await get('a')).to.equal('old')
  })

  it('leaves a load that an invalidation has overtaken, and nobody else’s', async () => {
    const { get, loads } = byHand()
    const { signal, abort } = stop()
    const leaving = rejection(get.with({ signal })('a'))
    void get.invalidate('a')
    const staying = get.with({ signal: new AbortController().signal })('a')

    abort()

    expect(await leaving).to.equal('gone')
    expect(loads.map((load) => load.signal.aborted)).to.deep.equal([true, false])
    loads[1]!.gate.resolve('new')
    expect(await staying).to.equal('new')
    expect(get.peek('a')).to.equal('new')
  })

  it('while an async store is being read lets those who stay have their load', async () => {
    const { get, loads } = byHand(new AsyncMap())
    const { signal, abort } = stop()
    const leaving = rejection(get.with({ signal })('a'))
    const staying = get('a')

    abort()
    expect(await leaving).to.equal('gone')
    await turn()
    loads[0]!.gate.resolve('value')

    expect(await staying).to.equal('value')
    expect(loads).to.have.length(1)
    expect(get.stats()).to.include({ misses: 1, joins: 1, loads: 1 })
  })

  it('while an async store is being read may come again in the same step', async () => {
    const { get, loads } = byHand(new AsyncMap())
    const { signal, abort } = stop()
    const leaving = rejection(get.with({ signal })('a'))

    abort()
    const coming = get('a')
    await turn()
    loads[0]!.gate.resolve('value')

    expect(await leaving).to.equal('gone')
    expect(await coming).to.equal('value')
    expect(loads).to.have.length(1)
    expect(loads[0]!.signal.aborted).to.equal(false)
    await turn()
    expect(await get.peek('a')).to.equal('value')
  })

  it('may be one of many under one signal, which is given one listener for all', async () => {
    const { get, loads } = byHand()
    const controller = new AbortController()
    const { signal } = controller
    const calls = Array.from({ length: 20 }, (_, id) => get.with({ signal })(`${id % 15}`))

    expect(getEventListeners(signal, 'abort')).to.have.length(1)
    loads[0]!.gate.resolve('value')
    expect([await calls[0], await calls[15]]).to.deep.equal(['value', 'value'])
    const leaving = calls.filter((_, id) => id % 15 !== 0).map(rejection)
    controller.abort('gone')

    expect(await Promise.all(leaving)).to.deep.equal(leaving.map(() => 'gone'))
    expect(loads.map((load) => load.signal.aborted)).to.deep.equal(loads.map((_, id) => id > 0))
    expect(getEventListeners(signal, 'abort')).to.have.length(0)
  })

  it('is counted once, though it left', async () => {
    for (const store of [new Map(), new AsyncMap()]) {
      const { get, loads } = byHand(store)
      const { signal, abort } = stop()
      const waiting = [get.with({ signal })('a'), get.with({ signal })('a')].map(rejection)
      abort()
      await Promise.all(waiting)
      await turn()
      for (const { gate } of loads) gate.resolve('late')
      await turn()

      const { hits, misses, joins } = get.stats()
      expect([hits, misses, joins]).to.deep.equal([0, 1, 1])
    }
  })

  it('leaves no listener behind when the load fails, or when others stay', async () => {
    const { get, loads } = byHand()
    const watched = watchedSignal()
    const failing = get.with({ signal: watched.signal })('a')
    loads[0]!.gate.reject(new Error('down'))
    await rejection(failing)
    expect(watched.count()).to.equal(0)

    const many = Array.from({ length: 9 }, () => get.with({ signal: watched.signal })('b'))
    expect(watched.count()).to.equal(1)
    loads[1]!.gate.resolve('value')
    await Promise.all(many)

    expect(watched.count()).to.equal(0)
  })
})

/** A signal, and what fires it with the reason `'gone'`. */
function stop(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort('gone') }
}

/** A signal that knows how many listeners it has. */
function watchedSignal(): { signal: AbortSignal; count: () => number } {
  const { signal } = new AbortController()
  return { signal, count: () => getEventListeners(signal, 'abort').length }
}
