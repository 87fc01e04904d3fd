import { slru } from '../../src/policies/slru.ts'
import { describeBounded } from './common.ts'
import { checkAgainst, Model, type ModelEntry, weightOfAll, without } from './model.ts'

class SlruModel extends Model {
  probation: ModelEntry[] = []
  kept: ModelEntry[] = []

  override arrives(entry: ModelEntry): void {
    this.probation.push(entry)
  }

  override isUsed(entry: ModelEntry): void {
    this.leaves(entry)
    this.kept.push(entry)
    while (this.kept.length > Math.floor(0.8 * this.max) || weightOfAll(this.kept) > Math.floor(0.8 * this.maxWeight)) {
      this.probation.push(this.kept.shift()!)
    }
  }

  override leaves(entry: ModelEntry): void {
    this.probation = without(this.probation, entry)
    this.kept = without(this.kept, entry)
  }

  override next(keep: ModelEntry | undefined): ModelEntry {
    return this.sorted().find((entry) => entry !== keep)!
  }

  override sorted(): ModelEntry[] {
    return [...this.probation, ...this.kept]
  }
}

describe('slru', () => {
  describeBounded('slru', slru)

  it('does what two lists in order of use do', () => {
    checkAgainst(slru, (max, maxWeight) => new SlruModel(max, maxWeight))
  })
})
