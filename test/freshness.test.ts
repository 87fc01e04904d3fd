import { expect } from 'chai'
import fc from 'fast-check'
import { useFakeTimers } from 'sinon'
import { cached } from '../src/cached.ts'
import { lru } from '../src/policies/lru.ts'
import { ttl as ttlPolicy } from '../src/policies/ttl.ts'
import { ManualClock, seededRandom } from '../src/testing.ts'
import { SlowMap } from './model/slow-map.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function numbered(): (id: string) => Promise<string> {
  let calls = 0
  return async (id) => `${id}${++calls}`
}

describe('expiry', () => {
  it('lets an entry live for its ttl from the end of its load, and not a moment longer', async () => {
    const clock = new ManualClock(1000)
    const get = cached(new Map(), { ttl: 50, clock })(numbered())
    await get('a')

    clock.advance(49)
    expect(await get('a')).to.equal('a1')
    clock.advance(1)
    expect(get.has('a')).to.equal(false)
    expect(await get('a')).to.equal('a2')
    expect(get.stats()).to.include({ expirations: 1, hits: 1, misses: 2 })
  })

  it('takes the ttl of each value from a function of the value and the arguments', async () => {
    const clock = new ManualClock()
    const get = cached(new Map(), {
      ttl: (value: string, id: string) => (id === 'a' ? 10 : value.length * 100),
      clock,
    })(numbered())
    await get('a')
    await get('b')

    clock.advance(10)

    expect([get.has('a'), get.has('b')]).to.deep.equal([false, true])
  })

  it('keeps nothing with a ttl of 0, and still loads once for callers who come together', async () => {
    const store = new Map()
    const get = cached(store, { ttl: 0 })(numbered())

    const answers = await Promise.all([get('a'), get('a')])

    expect(answers).to.deep.equal(['a1', 'a1'])
    expect(await get('a')).to.equal('a2')
    expect(store.size).to.equal(0)
  })

  it('gives the value though a ttl function fails, reports that, and keeps nothing', async () => {
    const errors: unknown[] = []
    const failing = new Error('no ttl')
    const thrower = (): number => {
      throw failing
    }
    const get = cached(new Map(), { ttl: thrower, onError: (error) => errors.push(error) })(numbered())
    const nan = cached(new Map(), { ttl: () => Number.NaN, onError: (error) => errors.push(error) })(numbered())

    expect([await get('a'), await nan('a')]).to.deep.equal(['a1', 'a1'])
    expect(get.has('a') || nan.has('a')).to.equal(false)
    expect(errors[0]).to.equal(failing)
    expect(errors[1]).to.have.property(
      'message',
      'what ttl gives must be a number of milliseconds, 0 or more, but got: NaN',
    )
  })

  it('spreads deadlines over [ttl, ttl + jitter)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.nat(),
        async (ttl, jitter, seed) => {
          const clock = new ManualClock(seed)
          const get = cached(new Map(), { ttl, jitter, clock, random: seededRandom(seed) })(numbered())
          await get('a')

          clock.advance(ttl - 1)
          expect(get.has('a')).to.equal(true)
          clock.advance(1 + jitter)
          expect(get.has('a')).to.equal(false)
        },
      ),
    )
  })

  it('gives each entry its own life', async () => {
    const clock = new ManualClock()
    const get = cached(new Map(), { ttl: 1000, jitter: 1000, clock, random: seededRandom(7) })(numbered())
    const ids = Array.from({ length: 200 }, (_, index) => `id${index}`)
    for (const id of ids) await get(id)

    clock.advance(1500)
    const alive = ids.filter((id) => get.has(id)).length

    expect(alive).to.be.within(60, 140)
  })

  it('takes the whole life from a jitter function', async () => {
    const clock = new ManualClock()
    const asked: number[] = []
    const jitter = (ttl: number, random: () => number): number => {
      asked.push(ttl)
      return ttl * (0.5 + random())
    }
    const get = cached(new Map(), { ttl: 100, jitter, clock, random: () => 0.25 })(numbered())
    await get('a')

    clock.advance(74)
    expect(get.has('a')).to.equal(true)
    clock.advance(1)
    expect(get.has('a')).to.equal(false)
    expect(asked).to.deep.equal([100])
  })

  it('counts a tti from the last use', async () => {
    const clock = new ManualClock()
    const get = cached(new Map(), { tti: 100, clock })(numbered())
    await get('a')

    for (let step = 0; step < 5; step++) {
      clock.advance(99)
      expect(await get('a')).to.equal('a1')
    }
    clock.advance(50)
    expect(get.has('a')).to.equal(true)
    clock.advance(50)
    expect(await get('a')).to.equal('a2')
  })

  it('counts a tti from a use that comes while a slow store takes the value', async () => {
    const clock = new ManualClock()
    const store = new SlowMap({ random: seededRandom(1), manual: true })
    const get = cached(store, { tti: 100, clock })(numbered())
    const first = get('a')
    for (let steps = 0; steps < 4; steps++) await step()
    await first

    clock.advance(60)
    expect(await get('a')).to.equal('a1')
    await step()
    store.letAllOn()
    await turn()
    clock.advance(60)

    expect(await get('a')).to.equal('a1')

    /** Lets an operation of the store go on. */
    async function step(): Promise<void> {
      store.letOn(0)
      await turn()
    }
  })

  it('lets no use carry an entry beyond its ttl', async () => {
    const clock = new ManualClock()
    const get = cached(new Map(), { tti: 100, ttl: 150, clock })(numbered())
    await get('a')

    clock.advance(90)
    await get('a')
    clock.advance(59)
    expect(await get('a')).to.equal('a1')
    clock.advance(1)
    expect(await get('a')).to.equal('a2')
  })

  it('keeps what `when` says, and forgets the older value when it refuses the newer', async () => {
    const values = ['old', undefined]
    const get = cached(new Map(), { when: (value: string | undefined) => value !== undefined })(async (_: string) =>
      values.shift(),
    )
    await get('a')

    expect(await get.refresh('a')).to.equal(undefined)
    expect(get.has('a')).to.equal(false)
    expect(get.stats()).to.include({ stores: 1, loads: 2 })
  })

  it('runs on the machine clock, and sees one that a test installs later', async () => {
    const get = cached(lru({ max: 10 }), { ttl: 1000 })(numbered())
    const fake = useFakeTimers()
    try {
      await get('a')
      await fake.tickAsync(999)
      expect(await get('a')).to.equal('a1')
      await fake.tickAsync(1)
      expect(await get('a')).to.equal('a2')
    } finally {
      fake.restore()
    }
    await get('b')
    expect(get.has('b')).to.equal(true)
  })

  it('goes on to tell the time where only microtasks run', async () => {
    const get = cached(lru({ max: 10 }), { ttl: 5 })(numbered())
    await get('a')
    const end = performance.now() + 1000

    // No timer can run in this loop.
    while ((await get('a')) === 'a1') if (performance.now() > end) throw new Error('the entry never expired')
  })

  it('lets a ttl store drop an entry in time, without being asked', async () => {
    const fake = useFakeTimers()
    try {
      const gone: unknown[] = []
      const store = ttlPolicy<string, string>({ onRemoval: (key, value, cause) => gone.push([key, value, cause]) })
      const get = cached(store, { ttl: 100, jitter: 50, random: () => 0.5 })(numbered())
      await get('a')

      await fake.tickAsync(124)
      expect(gone).to.deep.equal([])
      await fake.tickAsync(2)
      expect(gone).to.deep.equal([['a', 'a1', 'expired']])
      expect(get.stats()).to.include({ expirations: 1, size: 0 })
    } finally {
      fake.restore()
    }
  })
})
