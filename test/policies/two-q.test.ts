import { twoQ } from '../../src/policies/two-q.ts'
import { describeBounded } from './common.ts'
import { checkAgainst, Model, type ModelEntry, weightOfAll, without } from './model.ts'

class TwoQModel extends Model {
  newcomers: ModelEntry[] = []
  main: ModelEntry[] = []
  ghosts: ModelEntry[] = []
  comesBack = false

  override comes(key: string): void {
    const ghost = this.ghosts.find((entry) => entry.key === key)
    this.comesBack = ghost !== undefined
    if (ghost) this.ghosts = without(this.ghosts, ghost)
  }

  override arrives(entry: ModelEntry): void {
    ;(this.comesBack ? this.main : this.newcomers).push(entry)
  }

  override isUsed(entry: ModelEntry): void {
    if (this.main.includes(entry)) this.main = [...without(this.main, entry), entry]
  }

  override leaves(entry: ModelEntry): void {
    this.newcomers = without(this.newcomers, entry)
    this.main = without(this.main, entry)
  }

  override forgets(): void {
    this.ghosts = []
  }

  override next(keep: ModelEntry | undefined): ModelEntry {
    const tooMany = this.newcomers.length > this.max / 4 || weightOfAll(this.newcomers) > this.maxWeight / 4
    const newcomer = this.newcomers.find((entry) => entry !== keep)
    const inMain = this.main.find((entry) => entry !== keep)
    if (inMain && (!newcomer || !tooMany)) return inMain
    this.ghosts.push(newcomer!)
    while (this.ghosts.length > this.max / 2 || weightOfAll(this.ghosts) > this.maxWeight / 2) this.ghosts.shift()
    return newcomer!
  }

  override sorted(): ModelEntry[] {
    return [...this.newcomers, ...this.main]
  }
}

describe('twoQ', () => {
  describeBounded('twoQ', twoQ)

  it('does what two queues and a list of those that have left do', () => {
    checkAgainst(twoQ, (max, maxWeight) => new TwoQModel(max, maxWeight))
  })
})
