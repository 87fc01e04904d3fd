import { expect } from 'chai'
import * as fc from 'fast-check'
import { optimal } from '../../src/simulator/optimal.ts'

/** The most hits of all ways to choose what to keep, each tried. */
function mostHits(trace: readonly string[], max: number, at = 0, here: readonly string[] = []): number {
  if (at === trace.length) return 0
  const key = trace[at]!
  if (here.includes(key)) return 1 + mostHits(trace, max, at + 1, here)
  const choices = [here]
  if (here.length < max) choices.push([...here, key])
  else for (const leaving of here) choices.push([...here.filter((other) => other !== leaving), key])
  return Math.max(...choices.map((next) => mostHits(trace, max, at + 1, next)))
}

describe('optimal', () => {
  it('is the best of all that can be done', () => {
    const traces = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 9 })

    fc.assert(
      fc.property(traces, fc.nat(3), (trace, max) => {
        expect(Math.round(optimal(trace, max) * trace.length)).to.equal(mostHits(trace, max))
      }),
      { numRuns: 300 },
    )
  })

  it('is nothing with no room, and all but the first uses with room for all', () => {
    const trace = ['a', 'b', 'a', 'b']

    expect(optimal(trace, 0)).to.equal(0)
    expect(optimal(trace, 2)).to.equal(0.5)
    expect(optimal(trace, 9)).to.equal(0.5)
  })
})
