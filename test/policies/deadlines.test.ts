import { expect } from 'chai'
import * as fc from 'fast-check'
import { Deadline, deadlineAt, Deadlines } from '../../src/policies/deadlines.ts'
import { seededRandom } from '../../src/random.ts'

class Named extends Deadline {
  readonly id: number

  constructor(id: number, deadline: number | undefined) {
    super()
    this.id = id
    this.deadline = deadline
  }
}

/** The plain way: a list that is sorted at each question; sorting keeps the order of arrival. */
function sortedIds(nodes: readonly Named[]): number[] {
  return nodes.toSorted((a, b) => (a.deadline ?? Infinity) - (b.deadline ?? Infinity) || 0).map(({ id }) => id)
}

const instant = fc.oneof(
  { weight: 4, arbitrary: fc.nat(100) },
  { weight: 4, arbitrary: fc.nat(100_000) },
  { weight: 2, arbitrary: fc.integer({ min: -1e6, max: 1e10 }) },
  { weight: 1, arbitrary: fc.maxSafeInteger().map((n) => Math.trunc(n / 4)) },
  { weight: 1, arbitrary: fc.constantFrom(-(2 ** 51), 2 ** 51 - 1, 2 ** 25, 2 ** 25 - 1, -1, 0, 2 ** 31, 2 ** 32) },
  { weight: 1, arbitrary: fc.constant(undefined) },
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

describe('Deadlines', () => {
  it('keep the order of a sorted list, through additions and removals of all kinds', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const deadlines = new Deadlines<Named>()
        let model: Named[] = []
        let id = 0

        for (const step of list) {
          if (step.do === 'add') {
            for (let n = 0; n <= step.times; n++) {
              const node = new Named(id++, step.at === undefined ? undefined : step.at + (n % 3) * 7)
              if (node.deadline !== undefined) node.deadline = deadlineAt(node.deadline)
              deadlines.add(node)
              model.push(node)
            }
          } else if (step.do === 'take') {
            for (let n = 0; n <= step.times; n++) {
              const node = deadlines.soonest()
              expect(node?.id).to.equal(sortedIds(model)[0])
              if (node === undefined) break
              deadlines.remove(node)
              model = model.filter((other) => other !== node)
            }
          } else if (step.do === 'remove') {
            const [node] = model.splice(step.which % (model.length || 1), 1)
            if (node) deadlines.remove(node)
          } else if (step.rarely === 0) {
            deadlines.clear()
            model = []
          }
          expect(deadlines.soonest()?.id).to.equal(sortedIds(model)[0])
          expect(deadlines.anyEnds).to.equal(model.some(({ deadline }) => deadline !== undefined))
        }

        expect(Array.from(deadlines.inOrder(false), (node) => node.id)).to.deep.equal(sortedIds(model))
        expect(Array.from(deadlines.inOrder(true), (node) => node.id)).to.deep.equal(sortedIds(model).toReversed())
      }),
      { numRuns: 200 },
    )
  })

  it('sort 100,000 jittered deadlines while they are added and taken', () => {
    const random = seededRandom(3)
    const deadlines = new Deadlines<Named>()
    const nodes = Array.from({ length: 100_000 }, (_, id) => new Named(id, Math.ceil(60_000 + random() * 10_000)))
    for (const node of nodes) deadlines.add(node)

    const taken: number[] = []
    for (let node = deadlines.soonest(); node !== undefined; node = deadlines.soonest()) {
      taken.push(node.id)
      deadlines.remove(node)
    }

    expect(taken).to.deep.equal(sortedIds(nodes))
  })

  it('round up to whole milliseconds, and take what never comes for no end', () => {
    expect(deadlineAt(0)).to.equal(0)
    expect(deadlineAt(0.1)).to.equal(1)
    expect(deadlineAt(Infinity)).to.equal(undefined)
    expect(deadlineAt(NaN)).to.equal(undefined)
    expect(deadlineAt(2 ** 51)).to.equal(undefined)
    expect(deadlineAt(-Infinity)).to.equal(-(2 ** 51))
  })
})
