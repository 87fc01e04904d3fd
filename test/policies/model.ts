import { expect } from 'chai'
import * as fc from 'fast-check'
import type { BoundOptions } from '../../src/policies/bounds.ts'
import { seededRandom } from '../../src/random.ts'
import type { OrderedPolicy, Policy, RemovalCause } from '../../src/types.ts'
import { expectSame, operationsWanted } from './operations.ts'

/** What a model knows of an entry: everything any order could need. */
export interface ModelEntry {
  key: string
  value: number
  weight: number
  /** Uses, the first `set` counted. */
  uses: number
  /** When it was used last, when it was added, and when it was written last, in steps. */
  usedAt: number
  addedAt: number
  writtenAt: number
}

type Removal = [key: string, value: number, cause: RemovalCause]

/** Which of two entries leaves first. */
export type Order = (a: ModelEntry, b: ModelEntry) => number

/** The weight of a value: 1 to 7, so that some are heavier than the smallest bound. */
const weightOf = (value: number): number => (value % 7) + 1

/**
 * A policy as it is plainly put: lists that are searched from one end to the other.
 *
 * What a policy does of its own is in the methods from `arrives` on.
 */
export abstract class Model {
  entries: ModelEntry[] = []
  removals: Removal[] = []
  readonly max: number
  readonly maxWeight: number
  #step = 0

  constructor(max: number, maxWeight: number) {
    this.max = max
    this.maxWeight = maxWeight
  }

  find(key: string): ModelEntry | undefined {
    return this.entries.find((entry) => entry.key === key)
  }

  get(key: string): number | undefined {
    const entry = this.find(key)
    if (entry) this.#use(entry)
    return entry?.value
  }

  set(key: string, value: number): void {
    const weight = this.maxWeight === Infinity ? 0 : weightOf(value)
    const old = this.find(key)
    if (weight > this.maxWeight || this.max === 0) {
      if (old) this.#remove(old, 'replaced')
    } else if (old) {
      if (old.value !== value) this.removals.push([key, old.value, 'replaced'])
      Object.assign(old, { value, weight })
      this.#use(old)
      old.writtenAt = this.#step
      while (this.weight > this.maxWeight) this.evict(this.next(old))
    } else {
      this.comes(key)
      while (this.entries.length >= this.max || this.weight + weight > this.maxWeight) {
        this.evict(this.next(undefined))
      }
      const step = ++this.#step
      const entry = { key, value, weight, uses: 1, usedAt: step, addedAt: step, writtenAt: step }
      this.entries.push(entry)
      this.arrives(entry)
    }
  }

  delete(key: string): boolean {
    const entry = this.find(key)
    if (entry) this.#remove(entry, 'invalidated')
    return entry !== undefined
  }

  clear(): void {
    for (const entry of this.sorted()) this.#remove(entry, 'invalidated')
    this.forgets()
  }

  get weight(): number {
    return weightOfAll(this.entries)
  }

  evict(entry: ModelEntry): void {
    this.#remove(entry, 'evicted')
  }

  #use(entry: ModelEntry): void {
    entry.uses++
    entry.usedAt = ++this.#step
    this.isUsed(entry)
  }

  #remove(entry: ModelEntry, cause: RemovalCause): void {
    this.entries = without(this.entries, entry)
    this.leaves(entry)
    this.removals.push([entry.key, entry.value, cause])
  }

  /** A key that is not here is about to come. */
  comes(_key: string): void {}
  arrives(_entry: ModelEntry): void {}
  isUsed(_entry: ModelEntry): void {}
  leaves(_entry: ModelEntry): void {}
  /** All have left. */
  forgets(): void {}
  /** The entry to be evicted now; others may be evicted on the way. */
  abstract next(keep: ModelEntry | undefined): ModelEntry
  /** All entries, the coldest first. */
  abstract sorted(): ModelEntry[]
}

/** A policy that has no lists but the one that is sorted whenever something has to leave. */
class SortedModel extends Model {
  readonly #order: Order

  constructor(max: number, maxWeight: number, order: Order) {
    super(max, maxWeight)
    this.#order = order
  }

  override next(keep: ModelEntry | undefined): ModelEntry {
    return this.sorted().find((entry) => entry !== keep)!
  }

  override sorted(): ModelEntry[] {
    return this.entries.toSorted(this.#order)
  }
}

/** A list without one of its items. */
export function without<T>(list: readonly T[], item: T | undefined): T[] {
  return list.filter((other) => other !== item)
}

export function weightOfAll(entries: readonly ModelEntry[]): number {
  return entries.reduce((sum, { weight }) => sum + weight, 0)
}

/** What is done to a policy. */
export type Operation =
  | { do: 'set'; key: string; value: number }
  | { do: 'get' | 'peek' | 'has' | 'delete'; key: string }
  | { do: 'clear'; rarely: number }

const keys: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('set' as const), key: keys, value: fc.nat(20) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('get' as const), key: keys }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('peek', 'has', 'delete'), key: keys }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), rarely: fc.nat(9) }) },
  ),
  { minLength: 60, maxLength: 140 },
)

