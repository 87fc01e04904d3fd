import { expect } from 'chai'
import { HillClimb } from '../../src/policies/hill-climb.ts'

const entries = 10

/** The window after many rounds in each of which the part of the requests that hit is a function of it. */
function climb(hitRateOf: (share: number, round: number) => number, rounds: number, begin = 0.01): number[] {
  const hill = new HillClimb(begin)
  const shares = [begin]
  let total = 0
  for (let round = 0; round < rounds; round++) {
    const misses = Math.round((1 - hitRateOf(shares.at(-1)!, round)) * 100)
    let next: number | undefined
    for (let miss = 1; miss <= misses; miss++) next = hill.missed(miss === misses ? total + 100 : total + miss, entries)
    total += 100
    shares.push(next!)
  }
  return shares
}

describe('the climb of a window', () => {
  it('ends near the best window', () => {
    const shares = climb((share) => 0.9 - Math.abs(share - 0.4), 400)

    expect(shares.at(-1)).to.be.within(0.3, 0.5)
  })

  it('stays within what is of use', () => {
    expect(Math.max(...climb((share) => 0.1 + 0.8 * share, 300, 0.5))).to.equal(0.8)
    expect(Math.min(...climb((share) => 0.9 - 0.8 * share, 300, 0.5))).to.equal(0.01)
  })

  it('takes long steps again when the hit rate changes much', () => {
    const shares = climb((_share, round) => (round < 300 ? 0.9 : 0.9 - (round % 2) * 0.2), 310, 0.5)
    const steps = shares.map((share, at) => Math.abs(share - (shares[at - 1] ?? share)))

    expect(steps[299]).to.be.below(0.001)
    expect(Math.max(...steps.slice(301))).to.be.closeTo(0.0625, 1e-9)
  })

  it('looks after ten requests for each entry', () => {
    const hill = new HillClimb(0.5)

    expect(hill.missed(99, entries)).to.equal(undefined)
    expect(hill.missed(100, entries)).to.be.closeTo(0.5 + 0.0625, 0.002)
  })
})
