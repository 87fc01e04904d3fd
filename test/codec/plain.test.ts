import assert from 'node:assert/strict'

import { expect } from 'chai'
import fc from 'fast-check'

import { exactCodec } from '../../src/codec/exact.ts'
import { plainText } from '../../src/codec/plain.ts'

const shared = { n: 1 }
const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)])

describe('plainText', () => {
  it('writes what JSON brings back exactly', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary', noUnicodeString: false } as object), (value) => {
        const text = plainText(value)

        if (text === undefined) expect(JSON.stringify(value)).to.contain('0')
        else assert.deepStrictEqual(JSON.parse(text), structuredClone(value))
      }),
    )
  })

  it('writes nothing that would come back as something else', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withSparseArray: true }), (value) => {
        const text = plainText(value)

        if (text !== undefined) assert.deepStrictEqual(JSON.parse(text), value)
      }),
      { numRuns: 1_000 },
    )
  })

  for (const [what, value] of Object.entries({
    'half a surrogate pair': '\ud800',
    'a property named __proto__': JSON.parse('{"__proto__":{"a":1}}') as unknown,
    'a property named toJSON': { toJSON: 1 },
    'equal objects that are two': [{ n: 1 }, { n: 1 }],
    'a hundred lists in each other': nested(100),
  })) {
    it(`writes ${what}`, () => {
      assert.deepStrictEqual(JSON.parse(plainText(value)!), value)
      assert.deepStrictEqual(exactCodec.decode(exactCodec.encode(value)), value)
    })
  }

  for (const [what, value] of Object.entries({
    'an object that is in two places': [shared, shared],
    'a hole, and a property in its stead': Object.assign([1, , 3], { extra: 1 }), // oxlint-disable-line no-sparse-arrays
    'a list with a property': Object.assign([1], { extra: 1 }),
    'a property named by a symbol': { [Symbol('a')]: 1 },
    'a hidden property': Object.defineProperty({}, 'a', { value: 1 }),
    'minus zero': { a: [-0] },
    'no number': [Number.NaN],
    undefined: { a: undefined },
    'an object without a prototype': Object.assign(Object.create(null) as object, { a: 1 }),
    'a class of lists': new (class extends Array {})(),
    'what is too deep': nested(101),
    'a date': new Date(0),
    'a proxy': new Proxy({}, {}),
    'a function': { toJSON: () => 1 },
  })) {
    it(`leaves ${what} to another form`, () => {
      expect(plainText(value)).to.equal(undefined)
    })
  }

  it('is not fooled by what all objects have been taught', () => {
    // oxlint-disable-next-line no-extend-native -- as a careless library does
    Object.defineProperty(Object.prototype, 'toJSON', { value: () => 'lost', configurable: true })
    try {
      expect(plainText({ a: 1 })).to.equal(undefined)
      assert.deepStrictEqual(exactCodec.decode(exactCodec.encode({ a: 1 })), { a: 1 })
    } finally {
      Reflect.deleteProperty(Object.prototype, 'toJSON')
    }
  })
})
