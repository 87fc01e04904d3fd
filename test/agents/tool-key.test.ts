import { expect } from 'chai'
import { assert, property } from 'fast-check'
import * as fc from 'fast-check'

import { toolKey } from '../../src/agents.ts'
import { argsKey } from '../../src/index.ts'

describe('toolKey', () => {
  it('takes what is undefined for absent, at any depth and at the end of the arguments', () => {
    expect(toolKey({ a: 1, b: undefined })).to.equal(toolKey({ a: 1 }))
    expect(toolKey({ a: [{ b: undefined, c: { d: undefined } }] })).to.equal(toolKey({ a: [{ c: {} }] }))
    expect(toolKey('a', undefined)).to.equal('a')
    expect(toolKey(undefined, undefined)).to.equal(toolKey())
    expect(toolKey(undefined, 'a')).not.to.equal(toolKey('a'))
    expect(toolKey(Object.assign(Object.create(null), { a: undefined }))).to.equal(toolKey({}))
  })

  it('leaves alone what is undefined elsewhere', () => {
    expect(toolKey([undefined])).not.to.equal(toolKey([]))
    expect(toolKey([undefined])).not.to.equal(toolKey([null]))
    expect(toolKey(new Map([['a', undefined]]))).not.to.equal(toolKey(new Map()))
    const list = Object.assign([{ a: undefined }], { extra: 1 })
    expect(toolKey(list)).not.to.equal(toolKey([{ a: undefined }]))
  })

  it('is argsKey for all that JSON can carry', () => {
    assert(property(fc.array(fc.jsonValue()), (args) => toolKey(...args) === argsKey(...args)))
  })

  it('refuses what has no key', () => {
    const circle: { self?: unknown } = {}
    circle.self = circle

    expect(() => toolKey(circle)).to.throw(TypeError, 'is cyclic')
    expect(() => toolKey({ run() {} })).to.throw(TypeError, 'argument 1.run')
  })
})