interface Room {
  max?: number
  maxWeight?: number
}
const rooms: readonly Room[] = [
  { max: 0 },
  { max: 1 },
  { max: 4 },
  { maxWeight: 1 },
  { maxWeight: 12 },
  { max: 3, maxWeight: 9 },
  { max: 2, maxWeight: 100 },
]
const largeRooms: readonly Room[] = [{ max: 50 }, { maxWeight: 200 }, { max: 50, maxWeight: 190 }]

type Create = (options: BoundOptions<string, number>) => Policy<string, number>
type CreateModel = (max: number, maxWeight: number) => Model

/** Checks that a policy does, removal for removal, what the model with that order does. */
export function checkAgainstModel(create: Create, order: Order): void {
  checkAgainst(create, (max, maxWeight) => new SortedModel(max, maxWeight, order))
}

/** Checks that a policy does, removal for removal, what a model does; by count alone when it does not weigh. */
export function checkAgainst(create: Create, createModel: CreateModel, weighs = true): void {
  const usable = (room: Room): boolean => weighs || room.maxWeight === undefined
  fc.assert(
    fc.property(fc.constantFrom(...rooms.filter(usable)), operations, (room, steps) => {
      const pair = new Pair(create, createModel, room)
      for (const step of steps) {
        pair.do(step)
        pair.compare()
      }
    }),
    { numRuns: 200 },
  )

  const random = seededRandom(11)
  const upTo = (n: number): number => Math.floor(n * random())
  for (const room of largeRooms.filter(usable)) {
    const pair = new Pair(create, createModel, room)
    for (let n = 1; n <= operationsWanted; n++) {
      // Half of all requests are for a tenth of all keys; which those are changes in time.
      const popular = 30 * Math.floor(n / 5000)
      const key = `k${random() < 0.5 ? popular + upTo(30) : upTo(300)}`
      const chance = upTo(1000)
      if (chance === 0) pair.do({ do: 'clear', rarely: upTo(5) })
      else if (chance < 20) pair.do({ do: 'delete', key })
      else if (chance < 50) pair.do({ do: 'set', key, value: upTo(1000) })
      else pair.request(key, upTo(1000))
      if (n % 250 === 0) pair.compare()
      else pair.compareSize()
    }
  }
}

/** A policy and its model. */
class Pair {
  readonly store: Policy<string, number>
  readonly model: Model
  readonly #removals: Removal[] = []

  constructor(create: Create, createModel: CreateModel, room: Room) {
    this.model = createModel(room.max ?? Infinity, room.maxWeight ?? Infinity)
    this.store = create({
      ...room,
      ...(room.maxWeight === undefined ? {} : { weigher: weightOf }),
      onRemoval: (...removal) => {
        this.#removals.push(removal)
        expect(this.store.size).to.be.at.most(this.store.max)
        expect(this.store.weight).to.be.at.most(this.store.maxWeight)
      },
    })
  }

  do(step: Operation): void {
    const { store, model } = this
    if (step.do === 'set') {
      expectSame(store.set(step.key, step.value), store)
      model.set(step.key, step.value)
    } else if (step.do === 'get') {
      expectSame(store.get(step.key), model.get(step.key))
    } else if (step.do === 'peek') {
      expectSame(store.peek(step.key), model.find(step.key)?.value)
    } else if (step.do === 'has') {
      expectSame(store.has(step.key), model.find(step.key) !== undefined)
    } else if (step.do === 'delete') {
      expectSame(store.delete(step.key), model.delete(step.key))
    } else if (step.do === 'clear' && step.rarely === 0) {
      store.clear()
      model.clear()
    }
  }

  /** Asks for a key, and puts a value in on a miss. */
  request(key: string, value: number): void {
    this.do({ do: 'get', key })
    if (this.model.find(key) === undefined) this.do({ do: 'set', key, value })
  }

  compareSize(): void {
    expectSame(this.store.size, this.model.entries.length)
  }

  compare(): void {
    const { store, model } = this
    const pairs = model.sorted().map(({ key, value }) => [key, value])
    expect(this.#removals.splice(0)).to.deep.equal(model.removals.splice(0))
    expect(store.size).to.equal(model.entries.length)
    expect(store.weight).to.equal(model.weight)
    expect([...store]).to.deep.equal(pairs)
    if (!('coldest' in store)) return
    const ordered = store as OrderedPolicy<string, number>
    expect(ordered.coldest(2)).to.deep.equal(pairs.slice(0, 2))
    expect(ordered.hottest(2)).to.deep.equal(pairs.toReversed().slice(0, 2))
  }
}
