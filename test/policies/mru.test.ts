import { mru } from '../../src/policies/mru.ts'
import { describeBounded } from './common.ts'
import { checkAgainstModel } from './model.ts'

describe('mru', () => {
  describeBounded('mru', mru)

  it('does what a list in order of use, read from its end, does', () => {
    checkAgainstModel(mru, (a, b) => b.usedAt - a.usedAt)
  })
})
