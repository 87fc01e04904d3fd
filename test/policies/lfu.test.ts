import { lfu } from '../../src/policies/lfu.ts'
import { describeBounded } from './common.ts'
import { checkAgainstModel } from './model.ts'

describe('lfu', () => {
  describeBounded('lfu', lfu)

  it('does what a list in order of frequency, then of use, does', () => {
    checkAgainstModel(lfu, (a, b) => a.uses - b.uses || a.usedAt - b.usedAt)
  })
})
