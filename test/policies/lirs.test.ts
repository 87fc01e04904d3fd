import type { BoundOptions } from '../../src/policies/bounds.ts'
import { lirs, type LirsOptions } from '../../src/policies/lirs.ts'
import type { Policy } from '../../src/types.ts'
import { describeBounded } from './common.ts'
import { checkAgainst, Model, type ModelEntry, without } from './model.ts'

/** The stack and the queue of the paper, as lists of keys. */
class LirsModel extends Model {
  stack: string[] = []
  low = new Set<string>()
  queue: string[] = []
  /** In the order in which they left. */
  ghosts: string[] = []
  comesBack = false

  get lowMax(): number {
    return this.max - Math.max(1, Math.floor(this.max / 100))
  }

  override comes(key: string): void {
    this.comesBack = this.ghosts.includes(key)
    this.ghosts = without(this.ghosts, key)
    this.stack = without(this.stack, key)
  }

  override arrives({ key }: ModelEntry): void {
    this.stack.push(key)
    if (this.low.size < this.lowMax || (this.comesBack && this.lowMax > 0)) this.becomesLow(key)
    else this.queue.push(key)
    this.prune()
  }

  override isUsed({ key }: ModelEntry): void {
    const wasInStack = this.stack.includes(key)
    this.stack = [...without(this.stack, key), key]
    if (!this.low.has(key)) {
      this.queue = without(this.queue, key)
      if (wasInStack && this.lowMax > 0) this.becomesLow(key)
      else this.queue.push(key)
    }
    this.prune()
  }

  becomesLow(key: string): void {
    this.low.add(key)
    if (this.low.size <= this.lowMax) return
    this.prune()
    const bottom = this.stack.shift()!
    this.low.delete(bottom)
    this.queue.push(bottom)
  }

  prune(): void {
    while (this.stack.length > 0 && !this.low.has(this.stack[0]!)) {
      this.ghosts = without(this.ghosts, this.stack.shift()!)
    }
  }

  override leaves({ key }: ModelEntry): void {
    if (!this.ghosts.includes(key)) this.stack = without(this.stack, key)
    this.low.delete(key)
    this.queue = without(this.queue, key)
    this.prune()
  }

  override next(): ModelEntry {
    const key = this.queue[0]!
    if (this.stack.includes(key)) this.ghosts.push(key)
    if (this.ghosts.length > 2 * this.max) this.stack = without(this.stack, this.ghosts.shift()!)
    return this.find(key)!
  }

  override forgets(): void {
    this.stack = []
    this.ghosts = []
  }

  override sorted(): ModelEntry[] {
    return [...this.queue, ...this.stack.filter((key) => this.low.has(key))].map((key) => this.find(key)!)
  }
}

const create = (options: BoundOptions<any, any>): Policy<any, any> => lirs(options as LirsOptions<any, any>)

describe('lirs', () => {
  describeBounded('lirs', create, { weighs: false })

  it('does what a stack and a queue do', () => {
    checkAgainst(create, (max, maxWeight) => new LirsModel(max, maxWeight), false)
  })
})
