import { expect } from 'chai'
import * as sinon from 'sinon'
import { none } from '../../src/policies/none.ts'
import { describeStore } from '../../src/testing.ts'
import { FakeHeld } from './common.ts'

describe('none', () => {
  describeStore({ describe, it }, 'as any store', () => none(), { keeps: false })

  it('tells nobody, as nothing that was never kept can leave', () => {
    const onRemoval = sinon.spy()
    const held = new FakeHeld(1)
    const store = none({ onRemoval })

    store.set('a', held).set('a', 2).clear()

    expect(onRemoval.called).to.equal(false)
    expect(held.left).to.deep.equal([])
    expect(store).to.include({ size: 0, max: 0, weight: 0, maxWeight: Infinity })
    expect([...store.values()]).to.deep.equal([])
    expect(store.peek('a')).to.equal(undefined)
  })

  it('refuses wrong options', () => {
    expect(() => none({ max: 0 } as object)).to.throw(
      TypeError,
      'an option of none must be one of onRemoval, but got: "max"',
    )
    expect(() => none({ onRemoval: 1 } as object)).to.throw(TypeError, 'onRemoval must be a function, but got: 1')
  })
})
