import { fifo } from '../../src/policies/fifo.ts'
import { describeBounded } from './common.ts'
import { checkAgainstModel } from './model.ts'

describe('fifo', () => {
  describeBounded('fifo', fifo)

  it('does what a queue does', () => {
    checkAgainstModel(fifo, (a, b) => a.addedAt - b.addedAt)
  })
})
