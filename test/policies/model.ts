import { expect } from 'chai'
import * as fc from 'fast-check'
import type { BoundOptions } from '../../src/policies/bounds.ts'
import type { Policy, RemovalCause } from '../../src/types.ts'

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

/** A policy as it is plainly put: a list that is sorted whenever something has to leave. */
class ModelPolicy {
  entries: ModelEntry[] = []
  removals: Removal[] = []
  #step = 0
  readonly #max: number
  readonly #maxWeight: number
  readonly #order: Order

  constructor(max: number, maxWeight: number, order: Order) {
    this.#max = max
    this.#maxWeight = maxWeight
    this.#order = order
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
    const weight = this.#maxWeight === Infinity ? 0 : weightOf(value)
    const old = this.find(key)
    if (weight > this.#maxWeight || this.#max === 0) {
      if (old) this.#remove(old, 'replaced')
    } else if (old) {
      if (old.value !== value) this.removals.push([key, old.value, 'replaced'])
      this.#use(old)
      Object.assign(old, { value, weight, writtenAt: this.#step })
      while (this.weight > this.#maxWeight)
        this.#remove(
          this.sorted().find((entry) => entry !== old)!,
          'evicted',
        )
    } else {
      while (this.entries.length >= this.#max || this.weight + weight > this.#maxWeight) {
        this.#remove(this.sorted()[0]!, 'evicted')
      }
      const step = ++this.#step
      this.entries.push({ key, value, weight, uses: 1, usedAt: step, addedAt: step, writtenAt: step })
    }
  }

  delete(key: string): boolean {
    const entry = this.find(key)
    if (entry) this.#remove(entry, 'invalidated')
    return entry !== undefined
  }

  clear(): void {
    for (const entry of this.sorted()) this.#remove(entry, 'invalidated')
  }

  get weight(): number {
    return this.entries.reduce((sum, { weight }) => sum + weight, 0)
  }

  sorted(): ModelEntry[] {
    return this.entries.toSorted(this.#order)
  }

  #use(entry: ModelEntry): void {
    entry.uses++
    entry.usedAt = ++this.#step
  }

  #remove(entry: ModelEntry, cause: RemovalCause): void {
    this.entries = this.entries.filter((other) => other !== entry)
    this.removals.push([entry.key, entry.value, cause])
  }
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
const rooms: fc.Arbitrary<{ max?: number; maxWeight?: number }> = fc.constantFrom<
  { max?: number; maxWeight?: number }[]
>(
  { max: 0 },
  { max: 1 },
  { max: 4 },
  { maxWeight: 1 },
  { maxWeight: 12 },
  { max: 3, maxWeight: 9 },
  { max: 2, maxWeight: 100 },
)

/** Checks that a policy does, removal for removal, what the model with that order does. */
export function checkAgainstModel(
  create: (options: BoundOptions<string, number>) => Policy<string, number>,
  order: Order,
): void {
  fc.assert(
    fc.property(rooms, operations, (room, steps) => {
      const removals: Removal[] = []
      const store = create({
        ...room,
        ...(room.maxWeight === undefined ? {} : { weigher: weightOf }),
        onRemoval: (...removal) => {
          removals.push(removal)
          expect(store.size).to.be.at.most(store.max)
          expect(store.weight).to.be.at.most(store.maxWeight)
        },
      })
      const model = new ModelPolicy(room.max ?? Infinity, room.maxWeight ?? Infinity, order)

      for (const step of steps) {
        if (step.do === 'set') {
          expect(store.set(step.key, step.value)).to.equal(store)
          model.set(step.key, step.value)
        } else if (step.do === 'get') {
          expect(store.get(step.key)).to.equal(model.get(step.key))
        } else if (step.do === 'peek') {
          expect(store.peek(step.key)).to.equal(model.find(step.key)?.value)
        } else if (step.do === 'has') {
          expect(store.has(step.key)).to.equal(model.find(step.key) !== undefined)
        } else if (step.do === 'delete') {
          expect(store.delete(step.key)).to.equal(model.delete(step.key))
        } else if (step.do === 'clear' && step.rarely === 0) {
          store.clear()
          model.clear()
        }
        const pairs = model.sorted().map(({ key, value }) => [key, value])
        expect(removals).to.deep.equal(model.removals)
        expect(store.size).to.equal(model.entries.length)
        expect(store.weight).to.equal(model.weight)
        expect([...store]).to.deep.equal(pairs)
        if ('coldest' in store) {
          const ordered = store as unknown as { coldest(n: number): unknown; hottest(n: number): unknown }
          expect(ordered.coldest(2)).to.deep.equal(pairs.slice(0, 2))
          expect(ordered.hottest(2)).to.deep.equal(pairs.toReversed().slice(0, 2))
        }
      }
    }),
    { numRuns: 200 },
  )
}
