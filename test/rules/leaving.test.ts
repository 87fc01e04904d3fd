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
})
