import { getEventListeners, setMaxListeners } from 'node:events'
import process from 'node:process'

import { expect } from 'chai'

import { cached, loadContext, lru, LoadTimeoutError, type CachedOptions } from '../../src/index.ts'
import { ManualClock, seededRandom } from '../../src/testing.ts'
import { AsyncMap } from '../support/async-map.ts'
import { rejection } from '../support/rejection.ts'
import { faultsBy, Origin } from './origin.ts'

type Options = CachedOptions<string, [string]>

/** The sets of options, one for each way to live with a back end that fails. */
const optionSets: Record<string, Options> = {
  'a ttl alone': { ttl: 20 },
  staleWhileRevalidate: { ttl: 20, jitter: 10, staleWhileRevalidate: 40 },
  staleIfError: { ttl: 20, staleIfError: 60_000, errorTtl: 30 },
  errorTtl: { ttl: 20, errorTtl: 30 },
  "refreshAfter 'early'": { ttl: 40, refreshAfter: 'early' },
  'timeout and softTimeout': { ttl: 20, softTimeout: 5, timeout: 20 },
  'all of them': {
    ttl: 30,
    jitter: 10,
    refreshAfter: 20,
    staleWhileRevalidate: 20,
    staleIfError: 60_000,
    errorTtl: 30,
    softTimeout: 5,
    timeout: 20,
  },
}

const stores: Record<string, () => any> = { lru: () => lru({ max: 150 }), 'a slow Map': () => new AsyncMap() }
const keys = Array.from({ length: 200 }, (_, index) => `key${index}`)

/** Calls, waves of calls, and milliseconds of the function's clock from one wave to the next. */
const calls = 10_000
const perWave = 100
const waveMs = 1

/** A turn of the event loop, in which the origin gets to answer. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** What keeps the process alive. */
const alive = (): string[] => process.getActiveResourcesInfo().toSorted()

