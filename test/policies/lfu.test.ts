import { expect } from 'chai'
import { lfu } from '../../src/policies/lfu.ts'
import type { Policy } from '../../src/types.ts'
import { describeBounded, withOptions } from './common.ts'
import { checkAgainst, checkAgainstModel, Model, type ModelEntry } from './model.ts'

class AgeingModel extends Model {
  age = 0
  ranks = new Map<ModelEntry, number>()

  override arrives(entry: ModelEntry): void {
    this.ranks.set(entry, this.age + 1)
  }

  override isUsed(entry: ModelEntry): void {
    this.ranks.set(entry, this.age + entry.uses)
  }

  override next(keep: ModelEntry | undefined): ModelEntry {
    const entry = this.sorted().find((other) => other !== keep)!
    this.age = this.ranks.get(entry)!
    return entry
  }

  override forgets(): void {
    this.age = 0
  }

  override sorted(): ModelEntry[] {
    return this.entries.toSorted((a, b) => this.ranks.get(a)! - this.ranks.get(b)! || a.usedAt - b.usedAt)
  }
}

const ageing = withOptions(lfu, { ageing: true })

describe('lfu', () => {
  describeBounded('lfu', lfu)

  it('does what a list in order of frequency, then of use, does', () => {
    checkAgainstModel(lfu, (a, b) => a.uses - b.uses || a.usedAt - b.usedAt)
  })

  it('refuses an ageing that is neither true nor false', () => {
    expect(() => lfu({ max: 1, ageing: 1 as unknown as boolean })).to.throw(
      TypeError,
      'ageing must be true or false, but got: 1',
    )
  })
})

describe('lfu with ageing', () => {
  describeBounded('lfu', ageing)

  it('does what a list in order of aged frequency, then of use, does', () => {
    checkAgainst(ageing, (max, maxWeight) => new AgeingModel(max, maxWeight))
  })

  it('lets what was popular once give way', () => {
    const stillHas = (store: Policy<string, number>): boolean => {
      store.set('old', 0)
      for (let n = 0; n < 100; n++) store.get('old')
      for (let n = 0; n < 1000; n++) store.set(`new ${n}`, n)
      return store.has('old')
    }

    expect(stillHas(lfu({ max: 3 }))).to.equal(true)
    expect(stillHas(ageing({ max: 3 }))).to.equal(false)
  })
})
