import { arc, type ArcOptions } from '../../src/policies/arc.ts'
import type { BoundOptions } from '../../src/policies/bounds.ts'
import type { Policy } from '../../src/types.ts'
import { describeBounded } from './common.ts'
import { checkAgainst, Model, type ModelEntry, without } from './model.ts'

/** Figure 4 of the paper, word by word; `deleted` entries, which it does not know of, simply are in no list. */
class ArcModel extends Model {
  t1: ModelEntry[] = []
  t2: ModelEntry[] = []
  b1: string[] = []
  b2: string[] = []
  p = 0
  case: 2 | 3 | 4 = 4

  override comes(key: string): void {
    if (this.b1.includes(key)) {
      this.case = 2
      this.p = Math.min(this.max, this.p + Math.max(this.b2.length / this.b1.length, 1))
      this.b1 = without(this.b1, key)
    } else if (this.b2.includes(key)) {
      this.case = 3
      this.p = Math.max(0, this.p - Math.max(this.b1.length / this.b2.length, 1))
      this.b2 = without(this.b2, key)
    } else {
      this.case = 4
      const all = this.entries.length + this.b1.length + this.b2.length
      if (this.t1.length + this.b1.length === this.max) this.b1.shift()
      else if (all === 2 * this.max) this.b2.shift()
    }
  }

  override next(): ModelEntry {
    const replacesT1 = this.t1.length > this.p || (this.case === 3 && this.t1.length === this.p)
    if (this.case === 4 && this.t1.length === this.max) return this.t1[0]!
    if ((this.t1.length > 0 && replacesT1) || this.t2.length === 0) {
      this.b1.push(this.t1[0]!.key)
      return this.t1[0]!
    }
    this.b2.push(this.t2[0]!.key)
    return this.t2[0]!
  }

  override arrives(entry: ModelEntry): void {
    ;(this.case === 4 ? this.t1 : this.t2).push(entry)
  }

  override isUsed(entry: ModelEntry): void {
    this.leaves(entry)
    this.t2.push(entry)
  }

  override leaves(entry: ModelEntry): void {
    this.t1 = without(this.t1, entry)
    this.t2 = without(this.t2, entry)
  }

  override forgets(): void {
    this.b1 = []
    this.b2 = []
    this.p = 0
  }

  override sorted(): ModelEntry[] {
    return [...this.t1, ...this.t2]
  }
}

const create = (options: BoundOptions<any, any>): Policy<any, any> => arc(options as ArcOptions<any, any>)

describe('arc', () => {
  describeBounded('arc', create, { weighs: false })

  it('does what four lists do', () => {
    checkAgainst(create, (max, maxWeight) => new ArcModel(max, maxWeight), false)
  })
})
