import { expect } from 'chai'
import * as fc from 'fast-check'
import { rankAt, Ranks } from '../../src/policies/ranks.ts'
import { seededRandom } from '../../src/random.ts'

/** The plain way: a list that is sorted at each question; sorting keeps the order of arrival. */
function sorted(slots: readonly number[], rank: ReadonlyMap<number, number>): number[] {
  // Two that are infinite have no difference.
  return slots.toSorted((a, b) => rank.get(a)! - rank.get(b)! || 0)
}

const instant = fc.oneof(
  { weight: 4, arbitrary: fc.nat(100) },
  { weight: 4, arbitrary: fc.nat(100_000) },
  { weight: 2, arbitrary: fc.integer({ min: -1e6, max: 1e10 }) },
  { weight: 1, arbitrary: fc.maxSafeInteger().map((n) => Math.trunc(n / 4)) },
  { weight: 1, arbitrary: fc.constantFrom(-(2 ** 51), 2 ** 51 - 1, 2 ** 25, 2 ** 25 - 1, -1, 0, 2 ** 31, 2 ** 32) },
  { weight: 1, arbitrary: fc.constant(Infinity) },
)
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('add' as const), at: instant, times: fc.nat(12) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const), times: fc.nat(12) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), rarely: fc.nat(9) }) },
  ),
  { minLength: 40, maxLength: 120 },
)

describe('Ranks', () => {
  it('keep the order of a sorted list, through additions and removals of all kinds', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const ranks = new Ranks()
        const rank = new Map<number, number>()
        const free: number[] = []
        let capacity = 0
        let model: number[] = []

        const leave = (slot: number): void => {
          ranks.remove(slot)
          model = model.filter((other) => other !== slot)
          free.push(slot)
        }
        for (const step of list) {
          if (step.do === 'add') {
            for (let n = 0; n <= step.times; n++) {
              if (free.length === 0) {
                free.push(capacity)
                ranks.resize(++capacity)
              }
              const slot = free.pop()!
              rank.set(slot, rankAt(step.at + (n % 3) * 7))
              ranks.add(slot, rank.get(slot)!)
              model.push(slot)
              expect(ranks.rankOf(slot)).to.equal(rank.get(slot))
            }
          } else if (step.do === 'take') {
            for (let n = 0; n <= step.times; n++) {
              const slot = ranks.first()
              expect(slot).to.equal(sorted(model, rank)[0])
              if (slot === undefined) break
              leave(slot)
            }
          } else if (step.do === 'remove') {
            const slot = model[step.which % (model.length || 1)]
            if (slot !== undefined) leave(slot)
          } else if (step.rarely === 0) {
            ranks.clear()
            free.push(...model)
            model = []
          }
          expect(ranks.first()).to.equal(sorted(model, rank)[0])
          expect(ranks.anyFinite).to.equal(model.some((slot) => rank.get(slot) !== Infinity))
        }

        expect([...ranks.inOrder(false)]).to.deep.equal(sorted(model, rank))
        expect([...ranks.inOrder(true)]).to.deep.equal(sorted(model, rank).toReversed())
      }),
      { numRuns: 200 },
    )
  })

  it('sort 100,000 jittered ranks while they are added and taken', () => {
    const random = seededRandom(3)
    const ranks = new Ranks()
    const rank = new Map<number, number>()
    ranks.resize(100_000)
    for (let slot = 0; slot < 100_000; slot++) {
      rank.set(slot, Math.ceil(60_000 + random() * 10_000))
      ranks.add(slot, rank.get(slot)!)
    }

    const taken: number[] = []
    for (let slot = ranks.first(); slot !== undefined; slot = ranks.first()) {
      taken.push(slot)
      ranks.remove(slot)
    }

    expect(taken).to.deep.equal(sorted([...rank.keys()], rank))
  })

  it('are whole numbers, rounded up, or none where they could not be compared exactly', () => {
    expect(rankAt(0)).to.equal(0)
    expect(rankAt(0.1)).to.equal(1)
    expect(rankAt(Infinity)).to.equal(Infinity)
    expect(rankAt(NaN)).to.equal(Infinity)
    expect(rankAt(2 ** 51)).to.equal(Infinity)
    expect(rankAt(-Infinity)).to.equal(-(2 ** 51))
  })
})
