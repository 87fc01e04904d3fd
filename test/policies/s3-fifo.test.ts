import { s3Fifo } from '../../src/policies/s3-fifo.ts'
import { describeBounded } from './common.ts'
import { checkAgainst, Model, type ModelEntry, weightOfAll, without } from './model.ts'

class S3FifoModel extends Model {
  small: ModelEntry[] = []
  main: ModelEntry[] = []
  ghosts: ModelEntry[] = []
  counts = new Map<ModelEntry, number>()
  comesBack = false

  get mainMax(): number {
    return this.max === Infinity ? Infinity : this.max - Math.max(1, Math.floor(this.max / 10))
  }

  get mainMaxWeight(): number {
    return this.maxWeight === Infinity ? Infinity : this.maxWeight - Math.max(1, Math.floor(this.maxWeight / 10))
  }

  override comes(key: string): void {
    const ghost = this.ghosts.find((entry) => entry.key === key)
    this.comesBack = ghost !== undefined
    if (ghost) this.ghosts = without(this.ghosts, ghost)
  }

  override arrives(entry: ModelEntry): void {
    this.counts.set(entry, 0)
    ;(this.comesBack ? this.main : this.small).push(entry)
  }

  override isUsed(entry: ModelEntry): void {
    this.counts.set(entry, Math.min(3, this.counts.get(entry)! + 1))
  }

  override leaves(entry: ModelEntry): void {
    this.small = without(this.small, entry)
    this.main = without(this.main, entry)
  }

  override forgets(): void {
    this.ghosts = []
  }

  override next(keep: ModelEntry | undefined): ModelEntry {
    const others = (list: ModelEntry[]): ModelEntry[] => without(list, keep!)
    const tooMany = this.main.length > this.mainMax || weightOfAll(this.main) > this.mainMaxWeight
    if (!tooMany || others(this.main).length === 0) {
      for (const entry of others(this.small)) {
        if (this.counts.get(entry)! < 2) {
          this.ghosts.push(entry)
          while (this.ghosts.length > this.mainMax || weightOfAll(this.ghosts) > this.mainMaxWeight) this.ghosts.shift()
          return entry
        }
        this.counts.set(entry, 0)
        this.small = without(this.small, entry)
        this.main.push(entry)
      }
    }
    for (;;) {
      const first = others(this.main)[0]!
      const count = this.counts.get(first)!
      if (count === 0) return first
      this.counts.set(first, count - 1)
      this.main = [...without(this.main, first), first]
    }
  }

  override sorted(): ModelEntry[] {
    return [...this.small, ...this.main.toSorted((a, b) => this.counts.get(a)! - this.counts.get(b)!)]
  }
}

describe('s3Fifo', () => {
  describeBounded('s3Fifo', s3Fifo)

  it('does what three queues do', () => {
    checkAgainst(s3Fifo, (max, maxWeight) => new S3FifoModel(max, maxWeight))
  })
})
