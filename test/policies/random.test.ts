import { expect } from 'chai'
import * as fc from 'fast-check'
import { random } from '../../src/policies/random.ts'
import { seededRandom } from '../../src/random.ts'
import { describeBounded } from './common.ts'

describe('random', () => {
  describeBounded('random', random)

  it('keeps to its bounds and counts right, whatever leaves', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 5 })), { minLength: 100 }),
        (seed, sets) => {
          const model = new Map<number, number>()
          const store = random<number, number>({
            max: 5,
            maxWeight: 12,
            weigher: (value) => value,
            random: seededRandom(seed),
            onRemoval: (key, value, cause) => {
              if (cause === 'evicted') {
                expect(model.get(key)).to.equal(value)
                model.delete(key)
              }
            },
          })

          for (const [key, value] of sets) {
            model.set(key, value)
            store.set(key, value)

            expect(new Map(store)).to.deep.equal(model)
            expect(store.size).to.equal(model.size).and.to.be.at.most(5)
            expect(store.weight).to.equal([...model.values()].reduce((sum, weight) => sum + weight, 0))
            expect(store.weight).to.be.at.most(12)
            expect(store.get(key)).to.equal(value)
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  it('evicts each entry as often as any other', () => {
    const evictions = new Map<number, number>()
    const chance = seededRandom(1)
    for (let round = 0; round < 5000; round++) {
      const onRemoval = (key: number): unknown => evictions.set(key, (evictions.get(key) ?? 0) + 1)
      const store = random<number, number>({ max: 5, random: chance, onRemoval })
      for (let key = 0; key < 6; key++) store.set(key, key)
    }

    expect([...evictions.keys()].toSorted()).to.deep.equal([0, 1, 2, 3, 4])
    for (const times of evictions.values()) expect(times).to.be.within(870, 1130)
  })

  it('survives a source of chance that does not keep to its range', () => {
    for (const wrong of [1, -1, NaN, Infinity, 7]) {
      const store = random<number, number>({ max: 2, random: () => wrong })

      store.set(1, 1).set(2, 2).set(3, 3)

      expect(store.size).to.equal(2)
      expect(store.has(3)).to.equal(true)
    }
  })

  it('refuses a random that is no function', () => {
    const options = { max: 1, random: 0.5 as unknown as () => number }

    expect(() => random(options)).to.throw(TypeError, 'random must be a function, but got: 0.5')
  })
})
