import { expect } from 'chai'
import { WindowChoice } from '../../src/policies/window-choice.ts'

const room = 10

/**
 * Notes requests of which each window's miniature answers the part that is named, evenly spread. The store does as the
 * miniature of its window does, but with all room for the window it has `storeRate`.
 */
function note(choice: WindowChoice, count: number, rates: readonly number[], storeRate = rates[2]!): number[] {
  const windows: number[] = []
  const isDue = (rate: number, n: number): number => (Math.floor((n + 1) * rate) > Math.floor(n * rate) ? 1 : 0)
  for (let n = 0; n < count; n++) {
    let hits = 0
    for (const [at, rate] of rates.entries()) hits |= isDue(rate, n) << at
    const rate = [rates[0]!, rates[1]!, storeRate][[0.01, 0.5, 1].indexOf(choice.window)]!
    choice.note(isDue(rate, n) === 1, hits)
    if (choice.changes()) windows.push(choice.window)
  }
  return windows
}

describe('the choice of a window', () => {
  const create = (): WindowChoice => new WindowChoice([0.01, 0.5, 1], 0, room)

  it('falls on the one whose miniature has had the most hits', () => {
    const choice = create()

    expect(note(choice, 1_000, [0.1, 0.6, 0.3]).at(-1)).to.equal(0.5)
    expect(choice.window).to.equal(0.5)
  })

  it('stays where the others are hardly better', () => {
    const choice = create()

    expect(note(choice, 5_000, [0.5, 0.51, 0.5])).to.deep.equal([])
  })

  it('falls on another when what was best is not any more', () => {
    const choice = create()
    note(choice, 2_000, [0.1, 0.6, 0.3])

    expect(note(choice, 400, [0.7, 0.1, 0.2]).at(-1)).to.equal(0.01)
  })

  it('turns from a window whose miniature promises what the store does not have', () => {
    const choice = create()
    expect(note(choice, 20, [0.3, 0.1, 1]).at(-1)).to.equal(1)

    const windows = note(choice, 60, [0.3, 0.1, 1], 0)

    expect(windows.at(-1)).to.equal(0.01)
    expect(choice.candidates[2]!.trust).to.be.below(0.2)
  })

  it('trusts a window again in time', () => {
    const choice = create()
    note(choice, 20, [0.3, 0.1, 1])
    note(choice, 60, [0.3, 0.1, 1], 0)

    note(choice, 10_000, [0.3, 0.1, 0.2], 0.3)

    expect(choice.candidates[2]!.trust).to.be.above(0.9)
  })

  it('tells what it knows of each window', () => {
    const choice = create()
    expect(choice.candidates).to.deep.equal([0.01, 0.5, 1].map((window) => ({ window, hitRate: 0, trust: 1 })))

    note(choice, 3_000, [0.25, 0.5, 0])

    const rates = choice.candidates.map(({ hitRate }) => hitRate)
    expect(rates[0]).to.be.closeTo(0.25, 0.02)
    expect(rates[1]).to.be.closeTo(0.5, 0.02)
    expect(rates[2]).to.equal(0)
  })
})
