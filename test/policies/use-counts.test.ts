import { expect } from 'chai'
import { UseCounts } from '../../src/policies/use-counts.ts'

const slot = 4
const other = 5

/** Uses of another entry, as many as there are between two halvings of the counts of ten entries. */
function halve(counts: UseCounts): void {
  const before = counts.of(slot)
  counts.use(slot)
  for (let n = 0; n < 100 && counts.of(slot) !== Math.ceil((before + 1) / 2); n++) counts.use(other)
}

describe('the counts of uses', () => {
  function ofTen(): UseCounts {
    const counts = new UseCounts(10)
    counts.resize(14)
    counts.arrive(slot, 1, false)
    counts.arrive(other, 2, true)
    return counts
  }

  it('count the arrival and each use, fifteen at most, and all of them in total', () => {
    const counts = ofTen()

    for (let n = 0; n < 4; n++) counts.use(slot)
    expect([counts.of(slot), counts.of(other), counts.total]).to.deep.equal([5, 1, 6])
    for (let n = 0; n < 40; n++) counts.use(slot)
    expect([counts.of(slot), counts.total]).to.deep.equal([15, 46])
  })

  it('say with each use whether the entry is marked', () => {
    const counts = ofTen()

    expect([counts.use(slot), counts.use(other)]).to.deep.equal([false, true])
    counts.mark(slot, true)
    counts.mark(other, false)
    expect([counts.use(slot), counts.use(other)]).to.deep.equal([true, false])
    expect([counts.of(slot), counts.of(other)]).to.deep.equal([3, 3])
  })

  it('remember an entry that has left', () => {
    const counts = ofTen()
    for (let n = 0; n < 6; n++) counts.use(slot)

    counts.leave(slot)
    counts.arrive(slot, 3, false)
    expect(counts.of(slot)).to.equal(1)
    counts.arrive(6, 1, false)
    expect(counts.of(6)).to.equal(8)
  })

  it('are halved after ten uses for each entry, and then after five', () => {
    const counts = ofTen()
    const halved: number[] = []

    for (let n = 3; n <= 200; n++) {
      const before = counts.of(slot)
      counts.use(n % 20 === 0 ? slot : other)
      if (counts.of(slot) < before) halved.push(n)
    }

    expect(halved).to.deep.equal([100, 150, 200])
    expect(counts.total).to.equal(200)
  })

  it('leave an entry its last use for seven halvings, and then none', () => {
    const counts = ofTen()
    const left: number[] = []

    for (let halvings = 0; halvings < 9; halvings++) {
      for (let n = counts.total; n < 100 + 50 * halvings; n++) counts.use(other)
      left.push(counts.of(slot))
    }

    expect(left).to.deep.equal([1, 1, 1, 1, 1, 1, 1, 0, 0])
  })

  it('round up what is left to an entry that was used since the last halving, and down what is left to another', () => {
    const counts = ofTen()
    const left: number[] = []
    for (let n = 0; n < 12; n++) counts.use(slot)

    for (let halvings = 0; halvings < 4; halvings++) {
      for (let n = counts.total; n < 100 + 50 * halvings; n++) counts.use(other)
      left.push(counts.of(slot))
    }

    expect(left).to.deep.equal([7, 3, 1, 1])
  })

  it('count an entry as used when it is used again after halvings', () => {
    const counts = ofTen()

    for (let halvings = 0; halvings < 20; halvings++) {
      halve(counts)
      expect(counts.of(slot)).to.be.at.least(1)
    }
  })

  it('know nothing after they were cleared', () => {
    const counts = ofTen()
    counts.use(slot)
    counts.leave(slot)

    counts.clear()
    counts.resize(14)
    counts.arrive(slot, 1, false)

    expect(counts.of(slot)).to.equal(1)
  })
})