describe('before an origin that fails', () => {
  let origin: Origin
  let before: string[]

  beforeEach(async () => {
    await turn()
    before = alive()
    origin = new Origin()
    await origin.listen()
  })

  afterEach(async () => {
    await origin.close()
    for (let turns = 0; turns < 100 && alive().length > before.length; turns++) await turn()
    expect(alive(), 'what keeps the process alive').to.deep.equal(before)
  })

  for (const [kind, create] of Object.entries(stores)) {
    for (const [name, options] of Object.entries(optionSets)) {
      if (kind === 'a slow Map' && !name.startsWith('all')) continue
      it(`${name} over ${kind} asks for each key once at a time, and answers every call`, async () => {
        const random = seededRandom(20_261)
        const clock = new ManualClock()
        const reported: unknown[] = []
        const staying = new AbortController()
        setMaxListeners(0, staying.signal)
        origin.next = faultsBy(random)
        const get = cached<any, string, [string]>(create(), {
          ...options,
          clock,
          random,
          onError: (error) => reported.push(error),
        })((key: string) => origin.load(key))
        const getStaying = get.with({ signal: staying.signal })
        const failures: unknown[] = []
        const wrong: unknown[] = []
        const pending: Promise<void>[] = []

        let made = 0
        while (made < calls) {
          for (let left = perWave; left > 0; left--, made++) {
            const key = keys[Math.floor(random() * random() * keys.length)]!
            const call: Promise<string> = (made % 3 === 0 ? getStaying : get)(key)
            pending.push(
              call.then(
                (value) => void (value === `${key} 1` || wrong.push(value)),
                (error: unknown) => void failures.push(error),
              ),
            )
          }
          await turn()
          clock.advance(waveMs)
        }
        await Promise.all(pending)
        await get.close()

        const { hits, misses, staleHits, joins, loads, loadFailures } = get.stats()
        expect(wrong, 'values of other keys').to.deep.equal([])
        expect(hits + misses + staleHits + joins).to.equal(calls)
        expect(loads).to.equal(origin.requests)
        expect(origin.mostAtOnce, 'requests for one key at a time').to.equal(1)
        expect(origin.running).to.equal(0)
        expect(loadFailures, 'loads that failed').to.be.greaterThan(10)
        const known = /^status 500$|^socket hang up$|^aborted$|ECONNRESET/
        for (const error of [...failures, ...reported]) {
          if (!(error instanceof LoadTimeoutError && options.timeout === error.ms)) {
            expect(error).to.be.an('error').with.property('message').that.matches(known)
          }
        }
        expect(getEventListeners(staying.signal, 'abort')).to.deep.equal([])
      })
    }
  }

  it('keeps answering for ten times the ttl, asks once a key and second, and is fresh within one', async () => {
    const ttl = 1_000
    const step = 250
    const clock = new ManualClock()
    const reported: unknown[] = []
    const get = cached(lru({ max: 1_000 }), {
      ttl,
      staleIfError: 3_600_000,
      clock,
      onError: (error) => reported.push(error),
    })((key: string) => origin.load(key))
    await Promise.all(keys.map((key) => get(key)))

    const random = seededRandom(3)
    const askedAt = new Map<string, number[]>(keys.map((key) => [key, []]))
    origin.next = (key) => {
      askedAt.get(key)!.push(clock.now())
      return random() < 0.5 ? 'refuse' : 'reset'
    }
    for (let down = 0; down < 10 * ttl; down += step) {
      clock.advance(step)
      const values = await Promise.all(keys.map((key) => get(key)))
      expect(values).to.deep.equal(keys.map((key) => `${key} 1`))
    }
    for (const [key, times] of askedAt) {
      const gaps = times.slice(1).map((time, index) => time - times[index]!)
      expect(times.length, `requests for ${key}`).to.equal(10)
      expect(Math.min(...gaps), `milliseconds between requests for ${key}`).to.be.at.least(1_000)
    }
    expect(reported.length).to.equal(get.stats().loadFailures)

    origin.next = () => 'answer'
    origin.version = 2
    clock.advance(1_000)
    expect(await Promise.all(keys.map((key) => get(key)))).to.deep.equal(keys.map((key) => `${key} 2`))
    expect(origin.mostAtOnce).to.equal(1)
    await get.close()
  })

  it('does not wait for a refresh that is behind an old value, and is fresh after it', async () => {
    const clock = new ManualClock()
    const get = cached(lru({ max: 1_000 }), {
      ttl: 1_000,
      staleWhileRevalidate: 10_000,
      staleIfError: 10_000,
      clock,
      onError: () => {},
    })((key: string) => origin.load(key))
    await Promise.all(keys.map((key) => get(key)))
    clock.advance(1_000)
    origin.next = () => 'die'
    origin.version = 2

    expect(await Promise.all(keys.map((key) => get(key)))).to.deep.equal(keys.map((key) => `${key} 1`))
    while (get.stats().loadFailures < keys.length) await turn()
    origin.next = () => 'answer'
    clock.advance(1_000)
    await Promise.all(keys.map((key) => get(key)))
    while (get.stats().stores < 2 * keys.length) await turn()

    expect(await Promise.all(keys.map((key) => get(key)))).to.deep.equal(keys.map((key) => `${key} 2`))
    expect(get.stats()).to.include({ misses: 200, staleHits: 400, hits: 200, loads: 600 })
    await get.close()
  })

  it('ends its request when all callers have left', async () => {
    origin.next = () => 'hang'
    const get = cached(lru({ max: 10 }))((key: string) => origin.load(key, loadContext().signal))
    const controllers = [new AbortController(), new AbortController()]
    const waiting = controllers.map(({ signal }) => rejection(get.with({ signal })('a')))
    while (origin.running === 0) await turn()

    controllers[0]!.abort('gone')
    await turn()
    expect(origin.running).to.equal(1)
    controllers[1]!.abort('gone too')
    while (origin.running > 0) await turn()

    expect(await Promise.all(waiting)).to.deep.equal(['gone', 'gone too'])
    await get.close()
  })
})
