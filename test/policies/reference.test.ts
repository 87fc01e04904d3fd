import { expect } from 'chai'
import { arc, clock, fifo, lfu, lirs, lru, s3Fifo, sieve, slru, twoQ } from '../../src/policies/index.ts'
import { replay } from '../../src/simulator/replay.ts'
import { readKnownScores, readTrace } from '../../src/simulator/trace-files.ts'
import type { Policy } from '../../src/types.ts'
import { all, folder } from '../support/traces.ts'

interface Known {
  readonly name: string
  readonly inReference: string
  readonly create: (max: number) => Policy<string, unknown>
  /** Percentage points by which a score may differ from the known one. */
  readonly within: number
}

const policies: readonly Known[] = [
  { name: 'lru', inReference: 'lru', create: (max) => lru({ max }), within: 0.01 },
  { name: 'fifo', inReference: 'fifo', create: (max) => fifo({ max }), within: 0.01 },
  { name: 'clock', inReference: 'clock', create: (max) => clock({ max }), within: 0.01 },
  { name: 'sieve', inReference: 'sieve', create: (max) => sieve({ max }), within: 0.01 },
  { name: 'lfu', inReference: 'lfu', create: (max) => lfu({ max }), within: 0.01 },
  { name: 'lfu with ageing', inReference: 'lfuda', create: (max) => lfu({ max, ageing: true }), within: 0.01 },
  { name: 'slru', inReference: 'slru', create: (max) => slru({ max }), within: 0.01 },
  { name: 'twoQ', inReference: '2q', create: (max) => twoQ({ max }), within: 0.01 },
  { name: 'arc', inReference: 'arc', create: (max) => arc({ max }), within: 0.01 },
  { name: 's3Fifo', inReference: 's3fifo', create: (max) => s3Fifo({ max }), within: 0.01 },
  { name: 'lirs', inReference: 'lirs', create: (max) => lirs({ max }), within: 1 },
]

/** If not all are replayed, these are, at two sizes. */
const short = 150_000

describe('recorded requests', function () {
  this.timeout(all ? 3_600_000 : 60_000)
  const reference = readKnownScores(folder)

  if (reference === undefined) it('skipped: no traces')
  for (const [trace, { requests, sizes }] of Object.entries(reference ?? {})) {
    if (!all && requests > short) continue
    const capacities = Object.keys(sizes)
    const tried = all ? capacities : [capacities[1]!, capacities.at(-2)!]

    it(`of ${trace} are answered as often as is known of each policy`, () => {
      const keys = readTrace(folder, trace)
      expect(keys.length).to.equal(requests)

      const off: string[] = []
      for (const capacity of tried) {
        for (const { name, inReference, create, within } of policies) {
          const known = sizes[capacity]!.hit[inReference]!
          const rate = 100 * replay(create(Number(capacity)), keys)
          if (!(Math.abs(rate - known) <= within)) off.push(`${name} at ${capacity}: ${rate.toFixed(3)}, not ${known}`)
        }
      }
      expect(off).to.deep.equal([])
    })
  }
})
