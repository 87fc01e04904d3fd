import { clock } from '../../src/policies/clock.ts'
import { describeBounded } from './common.ts'
import { checkAgainst, Model, type ModelEntry, without } from './model.ts'

class ClockModel extends Model {
  queue: ModelEntry[] = []
  used = new Set<ModelEntry>()

  override arrives(entry: ModelEntry): void {
    this.queue.push(entry)
  }

  override isUsed(entry: ModelEntry): void {
    this.used.add(entry)
  }

  override leaves(entry: ModelEntry): void {
    this.queue = without(this.queue, entry)
  }

  override next(keep: ModelEntry | undefined): ModelEntry {
    for (;;) {
      const first = this.queue.find((entry) => entry !== keep)!
      if (!this.used.delete(first)) return first
      this.queue = [...without(this.queue, first), first]
    }
  }

  override sorted(): ModelEntry[] {
    return [
      ...this.queue.filter((entry) => !this.used.has(entry)),
      ...this.queue.filter((entry) => this.used.has(entry)),
    ]
  }
}

describe('clock', () => {
  describeBounded('clock', clock)

  it('does what a queue with second chances does', () => {
    checkAgainst(clock, (max, maxWeight) => new ClockModel(max, maxWeight))
  })
})
