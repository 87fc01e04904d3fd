import { expect } from 'chai'
import { lru } from '../../src/policies/lru.ts'
import { type BoundOptions, boundsOf } from '../../src/policies/bounds.ts'
import { TinyLfu, tinyLfu } from '../../src/policies/tiny-lfu.ts'
import { seededRandom } from '../../src/random.ts'
import { replay } from '../../src/simulator/replay.ts'
import { loop, scan, shift, zipf } from '../../src/simulator/traces.ts'
import type { Policy } from '../../src/types.ts'
import { describeBounded } from './common.ts'
import { describeConsistency } from './consistency.ts'

/** One that draws its hash from a seed, so that it does the same in every run. */
function seeded(options: BoundOptions<string, unknown>, adaptive = true, window = 0.01): TinyLfu<string, unknown> {
  return new TinyLfu(boundsOf('tinyLfu', options), options.onRemoval, adaptive, window, seededRandom(5))
}

describe('tinyLfu', () => {
  describeBounded('tinyLfu', tinyLfu)

  describe('with a window that stays', () => {
    describeConsistency((options) => tinyLfu({ ...options, adaptive: false, window: 0.3 }), true)
  })

  it('refuses a window that is no share of the room', () => {
    for (const window of [0, -0.1, 1.1, NaN]) {
      expect(() => tinyLfu({ max: 1, window })).to.throw(
        RangeError,
        `window must be a share of the room, more than 0 and at most 1, but got: ${window}`,
      )
    }
    expect(() => tinyLfu({ max: 1, window: '1' as unknown as number })).to.throw(TypeError, 'window must be a share')
    expect(() => tinyLfu({ max: 1, adaptive: 1 as unknown as boolean })).to.throw(TypeError, 'adaptive must be true or')
  })

  it('has a window of a share of the room, of one entry at least', () => {
    expect(tinyLfu({ max: 1_000 }).window).to.equal(10)
    expect(tinyLfu({ max: 1_000, window: 0.25 }).window).to.equal(250)
    expect(tinyLfu({ max: 3 }).window).to.equal(1)
    expect(tinyLfu({ maxWeight: 5_000, weigher: () => 1 }).window).to.equal(50)
  })

  it('has no less of the room for a window that stays than was asked for', () => {
    expect(tinyLfu({ max: 2_714, adaptive: false }).window).to.equal(28)
    expect(tinyLfu({ max: 2_714 }).window).to.equal(27)
    expect(tinyLfu({ max: 1_000, adaptive: false }).window).to.equal(10)
    expect(tinyLfu({ max: 1, adaptive: false, window: 0.5 }).window).to.equal(1)
    expect(tinyLfu({ max: 3, adaptive: false, window: 1 }).window).to.equal(3)
    expect(tinyLfu({ maxWeight: 2_714, weigher: () => 1, adaptive: false }).window).to.equal(28)
  })

  it('lets a new entry in for good when its key has been used more often than what would have to leave', () => {
    const store = seeded({ max: 4 }, false)
    store.set('a', 1).set('b', 1).set('c', 1).set('d', 1)

    // Each is tried in the window, and lost against `a`, which came first and was used as often.
    store.set('e', 1).set('f', 1)
    expect([...store.keys()]).to.have.members(['a', 'b', 'c', 'f'])
    store.get('f')
    store.set('g', 1)

    expect([...store.keys()]).to.have.members(['b', 'c', 'f', 'g'])
  })

  it('remembers how often a key was used that has left', () => {
    const store = seeded({ max: 4 }, false)
    store.set('a', 1).set('b', 1).set('c', 1).set('d', 1)
    for (let n = 0; n < 3; n++) store.set('often', 1).set('once', 1)

    store.set('again', 1)

    expect(store.has('often')).to.equal(true)
  })

  it('says which entries it would keep longest', () => {
    const store = seeded({ max: 6 }, false)
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) store.set(key, 1)
    store.get('c')

    expect(store.coldest(2)).to.deep.equal([['f', 1], ['a', 1]]) // prettier-ignore
    expect(store.hottest(2)).to.deep.equal([['c', 1], ['e', 1]]) // prettier-ignore
    store.set('g', 1)
    expect(store.has('f')).to.equal(false)
  })

  it('keeps what is heavy as well as what is light, where it is used', () => {
    const trace = zipf({ requests: 30_000, keys: 2_000 })
    const weigher = (_value: unknown, key: string): number => 1 + (key.length % 3) * 4
    const room = { maxWeight: 1_000, weigher }

    expect(replay(seeded(room), trace)).to.be.above(replay(lru(room), trace) + 0.08)
  })

  describe('on generated requests', () => {
    const max = 500
    const rates = (trace: readonly string[]): { ours: number; lru: number } => ({
      ours: replay(seeded({ max }), trace),
      lru: replay(lru({ max }) as Policy<string, unknown>, trace),
    })

    it('has more than least-recently-used where some keys are popular', () => {
      const { ours, lru: other } = rates(zipf({ requests: 100_000, keys: 10_000 }))

      expect(ours).to.be.above(other + 0.08)
    })

    it('keeps a part of a loop that is longer than it', () => {
      const { ours, lru: other } = rates(loop({ requests: 50_000, keys: 1_000 }))

      expect(other).to.equal(0)
      expect(ours).to.be.within(0.4, 0.5)
    })

    it('is not emptied by scans', () => {
      const { ours, lru: other } = rates(scan({ requests: 100_000, keys: 1_000, length: 1_000, every: 1_000 }))

      expect(ours).to.be.above(other + 0.05)
    })

    it('widens its window where all that counts is what came last', () => {
      const trace = shift({ requests: 180_000, keys: 1_000 }).slice(0, 60_000)
      const store = seeded({ max: 100 })

      expect(replay(seeded({ max: 100 }, false), trace)).to.be.below(0.1)
      expect(replay(store, trace)).to.be.above(0.5)
      expect(store.window).to.be.above(10)
    })
  })
})
