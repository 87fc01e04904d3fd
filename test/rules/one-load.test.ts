import { expect } from 'chai'
import { LRUCache } from 'lru-cache'

import { cached, lru, none } from '../../src/index.ts'
import { deferred, ManualClock, type Deferred } from '../../src/testing.ts'
import { AsyncMap } from '../support/async-map.ts'
import { rejection } from '../support/rejection.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A load that ends when the test says so: one gate for each time it was called. */
function byHand() {
  const loads: { id: string; gate: Deferred<string> }[] = []
  const load = (id: string): Promise<string> => {
    const gate = deferred<string>()
    loads.push({ id, gate })
    return gate.promise
  }
  return { load, loads }
}

const stores: [string, (max: number) => any][] = [
  ['a Map', () => new Map()],
  ['lru-cache', (max) => new LRUCache({ max })],
  ['the policy lru', (max) => lru({ max })],
  ['a store of size zero', () => none()],
  ['an async store', () => new AsyncMap()],
]

for (const [kind, create] of stores) {
  describe(`one load at a time over ${kind}`, () => {
    it('is begun for 50 callers who come together, and its value given to all', async () => {
      const { load, loads } = byHand()
      const get = cached(create(9))(load)

      const waiting = Array.from({ length: 50 }, () => get('a'))
      await turn()
      loads[0]!.gate.resolve('value')

      expect(new Set(await Promise.all(waiting))).to.deep.equal(new Set(['value']))
      expect(loads).to.have.length(1)
      expect(get.stats()).to.include({ misses: 1, joins: 49, hits: 0, loads: 1 })
    })

    it('is begun for 50 callers when it fails, and its one error given to all', async () => {
      const { load, loads } = byHand()
      const get = cached(create(9))(load)
      const down = new Error('down')

      const waiting = Array.from({ length: 50 }, () => rejection(get('a')))
      await turn()
      loads[0]!.gate.reject(down)

      expect((await Promise.all(waiting)).every((error) => error === down)).to.equal(true)
      expect(loads).to.have.length(1)
      expect(get.stats()).to.include({ misses: 1, joins: 49, loads: 1, loadFailures: 1, stores: 0 })
    })

    it('is joined by those who come turns later', async () => {
      const { load, loads } = byHand()
      const get = cached(create(9))(load)

      const waiting: Promise<string>[] = []
      for (let n = 0; n < 5; n++) {
        waiting.push(get('a'))
        await turn()
      }
      loads[0]!.gate.resolve('value')

      expect(await Promise.all(waiting)).to.deep.equal(['value', 'value', 'value', 'value', 'value'])
      expect(loads).to.have.length(1)
    })

    it('is neither failed nor repeated by a burst wider than the store', async () => {
      const { load, loads } = byHand()
      const get = cached(create(2))(load)
      const ids = Array.from({ length: 40 }, (_, n) => `id ${n}`)

      const waiting = [...ids, ...ids, ...ids].map((id) => get(id))
      await turn()
      for (const { id, gate } of loads) gate.resolve(`value of ${id}`)
      const answers = await Promise.all(waiting)

      expect(answers).to.deep.equal([...ids, ...ids, ...ids].map((id) => `value of ${id}`))
      expect(loads.map(({ id }) => id).toSorted()).to.deep.equal(ids.toSorted())
      expect(get.stats()).to.include({ misses: 40, joins: 80, loads: 40 })
    })

    it('is shared by whoever comes while a refresh runs and there is no old value', async () => {
      const { load, loads } = byHand()
      const get = cached(create(9))(load)

      const waiting = [get.refresh('a'), get('a'), get('a')]
      await turn()
      loads[0]!.gate.resolve('value')

      expect(await Promise.all(waiting)).to.deep.equal(['value', 'value', 'value'])
      expect(get.stats()).to.include({ misses: 1, joins: 2, loads: 1 })
    })

    it('is begun for all who come together after the value has had its time', async () => {
      const clock = new ManualClock()
      const { load, loads } = byHand()
      const get = cached(create(9), { ttl: 10, clock })(load)
      const first = get('a')
      await turn()
      loads[0]!.gate.resolve('old')
      await first

      clock.advance(10)
      const waiting = Array.from({ length: 50 }, () => get('a'))
      await turn()
      loads[1]!.gate.resolve('new')

      expect(new Set(await Promise.all(waiting))).to.deep.equal(new Set(['new']))
      expect(loads).to.have.length(2)
    })

    it('lets the loads of different keys run side by side', async () => {
      const { load, loads } = byHand()
      const get = cached(create(9))(load)

      const waiting = ['a', 'b', 'c'].map((id) => get(id))
      await turn()
      for (const { id, gate } of loads.toReversed()) gate.resolve(id.toUpperCase())

      expect(await Promise.all(waiting)).to.deep.equal(['A', 'B', 'C'])
    })
  })
}

describe('one load at a time', () => {
  it('holds for keys of every kind, NaN among them', async () => {
    const object = {}
    for (const key of [Number.NaN, 0, '', undefined, null, object, Symbol('key')]) {
      const { load, loads } = byHand()
      const get = cached(new Map(), (given: unknown) => given)(load as (key: any) => Promise<string>)

      const waiting = [get('another'), get(key), get(key)]
      for (const { gate } of loads) gate.resolve('value')
      await Promise.all(waiting)

      expect(loads).to.have.length(2)
    }
  })

  it('reads an async store once for callers who come together', async () => {
    const store = new AsyncMap<string, unknown>()
    let reads = 0
    const { get: read } = store
    store.get = (key) => {
      reads++
      return read.call(store, key)
    }
    const get = cached(store)(async (id: string) => id)
    await get('a')
    await turn()
    reads = 0

    await Promise.all(Array.from({ length: 50 }, () => get('a')))

    expect(reads).to.equal(1)
    expect(get.stats()).to.include({ hits: 50, misses: 1, joins: 0, loads: 1 })
  })

  it('begins no second load in the step in which the first has ended', async () => {
    let loads = 0
    const get = cached(new Map())(async (_: string) => ++loads)
    const seen: number[] = []

    await get('a').then(async () => seen.push(await get('a')))

    expect(seen).to.deep.equal([1])
    expect(loads).to.equal(1)
  })
})
