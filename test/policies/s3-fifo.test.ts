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

  get mainIsOver(): boolean {
    return this.main.length > this.mainMax || weightOfAll(this.main) > this.mainMaxWeight
  }

  override next(keep: ModelEntry | undefined): ModelEntry {
    if (this.mainIsOver && without(this.main, keep).length > 0) return this.nextInMain(keep)
    let waiting: ModelEntry | undefined
    for (const entry of without(this.small, keep)) {
      if (waiting) this.evict(waiting)
      waiting = undefined
      if (this.counts.get(entry)! < 2) {
        this.ghosts.push(entry)
        while (this.ghosts.length > this.mainMax || weightOfAll(this.ghosts) > this.mainMaxWeight) this.ghosts.shift()
        return entry
      }
      this.counts.set(entry, 0)
      this.small = without(this.small, entry)
      this.main.push(entry)
      if (this.mainIsOver) waiting = this.nextInMain(keep)
    }
    return waiting ?? this.nextInMain(keep)
  }

  nextInMain(keep: ModelEntry | undefined): ModelEntry {
    for (;;) {
      const first = without(this.main, keep)[0]!
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
