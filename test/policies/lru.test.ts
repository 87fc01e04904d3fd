import { expect } from 'chai'
import { lru } from '../../src/policies/lru.ts'
import { describeBounded } from './common.ts'
import { checkAgainstModel } from './model.ts'

describe('lru', () => {
  describeBounded('lru', lru)

  it('does what a list in order of use does', () => {
    checkAgainstModel(lru, (a, b) => a.usedAt - b.usedAt)
  })

  it('refuses more entries than can be kept in order', () => {
    const message = 'max must be at most 8388608, but got: 4294967296'

    expect(() => lru({ max: 2 ** 32 })).to.throw(RangeError, message)
    expect(() => lru({ max: Number.MAX_SAFE_INTEGER })).to.throw(RangeError, 'max must be at most 8388608')
    expect(() => lru({ max: 2 ** 23 + 1 })).to.throw(RangeError)
  })

  it('takes any maxWeight, for which nothing is set aside', () => {
    const store = lru({ maxWeight: Number.MAX_SAFE_INTEGER, weigher: () => Number.MAX_SAFE_INTEGER })

    store.set('a', 1).set('b', 2)

    expect([...store]).to.deep.equal([['b', 2]])
  })

  it('deletes and adds its only entry as fast in a store of any size', () => {
    const store = lru({ max: 1_000_000 })
    const started = performance.now()

    // The engine alone would clear two lists of a million for each deletion.
    for (let n = 0; n < 20_000; n++) store.set('a', n).delete('a')

    expect(performance.now() - started).to.be.below(2000)
  })

  it('refuses a number of entries that is none', () => {
    const store = lru({ max: 1 })

    expect(() => store.coldest(-1)).to.throw(RangeError, 'n must be a number of entries, 0 or more, but got: -1')
    expect(() => store.hottest('1' as unknown as number)).to.throw(TypeError, 'n must be a number of entries')
  })
})
