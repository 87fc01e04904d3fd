import { expect } from 'chai'
import { lru } from '../../src/policies/lru.ts'
import { sieve } from '../../src/policies/sieve.ts'
import { replay } from '../../src/simulator/replay.ts'
import { describeBounded } from './common.ts'
import { checkAgainst, Model, type ModelEntry, without } from './model.ts'

class SieveModel extends Model {
  /** The oldest first. */
  queue: ModelEntry[] = []
  used = new Set<ModelEntry>()
  /** What the hand will look at next; `undefined` for the oldest. */
  hand: ModelEntry | undefined

  override arrives(entry: ModelEntry): void {
    this.queue.push(entry)
  }

  override isUsed(entry: ModelEntry): void {
    this.used.add(entry)
  }

  override leaves(entry: ModelEntry): void {
    if (this.hand === entry) this.hand = this.queue[this.queue.indexOf(entry) + 1]
    this.queue = without(this.queue, entry)
  }

  override next(keep: ModelEntry | undefined): ModelEntry {
    for (;;) {
      const entry = this.hand ?? this.queue[0]!
      if (!this.used.delete(entry) && entry !== keep) return entry
      this.hand = this.queue[this.queue.indexOf(entry) + 1]
    }
  }

  override sorted(): ModelEntry[] {
    const at = this.hand === undefined ? 0 : this.queue.indexOf(this.hand)
    const round = [...this.queue.slice(at), ...this.queue.slice(0, at)]
    return [...round.filter((entry) => !this.used.has(entry)), ...round.filter((entry) => this.used.has(entry))]
  }
}

describe('sieve', () => {
  describeBounded('sieve', sieve)

  it('does what a queue with a hand does', () => {
    checkAgainst(sieve, (max, maxWeight) => new SieveModel(max, maxWeight))
  })

  it('may lock up where least-recently-used does well, as its page says', () => {
    // Each key is asked for twice, and not again; then a few keys all the time.
    const requests: string[] = []
    for (let n = 0; n < 2000; n++) requests.push(`once more ${n}`, `once more ${Math.max(0, n - 20)}`)
    for (let n = 0; n < 20_000; n++) requests.push(`loop ${n % 90}`)

    expect(replay(lru({ max: 100 }), requests)).to.be.above(0.9)
    expect(replay(sieve({ max: 100 }), requests)).to.be.below(0.02)
  })
})
