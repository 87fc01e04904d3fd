import { expect } from 'chai'
import { Adaptive } from '../../src/policies/adaptive.ts'
import { boundsOf } from '../../src/policies/bounds.ts'
import { lru } from '../../src/policies/lru.ts'
import { TinyLfu } from '../../src/policies/tiny-lfu.ts'
import { seededRandom } from '../../src/random.ts'
import { optimal } from '../../src/simulator/optimal.ts'
import { replay } from '../../src/simulator/replay.ts'
import { readKnownScores, readTrace } from '../../src/simulator/trace-files.ts'
import type { Policy } from '../../src/types.ts'
import { all, folder } from '../support/traces.ts'

const mostRequests = all ? Infinity : 80_000
/** The hash of `adaptive` decides which keys it samples: the mean counts. */
const seedsOf = (name: string): number[] => (all || name === 'adaptive' ? [1, 2, 3] : [1])

/** Names in the reference of what does the same all the time. */
const staticPolicies =
  'lru fifo random clock slru lfu lfuda sieve s3fifo 2q arc lirs wtlfu wtlfu@0.1 wtlfu@0.2 wtlfu@0.5 wtlfu@0.8'.split(
    ' ',
  )

interface Cell {
  readonly name: string
  readonly trace: string
  readonly max: number
  readonly requests: number
  readonly known: Record<string, number>
  readonly scores: Record<string, number>
}

type Create = (max: number, seed: number) => Policy<string, unknown>

const tinyLfu =
  (adaptive: boolean, window = 0.01): Create =>
  (max, seed) =>
    new TinyLfu(boundsOf('tinyLfu', { max }), undefined, adaptive, window, seededRandom(seed))

const stores: Record<string, Create> = {
  adaptive: (max, seed) => new Adaptive(boundsOf('adaptive', { max }), undefined, seededRandom(seed)),
  tinyLfu: tinyLfu(true),
  wtlfu: tinyLfu(false),
  'wtlfu@0.1': tinyLfu(false, 0.1),
  'wtlfu@0.2': tinyLfu(false, 0.2),
  'wtlfu@0.5': tinyLfu(false, 0.5),
  'wtlfu@0.8': tinyLfu(false, 0.8),
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** The mean over the traces of what part of the optimum is reached where that is 5 % at least. */
function partOfOptimal(cells: readonly Cell[], name: string): number {
  const byTrace = new Map<string, number[]>()
  for (const { trace, known, scores } of cells) {
    if (known['opt']! >= 5) byTrace.set(trace, [...(byTrace.get(trace) ?? []), scores[name]! / known['opt']!])
  }
  return mean([...byTrace.values()].map(mean))
}

describe('recorded requests', function () {
  this.timeout(all ? 3_600_000 : 120_000)
  const reference = readKnownScores(folder)
  if (reference === undefined) {
    it('skipped: no traces')
    return
  }

  const cells: Cell[] = []
  const optima: [cell: string, ours: number, known: number][] = []
  before(() => {
    for (const [trace, { requests, sizes }] of Object.entries(reference)) {
      if (requests > mostRequests) continue
      const keys = readTrace(folder, trace)
      for (const [size, { hit }] of Object.entries(sizes)) {
        const max = Number(size)
        const scores: Record<string, number> = {}
        for (const [name, create] of Object.entries(stores)) {
          scores[name] = mean(seedsOf(name).map((seed) => 100 * replay(create(max, seed), keys)))
        }
        scores['lru'] = 100 * replay(lru<string, unknown>({ max }), keys)
        cells.push({ name: `${trace} at ${size}`, trace, max, requests, known: hit, scores })
        optima.push([`${trace} at ${size}`, 100 * optimal(keys, max), hit['opt']!])
      }
    }
  })

  it('cannot be answered more often than the optimum says that is known', () => {
    expect(optima.filter(([, ours, known]) => Math.abs(ours - known) > 0.001)).to.deep.equal([])
  })

  it('are answered by adaptive nearly as often as by the best store for each', () => {
    const loss = ({ known, scores }: Cell): number => {
      return Math.max(...staticPolicies.map((name) => known[name] ?? 0)) - scores['adaptive']!
    }
    const long = cells.filter(({ requests, max }) => requests >= 100 * max)
    const sorted = cells.map(loss).toSorted((a, b) => a - b)

    expect(partOfOptimal(cells, 'adaptive')).to.be.at.least(0.865)
    expect(long.filter((cell) => loss(cell) > 2.5).map(({ name }) => name)).to.deep.equal([])
    expect(sorted[Math.floor(0.95 * sorted.length)]).to.be.at.most(3)
    const less = long.filter(({ scores }) => scores['lru']! - scores['adaptive']! > 0.7)
    expect(less.map(({ name }) => name)).to.deep.equal([])
  })

  it('are answered by tinyLfu as often as has to be', () => {
    expect(partOfOptimal(cells, 'tinyLfu')).to.be.at.least(0.84)
  })

  for (const name of Object.keys(stores).filter((store) => store.startsWith('wtlfu'))) {
    // It may be more often: docs/policies.md says where, and why.
    it(`are answered by tinyLfu with the window of ${name} as often as is known of that, at least`, () => {
      const more = ({ known, scores }: Cell): number => scores[name]! - known[name]!

      expect(cells.filter((cell) => more(cell) < -1).map((cell) => `${cell.name}: ${more(cell)}`)).to.deep.equal([])
      expect(mean(cells.map(more))).to.be.at.least(0)
    })
  }
})
