import { expect } from 'chai'
import { KeyHash } from '../../src/policies/key-hash.ts'
import { Sketch } from '../../src/policies/sketch.ts'
import { seededRandom } from '../../src/random.ts'

/** How often a key was counted: what one more use would give, less that use. */
const known = (sketch: Sketch, hash: number): number => sketch.add(hash) - 1

describe('a sketch', () => {
  const hash = new KeyHash(seededRandom(1))

  it('counts a key up to fifteen', () => {
    const sketch = new Sketch(1_000)

    const counts = Array.from({ length: 20 }, () => sketch.add(hash.of('a')))

    expect(counts).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15, 15, 15, 15, 15])
  })

  it('never says too little, and seldom too much', () => {
    const entries = 2_000
    const sketch = new Sketch(entries)
    const random = seededRandom(2)
    const counts = new Map<string, number>()
    for (let n = 0; n < 5 * entries; n++) {
      const key = `key:${Math.floor(6 * entries * random() ** 3)}`
      counts.set(key, Math.min(15, (counts.get(key) ?? 0) + 1))
      sketch.add(hash.of(key))
    }

    const excess = [...counts]
      .slice(0, 1_000)
      .map(([key, count]) => Math.min(14, known(sketch, hash.of(key))) - Math.min(14, count))

    expect(Math.min(...excess)).to.be.at.least(0)
    expect(excess.filter((more) => more > 0).length).to.be.below(100)
  })

  it('halves what it knows', () => {
    const sketch = new Sketch(100)
    for (let n = 0; n < 15; n++) sketch.add(hash.of('a'))
    for (let n = 0; n < 6; n++) sketch.add(hash.of('b'))
    sketch.add(hash.of('c'))

    sketch.halve()

    expect(['a', 'b', 'c'].map((key) => known(sketch, hash.of(key)))).to.deep.equal([7, 3, 0])
  })

  it('is told what is known of a key, and forgets nothing for it', () => {
    const sketch = new Sketch(100)

    sketch.raise(hash.of('a'), 9)
    sketch.raise(hash.of('a'), 4)

    expect(known(sketch, hash.of('a'))).to.equal(9)
    sketch.clear()
    expect(known(sketch, hash.of('a'))).to.equal(0)
  })

  it('keeps what it knows when it grows', () => {
    const sketch = new Sketch(1)
    const keys = Array.from({ length: 10 }, (_, n) => `key:${n}`)
    for (const [n, key] of keys.entries()) sketch.raise(hash.of(key), n + 1)

    sketch.growTo(100_000)

    for (const [n, key] of keys.entries()) expect(known(sketch, hash.of(key))).to.be.at.least(n + 1)
    expect(known(sketch, hash.of('another'))).to.be.at.most(10)
  })
})

describe('the hash of a key', () => {
  const hash = new KeyHash(seededRandom(1))

  it('is the same for keys that a Map holds for the same', () => {
    const object = {}
    const symbol = Symbol('a')
    for (const key of [
      'a',
      '',
      'ab',
      1,
      1.5,
      NaN,
      Infinity,
      2 ** 40,
      10n,
      true,
      false,
      null,
      undefined,
      object,
      symbol,
    ]) {
      expect(hash.of(key)).to.equal(hash.of(key))
    }
    expect(hash.of(-0)).to.equal(hash.of(0))
    expect(hash.of(Symbol.for('a'))).to.equal(hash.of(Symbol.for('a')))
  })

  it('spreads keys of every kind', () => {
    const sets: unknown[][] = [
      Array.from({ length: 1_000 }, (_, n) => `user:${n}`),
      Array.from({ length: 1_000 }, (_, n) => 'x'.repeat(n)),
      Array.from({ length: 1_000 }, (_, n) => n),
      Array.from({ length: 1_000 }, (_, n) => n << 20),
      Array.from({ length: 1_000 }, (_, n) => n + 0.5),
      Array.from({ length: 1_000 }, (_, n) => BigInt(n)),
      Array.from({ length: 1_000 }, () => ({})),
      Array.from({ length: 1_000 }, (_, n) => Symbol(n)),
      Array.from({ length: 1_000 }, (_, n) => Symbol.for(`${n}`)),
    ]
    for (const keys of sets) {
      expect(new Set(keys.map((key) => hash.of(key))).size).to.be.above(998)
      // As many buckets as keys are empty in part, as chance would have it: 1 / e of them.
      expect(new Set(keys.map((key) => hash.of(key) & 1023)).size).to.be.within(560, 700)
      expect(new Set(keys.map((key) => hash.of(key) >>> 22)).size).to.be.within(560, 700)
    }
  })

  it('tells kinds apart', () => {
    expect(
      new Set([hash.of('1'), hash.of(1), hash.of(1n), hash.of(true), hash.of(null), hash.of(undefined)]).size,
    ).to.equal(6)
  })

  it('is another in each store, so that nobody can choose keys that collide', () => {
    const other = new KeyHash(seededRandom(2))
    const keys = Array.from({ length: 200_000 }, (_, n) => `user:${n}`)
    const byBucket = keys.filter((key) => (hash.of(key) & 1023) === 7)

    expect(byBucket.length).to.be.above(100)
    expect(new Set(byBucket.map((key) => other.of(key) & 1023)).size).to.be.above(byBucket.length / 2)
  })
})
