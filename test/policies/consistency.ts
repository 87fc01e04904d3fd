import { expect } from 'chai'

import type { BoundOptions } from '../../src/policies/bounds.ts'
import { seededRandom } from '../../src/random.ts'
import type { Policy, RemovalCause } from '../../src/types.ts'
import { expectSame, operationsWanted } from './operations.ts'

type Create = (options: BoundOptions<any, any>) => Policy<any, any>

/** What a weigher may do: most values have a weight, some are wrong in one way or another. */
const wrongWeights: readonly unknown[] = [0, -1, 1.5, NaN, Infinity, '1', undefined]

interface Value {
  readonly weight: unknown
}

const unweighable = new Error('cannot be weighed')

function weigh({ weight }: Value): number {
  if (weight === unweighable) throw unweighable
  return weight as number
}

const rooms: readonly BoundOptions<number, Value>[] = [
  { max: 1 },
  { max: 40 },
  { maxWeight: 1, weigher: weigh },
  { maxWeight: 90, weigher: weigh },
  { max: 25, maxWeight: 60, weigher: weigh },
]

/**
 * Declares that what is said to have left and what is there add up to what was put in, whichever policy it is, through
 * random operations, mistakes of the weigher and deletions under an iteration among them.
 */
export function describeConsistency(create: Create, weighs: boolean): void {
  describe('always', () => {
    for (const room of rooms) {
      if (room.weigher !== undefined && !weighs) continue
      it(`accounts for every entry, with ${JSON.stringify(room)}`, () => {
        const ledger = new Ledger(create, room)
        for (let n = 0; n < operationsWanted; n++) {
          ledger.operate()
          // Adding up all entries is most of the work.
          if (n < 1000 || n % 50 === 0) ledger.check()
        }
      })
    }
  })
}

/** A store, and what must be in it. */
class Ledger {
  readonly #store: Policy<number, Value>
  readonly #there = new Map<number, Value>()
  #told: [key: number, value: Value, cause: RemovalCause][] = []
  readonly #random = seededRandom(5)

  constructor(create: Create, room: BoundOptions<number, Value>) {
    this.#store = create({ ...room, onRemoval: (...removal) => this.#told.push(removal) })
  }

  #upTo(n: number): number {
    return Math.floor(n * this.#random())
  }

  operate(): void {
    const chance = this.#upTo(100)
    const key = this.#upTo(100)
    if (chance < 50) this.#set(key)
    else if (chance < 80) expectSame(this.#store.get(key), this.#there.get(key))
    else if (chance < 84) expectSame(this.#store.peek(key), this.#there.get(key))
    else if (chance < 88) expectSame(this.#store.has(key), this.#there.has(key))
    else if (chance < 98) this.#delete(key)
    else if (chance < 99) this.#deleteUnderIteration()
    else if (this.#upTo(5) === 0) this.#clear()
  }

  #set(key: number): void {
    const { maxWeight } = this.#store
    const weight = 1 + this.#upTo(maxWeight === 90 ? 99 : 5)
    const wrong = this.#upTo(20)
    if (maxWeight !== Infinity && wrong < 2) {
      const value = { weight: wrong === 0 ? unweighable : wrongWeights[this.#upTo(wrongWeights.length)] }
      expect(() => this.#store.set(key, value)).to.throw()
      return
    }
    const value = { weight }
    const old = this.#there.get(key)
    this.#store.set(key, value)

    if (old !== undefined) this.#leaves(key, old, 'replaced')
    if (weight <= maxWeight) this.#there.set(key, value)
    for (const removal of this.#told) {
      const [gone, what, cause] = removal
      expectSame(what, this.#there.get(gone))
      expectSame(cause, 'evicted')
      this.#there.delete(gone)
    }
    this.#told = []
  }

  #delete(key: number): void {
    const value = this.#there.get(key)
    expectSame(this.#store.delete(key), value !== undefined)
    if (value !== undefined) this.#leaves(key, value, 'invalidated')
  }

  #deleteUnderIteration(): void {
    const before = new Set(this.#there.keys())
    const seen = new Set<number>()
    for (const [key, value] of this.#store) {
      expectSame(value, this.#there.get(key))
      expectSame(seen.has(key), false)
      seen.add(key)
      this.#delete(key)
      // One that may have been seen, or is still to come: then it must not.
      const other = this.#upTo(100)
      this.#delete(other)
      if (!seen.has(other)) before.delete(other)
    }
    expect(seen).to.deep.equal(before)
  }

  #clear(): void {
    this.#store.clear()
    expect(new Map(this.#told.map(([key, value]) => [key, value]))).to.deep.equal(this.#there)
    expect(this.#told.every(([, , cause]) => cause === 'invalidated')).to.equal(true)
    expect(this.#told.length).to.equal(this.#there.size)
    this.#told = []
    this.#there.clear()
  }

  #leaves(key: number, value: Value, cause: RemovalCause): void {
    const at = this.#told.findIndex(([k, v, c]) => k === key && v === value && c === cause)
    if (at === -1) expect.fail(`${key} is not said to have left: ${cause}`)
    this.#told.splice(at, 1)
    this.#there.delete(key)
  }

  check(): void {
    const store = this.#store
    let weight = 0
    let size = 0
    for (const [key, value] of store) {
      if (this.#there.get(key) !== value) expect.fail(`${key} is there and should not be`)
      size++
      weight += value.weight as number
    }
    expect([size, store.size]).to.deep.equal([this.#there.size, this.#there.size])
    expect(store.weight).to.equal(store.maxWeight === Infinity ? 0 : weight)
    expect(store.size).to.be.at.most(store.max)
    expect(store.weight).to.be.at.most(store.maxWeight)
  }
}
