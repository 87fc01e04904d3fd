import { expect } from 'chai'
import * as sinon from 'sinon'
import { unbounded } from '../../src/policies/unbounded.ts'
import { describeStore } from '../../src/testing.ts'
import { FakeHeld } from './common.ts'

describe('unbounded', () => {
  describeStore({ describe, it }, 'as any store', () => unbounded())

  it('says that it has no bounds', () => {
    const { size, max, maxWeight, weight } = unbounded().set('a', 1)

    expect({ size, max, maxWeight, weight }).to.deep.equal({ size: 1, max: Infinity, maxWeight: Infinity, weight: 0 })
  })

  it('tells of removals with their causes', () => {
    const onRemoval = sinon.spy()
    const store = unbounded({ onRemoval })
    const held = new FakeHeld(2)

    store.set(-0, undefined).set(0, held).set(0, held).set('b', 3)
    store.delete(-0)
    store.delete('c')
    store.delete('b', 'expired')
    store.set('d', 4).clear()

    expect(onRemoval.args).to.deep.equal([
      [0, undefined, 'replaced'],
      [0, 2, 'invalidated'],
      ['b', 3, 'expired'],
      ['d', 4, 'invalidated'],
    ])
    expect(held.left).to.deep.equal(['invalidated'])
    expect(Object.is(onRemoval.args[1]![0], 0)).to.equal(true)
  })

  it('may be used by its listener', () => {
    const store = unbounded<string, number>({ onRemoval: (key) => void (store.size < 2 && store.set(`${key}!`, 0)) })

    store.set('a', 1).delete('a')

    expect([...store]).to.deep.equal([['a!', 0]])
  })

  it('refuses wrong options', () => {
    expect(() => unbounded({ max: 1 } as object)).to.throw(
      TypeError,
      'an option of unbounded must be one of onRemoval, but got: "max"',
    )
    expect(() => unbounded({ onRemoval: 1 } as object)).to.throw(TypeError, 'onRemoval must be a function, but got: 1')
    expect(() => unbounded(null as unknown as object)).to.throw(TypeError, 'the options of unbounded must be an object')
  })
})
