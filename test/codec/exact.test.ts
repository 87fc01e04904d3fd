import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { serialize } from 'node:v8'

import { expect } from 'chai'
import fc from 'fast-check'

import { exactCodec } from '../../src/codec/exact.ts'
import { UnfitValueError } from '../../src/codec/survey.ts'

const there = <T>(value: T): T => exactCodec.decode(exactCodec.encode(value)) as T

const kinds = {
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
}
// Node 20 takes no date without a time for equal to itself.
const anything = fc.anything(kinds).filter((value) => !inspect(value, { depth: Infinity }).includes('Invalid Date'))

describe('exactCodec', () => {
  it('gives back what structuredClone gives', () => {
    fc.assert(
      fc.property(anything, (value) => {
        assert.deepStrictEqual(there(value), structuredClone(value))
      }),
      { numRuns: 300 },
    )
  })

  for (const [name, value] of Object.entries({
    undefined: undefined,
    'minus zero': -0,
    NaN: Number.NaN,
    'a large integer': 2n ** 80n,
    'a date': new Date(5),
    'a regular expression': /a.b/giu,
    'boxed values': [Object(1), Object('text'), Object(true), Object(1n)],
    'an array with holes': Object.assign(new Array(3), { 2: 'last' }),
    'an ArrayBuffer': new Uint8Array([1, 2, 3]).buffer,
    'a DataView': new DataView(new Uint8Array([1, 2, 3]).buffer),
    'a long array of numbers': Float64Array.from({ length: 1000 }, (_, index) => index / 3),
    'a Map with objects for keys': new Map([[{ a: 1 }, new Set([undefined, null])]]),
    'text that is not well formed': '\ud800',
  })) {
    it(`brings back ${name}`, () => {
      assert.deepStrictEqual(there(value), value)
    })
  }

  it('keeps cycles, and one object that is in two places', () => {
    const shared = { n: 1 }
    const value: { self?: unknown; list: unknown[] } = { list: [shared, shared] }
    value.self = value

    const copy = there(value)

    expect(copy.self).to.equal(copy)
    expect(copy.list[0]).to.equal(copy.list[1])
  })

  it('keeps the name, the cause and the own properties of errors, wherever they are', () => {
    const cause = new RangeError('too far')
    const error = Object.assign(new TypeError('wrong', { cause }), { code: 'E_WRONG', at: new Date(7) })
    const named = Object.assign(new Error('gone'), { name: 'NotFound' })

    const copy = there({ error, list: [error, named] })

    expect(copy.error).to.be.instanceOf(TypeError)
    expect(copy.error.message).to.equal('wrong')
    expect(copy.error.stack).to.equal(error.stack)
    expect(copy.error.code).to.equal('E_WRONG')
    expect(copy.error.at).to.deep.equal(new Date(7))
    expect(copy.error.cause).to.be.instanceOf(RangeError).with.property('message', 'too far')
    expect(Object.keys(copy.error)).to.deep.equal(['code', 'at'])
    expect(copy.list[0]).to.equal(copy.error)
    expect(String(copy.list[1])).to.equal('NotFound: gone')
  })

  it('keeps the name that an error has from its class, and the errors of an AggregateError', () => {
    class NotFound extends Error {
      override get name(): string {
        return 'NotFound'
      }
    }
    const copy = there(new AggregateError([new NotFound('a')], 'all failed'))

    expect(copy.name).to.equal('AggregateError')
    expect(String(copy.errors[0])).to.equal('NotFound: a')
  })

  it('keeps an object without a prototype without one', () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 })

    const copy = there({ bare })

    expect(Object.getPrototypeOf(copy.bare)).to.equal(null)
    assert.deepStrictEqual(copy, { bare })
  })

  it('writes of a view only the bytes that it shows, and reads it into memory of its own', () => {
    const secret = Buffer.from('secret-1234-public')
    const view = secret.subarray(12)

    const bytes = exactCodec.encode({ view, part: new Uint8Array(secret.buffer, secret.byteOffset + 12, 6) })
    const copy = exactCodec.decode(bytes) as { view: Buffer; part: Uint8Array }

    expect(Buffer.from(bytes).includes('secret')).to.equal(false)
    expect(Buffer.isBuffer(copy.view)).to.equal(true)
    expect(copy.view.toString()).to.equal('public')
    expect(Buffer.isBuffer(copy.part)).to.equal(false)
    bytes.fill(0)
    expect(Buffer.from(copy.part).toString()).to.equal('public')
    expect(copy.part.buffer.byteLength).to.equal(6)
  })

  class User {
    id = 1
  }
  const proxy = new Proxy({}, {})
  for (const [name, value, message] of [
    ['a function', { list: [() => 1] }, 'the value.list[0] is a function'],
    ['a symbol', new Map([['a', Symbol('b')]]), 'the value.values() is a symbol'],
    ['an instance of a class', { user: new User() }, 'the value.user is an instance of User'],
    [
      'an instance of a subclass of a built-in',
      new (class Words extends Map {})(),
      'the value is an instance of Words',
    ],
    ['properties named by a symbol', { [Symbol('hidden')]: 1 }, 'the value has properties that are hidden'],
    ['properties on a Date', Object.assign(new Date(), { zone: 'utc' }), 'the value has properties of its own'],
    ['a promise', { later: Promise.resolve() }, 'the value.later is an instance of Promise'],
    ['a URL', new URL('http://localhost'), 'the value is an instance of URL'],
    ['a function on an error', Object.assign(new Error('x'), { retry: () => 1 }), 'the value.retry is a function'],
  ] as const) {
    it(`refuses ${name}, and says where it is`, () => {
      expect(() => exactCodec.encode(value)).to.throw(UnfitValueError, message)
    })
  }

  it('brings back a date without a time', () => {
    expect(there(new Date(Number.NaN)).getTime()).to.deep.equal(Number.NaN)
  })

  it('refuses a proxy', () => {
    expect(() => exactCodec.encode({ proxy })).to.throw(/could not be cloned/)
  })

  it('goes as deep as a value does, or says that it cannot', () => {
    let deep: unknown = 1
    for (let depth = 0; depth < 100_000; depth++) deep = [deep]

    expect(() => exactCodec.encode(deep)).to.throw(RangeError)
  })

  describe('given bytes that somebody has forged', () => {
    it('reaches no prototype through a key', () => {
      const value = JSON.parse(
        '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}',
      ) as object

      const copy = there(value)

      expect(Object.getPrototypeOf(copy)).to.equal(Object.prototype)
      expect(Object.keys(copy)).to.deep.equal(['__proto__', 'constructor'])
      expect('polluted' in {}).to.equal(false)
    })

    it('reaches no prototype through a key beside what JSON has no form for', () => {
      const value = JSON.parse(
        '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}',
      ) as object

      const [copy] = there([value, new Date(0)])

      expect(Object.getPrototypeOf(copy)).to.equal(Object.prototype)
      expect(Object.keys(copy)).to.deep.equal(['__proto__', 'constructor'])
      expect('polluted' in {}).to.equal(false)
    })

    it('reaches no prototype through the parts of an error', () => {
      const error = new Error('x')
      Object.defineProperty(error, '__proto__', { value: { polluted: 1 }, enumerable: true, configurable: true })

      const copy = there(error)

      expect(Object.getPrototypeOf(copy)).to.equal(Error.prototype)
      expect('polluted' in copy).to.equal(false)
    })

    for (const [name, payload] of [
      ['parts for what is no error', [1, [[{}, [['a', 1, true]]]], []]],
      ['a Map without a prototype', [1, [], [new Map()]]],
      ['no list', { length: 1, 0: 1 }],
      ['an empty list', []],
    ] as const) {
      it(`refuses ${name}`, () => {
        expect(() => exactCodec.decode(serialize(payload))).to.throw(TypeError)
      })
    }

    it('gives a value or throws, whatever the bytes are', () => {
      const whole = Buffer.from(
        exactCodec.encode([
          { a: [1, 'two', 3n] },
          new Map([[1, new Date()]]),
          new Float64Array(3),
          new Error('x'),
          /r/,
        ]),
      )
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
          fc.nat(whole.length),
          (changes, length) => {
            const bytes = Buffer.from(whole)
            for (const [at, byte] of changes) bytes[at] = byte
            try {
              exactCodec.decode(bytes.subarray(0, Math.max(length, 3)))
            } catch (error) {
              expect(error).to.be.instanceOf(Error)
            }
            expect(Object.keys(Object.prototype)).to.deep.equal([])
          },
        ),
        { numRuns: 2000 },
      )
    })
  })
})
