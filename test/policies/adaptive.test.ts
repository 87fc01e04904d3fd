import { expect } from 'chai'
import { Adaptive, adaptive } from '../../src/policies/adaptive.ts'
import { type BoundOptions, boundsOf } from '../../src/policies/bounds.ts'
import { lru } from '../../src/policies/lru.ts'
import { TinyLfu } from '../../src/policies/tiny-lfu.ts'
import { seededRandom } from '../../src/random.ts'
import { optimal } from '../../src/simulator/optimal.ts'
import { replay } from '../../src/simulator/replay.ts'
import { loop, scan, shift, type Trace, zipf } from '../../src/simulator/traces.ts'
import { describeBounded } from './common.ts'

type Options = BoundOptions<string, unknown>

/** One that draws its hash from a seed, so that it does the same in every run. */
const seeded = (options: Options): Adaptive<string, unknown> =>
  new Adaptive(boundsOf('adaptive', options), options.onRemoval, seededRandom(5))

/** What it has to be measured by: the best of the stores that it could be all the time. */
function bestStatic(max: number, trace: Trace): number {
  const rates = [0.01, 0.05, 0.2, 0.5].map((window) => {
    return replay(new TinyLfu(boundsOf('tinyLfu', { max }), undefined, false, window, seededRandom(5)), trace)
  })
  return Math.max(...rates, replay(lru<string, unknown>({ max }), trace))
}

describe('adaptive', () => {
  describeBounded('adaptive', adaptive)

  describe('on generated requests', () => {
    const traces: Record<string, Trace> = {
      'where some keys are popular': zipf({ requests: 150_000, keys: 20_000 }),
      'with scans between popular keys': scan({ requests: 150_000, keys: 2_000, length: 2_000, every: 2_000 }),
      'in a loop': loop({ requests: 100_000, keys: 1_000 }),
      'that all come in quick succession': shift({ requests: 300_000, keys: 1_000 }).slice(0, 100_000),
    }

    for (const [kind, trace] of Object.entries(traces)) {
      for (const max of [50, 400, 900]) {
        it(`${kind}, with room for ${max}, is hardly worse than the best that it could be all the time`, () => {
          expect(replay(seeded({ max }), trace)).to.be.above(bestStatic(max, trace) - 0.015)
        })
      }
    }

    for (const max of [50, 200, 500]) {
      it(`is as good as the best of them where what is asked for shifts, with room for ${max}`, () => {
        const trace = shift({ requests: 300_000, keys: 1_000 })

        const rate = replay(seeded({ max }), trace)

        expect(rate).to.be.above(bestStatic(max, trace) - 0.025)
        expect(rate).to.be.above(0.94 * optimal(trace, max))
      })
    }

    it('does not believe that a loop fits which does not', () => {
      // With one hash or the other, the sampled part of the loop fits into a miniature.
      for (const max of [850, 900, 950, 980]) {
        const trace = loop({ requests: 200_000, keys: 1_000 })

        for (let seed = 0; seed < 4; seed++) {
          const store = new Adaptive<string, unknown>(boundsOf('adaptive', { max }), undefined, seededRandom(seed))
          expect(replay(store, trace)).to.be.above(0.85 * (max / 1_000))
        }
      }
    })
  })

  it('weighs, and takes its sample when it is full', () => {
    const weigher = (_value: unknown, key: string): number => 1 + (key.length % 3)
    const room = { maxWeight: 1_000, weigher }
    const store = seeded(room)
    expect(store.explain().sampled).to.equal(0)

    const trace = shift({ requests: 300_000, keys: 900 })
    const rate = replay(store, trace)

    expect(rate).to.be.above(replay(lru<string, unknown>(room), trace) + 0.06)
    expect(store.explain().sampled).to.be.within(0.1, 0.2)
    expect(store.explain().changes).to.be.above(1)
  })

  it('takes another sample when its entries weigh much more or less', () => {
    const store = new Adaptive<string, number>(
      boundsOf('adaptive', { maxWeight: 10_000, weigher: (value: number) => value }),
      undefined,
      seededRandom(1),
    )

    for (let n = 0; n < 3_000; n++) store.set(`light:${n % 3_000}`, 4)
    const light = store.explain().sampled
    for (let n = 0; n < 30_000; n++) store.set(`heavy:${n % 3_000}`, 100)

    expect(light).to.be.closeTo(64 / 2_500, 0.002)
    expect(store.explain().sampled).to.be.within(0.5, 1)
  })

  it('explains what it does, and why', () => {
    const store = seeded({ max: 100 })

    expect(store.explain()).to.deep.include({ window: 0.01, changes: 0, sampled: 0.64 })
    expect(store.explain().why).to.equal('it begins with a window of 1 %, and is not full yet')

    replay(store, shift({ requests: 60_000, keys: 1_000 }).slice(0, 20_000))
    const { window, changes, candidates, why } = store.explain()

    expect(window).to.be.at.least(0.2)
    expect(changes).to.be.at.least(1)
    expect(candidates.map((candidate) => candidate.window)).to.deep.equal([0.01, 0.05, 0.2, 0.5, 1])
    expect(candidates.find((candidate) => candidate.window === window)!.hitRate).to.be.closeTo(0.66, 0.05)
    expect(why).to.match(/: of a sample of the requests, miniatures have answered [\d.]+ % with 1 %, [\d.]+ % with 5 %/)
  })

  it('has nothing to explain when it keeps nothing', () => {
    const store = adaptive<string, number>({ max: 0 })
    store.set('a', 1)

    expect(store.explain()).to.deep.include({ sampled: 0, candidates: [] })
  })

  it('learns anew after it was cleared', () => {
    const store = seeded({ max: 100 })
    const trace = zipf({ requests: 20_000, keys: 2_000 })
    const first = replay(store, trace)

    store.clear()

    expect(store.size).to.equal(0)
    expect(replay(store, trace)).to.be.closeTo(first, 0.03)
  })
})
