import { expect } from 'chai'

import { cached, lru, tiered } from '../../src/index.ts'
import { ManualClock, deferred } from '../../src/testing.ts'
import { MemoryBackend } from '../support/memory-tier.ts'
import { rejection } from '../support/rejection.ts'
import { startProcess, turns, type Options, type Process } from './process.ts'

describe('a function over a tiered store', () => {
  let clock: ManualClock
  let backend: MemoryBackend
  const started: Process[] = []

  const start = async (options?: Options): Promise<Process> => {
    const process = await startProcess(backend, options)
    started.push(process)
    return process
  }
  const filled = async (process: Process, id: string, value: unknown): Promise<void> => {
    const call = process.get(id)
    await turns()
    process.loads.at(-1)!.resolve(value)
    await call
    await turns()
  }

  beforeEach(() => {
    clock = new ManualClock(1_000)
    backend = new MemoryBackend(clock)
  })

  afterEach(async () => {
    for (const { get, tier } of started.splice(0)) {
      tier.onTheWay = () => undefined
      await get.close({ wait: false })
      expect(tier.listeners.size, 'subscriptions after close').to.equal(0)
    }
  })

  it('loads what nobody has, once, and lets other processes find it', async () => {
    const one = await start()
    const two = await start()

    const calls = [one.get('a'), one.get('a')]
    await turns()
    one.loads[0]!.resolve({ name: 'Ann' })

    expect(await Promise.all(calls)).to.deep.equal([{ name: 'Ann' }, { name: 'Ann' }])
    await turns()
    expect(await two.get('a')).to.deep.equal({ name: 'Ann' })
    expect(one.tier.asked).to.deep.equal(['read a', 'write a'])
    expect(two.tier.asked).to.deep.equal(['read a'])
    expect(two.loads).to.deep.equal([])
    expect(one.get.stats()).to.include({ misses: 1, joins: 1, hits: 0, loads: 1, stores: 1 })
    expect(two.get.stats()).to.include({ misses: 0, joins: 0, hits: 1, loads: 0, stores: 0 })
  })

  it('answers from the first tier without asking the second', async () => {
    const one = await start()
    await filled(one, 'a', 'value')
    const asked = one.tier.asked.length

    expect(await one.get('a')).to.equal('value')
    expect(one.get('a')).to.equal(one.get('a'))
    expect(one.tier.asked).to.have.length(asked)
  })

  it('counts all who come while the tier is read by what it has', async () => {
    const one = await start()
    const two = await start()
    await filled(one, 'a', 'value')

    expect(await Promise.all([two.get('a'), two.get('a'), two.get('a')])).to.deep.equal(['value', 'value', 'value'])
    expect(two.tier.asked).to.deep.equal(['read a'])
    expect(two.get.stats()).to.include({ hits: 3, misses: 0, joins: 0 })
  })

  it('counts a call at whatever moment it comes while the tier is read', async () => {
    const one = await start()
    await filled(one, 'a', 'value')
    for (let pause = 0; pause < 20; pause++) {
      const two = await start()
      const calls = [two.get('a')]
      for (let turn = 0; turn < pause; turn++) await null
      calls.push(two.get('a'))
      expect(await Promise.all(calls)).to.deep.equal(['value', 'value'])
      const { hits, misses, joins, staleHits } = two.get.stats()
      expect(hits + misses + joins + staleHits, `after ${pause} turns`).to.equal(2)
    }
  })

  it('counts a call for the function that was called, also where another one reads the tier', async () => {
    const one = await start()
    await filled(one, 'a', 'value')
    const store = tiered(lru<string>({ max: 10 }), backend.open())
    const options = { name: 'user', shareKeys: true, clock }
    const load = async (id: string): Promise<unknown> => id
    const [two, three] = [cached(store, options)(load), cached(store, options)(load)]
    await turns()

    const calls = [two('a'), three('a'), three('b'), two('b'), two('b')]
    expect(await Promise.all(calls)).to.deep.equal(['value', 'value', 'b', 'b', 'b'])
    expect(two.stats()).to.include({ hits: 1, misses: 0, joins: 2 })
    expect(three.stats()).to.include({ hits: 1, misses: 1, joins: 0 })
    await Promise.all([two.close(), three.close()])
  })

  it('keeps what it has found for the life that is left, and as long as it may be stale', async () => {
    const options = { ttl: 100, staleWhileRevalidate: 50 }
    const one = await start(options)
    const two = await start(options)
    await filled(one, 'a', 'value')
    clock.advance(60)
    await two.get('a')

    clock.advance(39)
    expect(await two.get('a')).to.equal('value')
    expect(two.tier.asked).to.deep.equal(['read a'])
    clock.advance(1)
    expect(await two.get('a')).to.equal('value')
    expect(two.get.stats()).to.include({ hits: 2, staleHits: 1 })
    await turns()
    two.loads[0]!.resolve('new')
    await turns()

    expect(await two.get('a')).to.equal('new')
    clock.advance(51)
    expect(await one.get('a')).to.equal('new')
    expect(one.loads).to.have.length(1)
  })

  it('lets one process load while the others wait, and counts them as joins', async () => {
    const processes = [await start(), await start(), await start()]
    const calls = processes.flatMap(({ get }) => [get('a'), get('a'), get('a')])
    await turns()
    const loading = processes.find(({ loads }) => loads.length > 0)

    loading!.loads[0]!.resolve('value')

    expect(new Set(await Promise.all(calls))).to.deep.equal(new Set(['value']))
    expect(processes.flatMap(({ loads }) => loads)).to.have.length(1)
    const others = processes.filter((process) => process !== loading)
    for (const { get } of others) expect(get.stats()).to.include({ joins: 3, misses: 0, hits: 0, loads: 0 })
    expect(await others[0]!.get('a')).to.equal('value')
    expect(others[0]!.get.stats().hits).to.equal(1)
  })

  it('loads in the place of a process whose load has failed', async () => {
    const one = await start()
    const two = await start()
    const first = one.get('a')
    await turns()
    const second = two.get('a')
    await turns()

    one.loads[0]!.reject(new Error('down'))

    expect(await rejection(first)).to.have.property('message', 'down')
    while (two.loads.length === 0) await turns()
    two.loads[0]!.resolve('value')
    expect(await second).to.equal('value')
    expect(two.get.stats()).to.include({ misses: 1, joins: 0, loads: 1 })
  })

  it('loads too when another process takes longer than leaseWait, and leaves the tier to that one', async () => {
    const one = await start()
    const two = await start({ tiered: { leaseWait: 1 } })
    const first = one.get('a')
    await turns()
    const second = two.get('a')
    while (two.loads.length === 0) await turns()

    two.loads[0]!.resolve('of two')
    expect(await second).to.equal('of two')
    expect(await two.get('a')).to.equal('of two')
    one.loads[0]!.resolve('of one')
    await first
    await turns()

    expect(two.tier.asked.filter((operation) => operation.startsWith('write'))).to.deep.equal([])
    const three = await start()
    expect(await three.get('a')).to.equal('of one')
  })

  it('serves what is stale in the tier, and refreshes it behind the caller in one process alone', async () => {
    const options = { ttl: 100, staleWhileRevalidate: 1_000 }
    const one = await start(options)
    await filled(one, 'a', 'old')
    clock.advance(200)
    const others = [await start(options), await start(options)]

    for (const { get } of others) expect(await get('a')).to.equal('old')
    await turns()
    const loads = others.flatMap((other) => other.loads)

    expect(loads).to.have.length(1)
    loads[0]!.resolve('new')
    await turns()
    while (others.some(({ tier }) => tier.waits > 0)) await turns()
    for (const { get } of others) expect(await get('a')).to.equal('new')
    expect(others.map(({ get }) => get.stats().staleHits)).to.deep.equal([1, 1])
    expect(others.map(({ get }) => get.stats().misses)).to.deep.equal([0, 0])
  })

  it('serves what is stale in the tier in the place of a failure', async () => {
    const options = { ttl: 100, staleIfError: 1_000 }
    const one = await start(options)
    await filled(one, 'a', 'old')
    clock.advance(200)
    const two = await start(options)

    const call = two.get('a')
    await turns()
    two.loads[0]!.reject(new Error('down'))

    expect(await call).to.equal('old')
    await turns()
    expect(backend.leases.size).to.equal(0)
  })

  it('refreshes before the end of an entry, and takes what another process has refreshed', async () => {
    const options = { ttl: 10_000, refreshAfter: 1_000 }
    const one = await start(options)
    const two = await start(options)
    await filled(one, 'a', 'old')
    await two.get('a')
    clock.advance(1_500)

    expect(await one.get('a')).to.equal('old')
    await turns()
    expect(one.loads).to.have.length(2)
    one.loads[1]!.resolve('new')
    await turns()
    expect(await two.get('a')).to.equal('old')
    await turns()

    expect(await two.get('a')).to.equal('new')
    expect(two.loads).to.deep.equal([])
  })

  it('keeps what the tier cannot take in the first tier alone', async () => {
    for (const value of [() => {}, 'x'.repeat(1_000)]) {
      const one = await start({ tiered: { maxEntryBytes: 500 }, name: `takes ${typeof value}` })
      await filled(one, 'a', value)

      expect(await one.get('a')).to.equal(value)
      expect(one.errors).to.have.length(1)
      expect(one.get.stats()).to.include({ storeFailures: 1, hits: 1 })
      expect(backend.entries.size + backend.leases.size).to.equal(0)
    }
  })

  it('leaves nothing of a value that is not to be kept, and gives the lease back', async () => {
    const one = await start({ when: (value: string) => value !== 'no' })
    await filled(one, 'a', 'no')

    expect(backend.entries.size + backend.leases.size).to.equal(0)
    expect(await one.get.has('a')).to.equal(false)
  })

  it('has what cannot be read for a miss, counts it, and replaces it', async () => {
    const one = await start()
    for (const [why, spoil] of Object.entries<(bytes: Uint8Array) => Uint8Array>({
      'cut off': (bytes) => bytes.subarray(0, bytes.length - 1),
      forged: (bytes) => bytes.map((byte, index) => (index === 20 ? byte ^ 1 : byte)),
      foreign: () => Buffer.from('something else altogether'),
      empty: () => new Uint8Array(),
    })) {
      const two = await start()
      await filled(one, why, 'value')
      const kept = backend.entries.get(`user\n${why}`)!
      backend.entries.set(`user\n${why}`, { ...kept, bytes: spoil(kept.bytes) })

      await filled(two, why, 'again')

      expect(two.get.stats(), why).to.include({ misses: 1, storeFailures: 1 })
      expect(two.errors, why).to.have.length(1)
      expect(await (await start()).get(why)).to.equal('again')
    }
  })

  it('leaves entries of another schemaVersion behind, without a word', async () => {
    const one = await start()
    await filled(one, 'a', { old: 'shape' })
    const two = await start({ tiered: { schemaVersion: 1 } })

    await filled(two, 'a', { new: 'shape' })

    expect(two.get.stats()).to.include({ misses: 1, storeFailures: 1 })
    expect(two.errors).to.deep.equal([])
    expect(await (await start({ tiered: { schemaVersion: 1 } })).get('a')).to.deep.equal({ new: 'shape' })
  })

  it('writes and reads by the codec that it is given', async () => {
    const codec = {
      encode: (value: unknown) => Buffer.from(`<${value as string}>`),
      decode: (bytes: Uint8Array) => Buffer.from(bytes).toString().slice(1, -1),
    }
    const one = await start({ tiered: { codec } })
    const two = await start({ tiered: { codec } })

    await filled(one, 'a', 'value')

    expect(Buffer.from(backend.entries.get('user\na')!.bytes).toString()).to.match(/<value>$/)
    expect(await two.get('a')).to.equal('value')
  })

  it('keeps what is known by its identity to itself', async () => {
    const one = await start({ key: (id) => Symbol.for(id).description as unknown })
    const two = await start({ key: () => Object.assign(() => {}, {}) as unknown })

    await filled(one, 'a', 'value')
    await filled(two, 'a', 'value')

    expect(one.tier.asked).to.deep.equal(['read a', 'write a'])
    expect(two.tier.asked).to.deep.equal([])
  })

  it('looks by has and peek where a call would find it, and counts nothing', async () => {
    const one = await start()
    const two = await start()
    await filled(one, 'a', 'value')

    expect(await two.get.peek('a')).to.equal('value')
    expect(await two.get.has('a')).to.equal(true)
    expect(await two.get.has('b')).to.equal(false)
    expect(await one.get.peek('a')).to.equal('value')
    expect(two.get.stats()).to.include({ hits: 0, misses: 0 })
    expect(backend.leases.size).to.equal(0)
    expect(two.l1.size).to.equal(0)
  })

  it('ends the wait of a caller who leaves, and the wait for another process with the last of them', async () => {
    const one = await start()
    const two = await start()
    const first = one.get('a')
    await turns()
    const leaving = new AbortController()
    const call = two.get.with({ signal: leaving.signal })('a')
    await turns()

    leaving.abort(new Error('gone'))

    expect(await rejection(call)).to.have.property('message', 'gone')
    await turns()
    expect(two.tier.waits).to.equal(0)
    one.loads[0]!.resolve('value')
    await first
    expect(two.get.stats()).to.include({ misses: 1, joins: 0 })
    expect(two.loads).to.deep.equal([])
  })

  it('gives the lease back that is granted to nobody any more', async () => {
    const one = await start({ tiered: { l2Timeout: 5 } })
    const late = deferred()
    one.tier.onTheWay = (operation, way) => (operation === 'read a' && way === 'back' ? late.promise : undefined)
    const call = one.get('a')
    while (one.loads.length === 0) await turns()

    late.resolve()
    await turns()

    expect(backend.leases.size).to.equal(0)
    one.loads[0]!.resolve('value')
    expect(await call).to.equal('value')
  })
})
