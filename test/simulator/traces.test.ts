import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { replay } from '../../src/simulator/replay.ts'
import { readKnownScores, readTrace, traceNames } from '../../src/simulator/trace-files.ts'
import { loop, scan, shift, zipf } from '../../src/simulator/traces.ts'

/** How often each key is asked for, the most popular first. */
function countsOf(trace: readonly string[]): [key: string, count: number][] {
  const counts = new Map<string, number>()
  for (const key of trace) counts.set(key, (counts.get(key) ?? 0) + 1)
  return [...counts].toSorted(([, a], [, b]) => b - a)
}

describe('generated traces', () => {
  it('are the same for the same seed, and others for another', () => {
    const options = { requests: 300, keys: 50 }

    expect(zipf({ ...options, seed: 7 })).to.deep.equal(zipf({ ...options, seed: 7 }))
    expect(zipf({ ...options, seed: 7 })).to.not.deep.equal(zipf({ ...options, seed: 8 }))
    expect(shift({ ...options, seed: 7 })).to.deep.equal(shift({ ...options, seed: 7 }))
    expect(shift({ ...options, seed: 7 })).to.not.deep.equal(shift({ ...options, seed: 8 }))
  })

  it("follow Zipf's law: the key of rank r is asked for r times less often than the first", () => {
    const counts = countsOf(zipf({ requests: 100_000, keys: 1_000, skew: 1 }))

    const [first, tenth] = [counts[0]!, counts[9]!]
    expect(first[0]).to.equal('key:0')
    expect(first[1] / tenth[1]).to.be.within(8, 12)
    expect(counts.length).to.be.above(950)
  })

  it('loop over all keys in turn', () => {
    expect(loop({ requests: 5, keys: 2 })).to.deep.equal(['loop:0', 'loop:1', 'loop:0', 'loop:1', 'loop:0'])
  })

  it('scan keys that are asked for once, between those that are popular', () => {
    const trace = scan({ requests: 1_000, keys: 10, length: 20, every: 80 })
    const scanned = countsOf(trace).filter(([key]) => key.startsWith('scan:'))

    expect(trace.length).to.equal(1_000)
    expect(trace.slice(80, 100).every((key) => key.startsWith('scan:'))).to.equal(true)
    expect(trace[100]).to.match(/^key:/)
    expect(scanned.length).to.equal(200)
    expect(scanned.every(([, count]) => count === 1)).to.equal(true)
  })

  it('shift from what passes by to a loop and back', () => {
    const trace = shift({ requests: 900, keys: 30 })
    const kinds = trace.map((key) => key.split(':')[0])

    expect(trace.length).to.equal(900)
    expect(new Set(kinds.slice(0, 300))).to.deep.equal(new Set(['before']))
    expect(new Set(kinds.slice(300, 600))).to.deep.equal(new Set(['loop']))
    expect(new Set(kinds.slice(600))).to.deep.equal(new Set(['after']))
    expect(countsOf(trace.slice(0, 250)).filter(([, count]) => count === 3).length).to.be.above(60)
  })
})

describe('recorded traces', () => {
  it('are the files of a folder that end as they do, each key one string', () => {
    const folder = mkdtempSync(join(tmpdir(), 'traces-'))
    try {
      writeFileSync(join(folder, 'b.keys.gz'), gzipSync('1\n2\n1\n'))
      writeFileSync(join(folder, 'a.keys.gz'), gzipSync('7\n'))
      const known = { b: { requests: 3, sizes: { 2: { hit: { lru: 33.3 } } } } }
      writeFileSync(join(folder, 'reference.json'), JSON.stringify(known))

      expect(traceNames(folder)).to.deep.equal(['a', 'b'])
      expect(readKnownScores(folder)).to.deep.equal(known)
      expect(readTrace(folder, 'b')).to.deep.equal(['key:1', 'key:2', 'key:1'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('are none where there is no folder', () => {
    const folder = join(tmpdir(), 'no such folder')

    expect(traceNames(folder)).to.deep.equal([])
    expect(readKnownScores(folder)).to.equal(undefined)
  })
})

describe('replay', () => {
  it('gets each key, and sets those that are not there', () => {
    const store = new Map<string, unknown>()

    expect(replay(store, ['a', 'b', 'a', 'a'])).to.equal(0.5)
    expect([...store.keys()]).to.deep.equal(['a', 'b'])
  })
})
