import { expect } from 'chai'

import { cached, TierTimeoutError } from '../../src/index.ts'
import { ManualClock, deferred, type Deferred } from '../../src/testing.ts'
import { MemoryBackend } from '../support/memory-tier.ts'
import { rejection } from '../support/rejection.ts'
import { startProcess, turns, type Options, type Process } from './process.ts'

describe('a tier that fails', () => {
  let clock: ManualClock
  let backend: MemoryBackend
  let one: Process

  const start = async (options: Options = {}): Promise<void> => {
    one = await startProcess(backend, options)
  }
  const down = (): Promise<never> => Promise.reject(new Error('the tier is down'))
  const loaded = async (id: string, value: unknown = id): Promise<unknown> => {
    const before = one.loads.length
    const call = one.get(id)
    while (one.loads.length === before) await turns()
    one.loads.at(-1)!.resolve(value)
    const result: unknown = await call
    await turns()
    return result
  }
  const reads = (): number => one.tier.asked.filter((operation) => operation.startsWith('read')).length

  beforeEach(() => {
    clock = new ManualClock(1_000)
    backend = new MemoryBackend(clock)
  })

  afterEach(async () => {
    one.tier.onTheWay = () => undefined
    await one.get.close({ wait: false })
  })

  it('on read is a tier with nothing in it, and the failure is told', async () => {
    await start()
    one.tier.onTheWay = down

    expect(await loaded('a')).to.equal('a')
    expect(await one.get('a')).to.equal('a')

    expect(one.errors).to.have.length(1)
    expect(one.get.stats()).to.include({ misses: 1, hits: 1, storeFailures: 1 })
  })

  it('on write fails no call, and the value stays in the first tier', async () => {
    await start()
    one.tier.onTheWay = (operation) => (operation.startsWith('write') ? down() : 0)

    expect(await loaded('a')).to.equal('a')
    expect(await one.get('a')).to.equal('a')

    expect(one.errors).to.have.length(1)
    expect(one.get.stats()).to.include({ hits: 1, storeFailures: 1 })
  })

  it('while another process is waited for delays nobody any longer', async () => {
    await start()
    const two = await startProcess(backend)
    const first = two.get('a')
    await turns()
    one.tier.onTheWay = (operation) => (operation.startsWith('look') ? down() : 0)

    expect(await loaded('a', 'of one')).to.equal('of one')

    two.loads[0]!.resolve('of two')
    expect(await first).to.equal('of two')
    await two.get.close()
  })

  for (const operation of ['read', 'lease']) {
    it(`does not delay a call beyond l2Timeout when its answer to ${operation} does not come`, async () => {
      await start({ tiered: { l2Timeout: 5 } })
      const never = deferred()
      one.tier.onTheWay = (name) => (name.startsWith(operation) ? never.promise : 0)

      const began = performance.now()
      const call = operation === 'read' ? one.get('a') : one.get.refresh('a')
      while (one.loads.length === 0) await turns()
      one.loads[0]!.resolve('value')

      expect(await call).to.equal('value')
      expect(performance.now() - began).to.be.within(4, 5_000)
      expect(one.errors[0]).to.be.an.instanceOf(TierTimeoutError).and.have.property('ms', 5)
      never.resolve()
      await turns()
      expect(backend.leases.size).to.equal(0)
    })
  }

  it('is left alone after failures in a row, then asked once, and used again when it answers', async () => {
    await start({ tiered: { circuit: { failures: 3, pause: 500 } } })
    one.tier.onTheWay = down
    for (const id of ['a', 'b', 'c', 'd', 'e']) await loaded(id)
    expect(reads()).to.equal(3)

    clock.advance(500)
    for (const id of ['f', 'g']) await loaded(id)
    expect(reads()).to.equal(4)

    clock.advance(500)
    one.tier.onTheWay = () => 0
    for (const id of ['h', 'i']) await loaded(id)
    expect(reads()).to.equal(6)
    expect([...backend.entries.keys()]).to.deep.equal(['user\nh', 'user\ni'])
  })

  it('is asked by one call at a time while nobody knows whether it is back', async () => {
    await start({ tiered: { circuit: { failures: 1, pause: 500 } } })
    one.tier.onTheWay = down
    await loaded('a')
    clock.advance(500)
    const back = deferred()
    one.tier.onTheWay = () => back.promise

    const probe = one.get('b')
    await turns()
    expect(await loaded('c')).to.equal('c')
    back.resolve()
    expect(reads()).to.equal(2)
    while (one.loads.length < 3) await turns()
    one.loads[2]!.resolve('b')

    expect(await probe).to.equal('b')
    await turns()
    expect(backend.entries.size).to.equal(1)
  })

  it('does not count as one where a success comes between failures', async () => {
    await start({ tiered: { circuit: { failures: 2, pause: 500 } } })
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) {
      one.tier.onTheWay = id < 'd' && id !== 'b' ? down : () => 0
      await loaded(id)
    }

    expect(reads()).to.equal(6)
  })

  it('fails has and peek no more than a call', async () => {
    await start()
    one.tier.onTheWay = down

    expect(await one.get.has('a')).to.equal(false)
    expect(await one.get.peek('a')).to.equal(undefined)
    expect(one.errors).to.have.length(2)
  })

  it('on set rejects, and the value is in the first tier', async () => {
    await start()
    one.tier.onTheWay = down

    expect(await rejection(Promise.resolve(one.get.set(['a'], 'set')))).to.have.property('message', 'the tier is down')
    expect(await one.get('a')).to.equal('set')
    expect(one.get.stats().storeFailures).to.equal(1)
  })

  describe('and close', () => {
    it('wait for what is being written, and end the subscription', async () => {
      await start()
      const write = deferred()
      const order: string[] = []
      one.tier.onTheWay = (operation) => (operation.startsWith('write') ? write.promise : 0)
      const call = one.get('a')
      await turns()
      one.loads[0]!.resolve('value')
      await call

      const closing = one.get.close().then(() => order.push('closed'))
      await turns()
      order.push('written')
      write.resolve()
      await closing

      expect(order).to.deep.equal(['written', 'closed'])
      expect(one.tier.listeners.size).to.equal(0)
      expect(backend.entries.size).to.equal(1)
    })

    it('wait no longer than l2Timeout for a tier that does not answer', async () => {
      await start({ tiered: { l2Timeout: 5 } })
      const never: Deferred<void> = deferred()
      const call = one.get('a')
      await turns()
      one.tier.onTheWay = () => never.promise
      one.loads[0]!.resolve('value')
      await call

      await one.get.close()

      expect(one.tier.listeners.size).to.equal(0)
      never.resolve()
      await turns()
    })

    it('give back the lease of a load that is not awaited', async () => {
      await start()
      const call = one.get('a')
      await turns()
      expect(backend.leases.size).to.equal(1)

      await one.get.close({ wait: false })
      one.loads[0]!.resolve('late')

      expect(await call).to.equal('late')
      await turns()
      expect(backend.leases.size + backend.entries.size).to.equal(0)
    })

    it('keep the subscription as long as another function of the process needs it', async () => {
      await start()
      const { tiered } = await import('../../src/index.ts')
      const other = cached(tiered(new Map<string, unknown>(), one.tier), { name: 'other' })(async (id: string) => id)

      await one.get.close()
      expect(one.tier.listeners.size).to.equal(1)
      await other.close()
      expect(one.tier.listeners.size).to.equal(0)
    })
  })
})
