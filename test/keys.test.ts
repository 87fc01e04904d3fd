import { AsyncLocalStorage } from 'node:async_hooks'

import { runInNewContext } from 'node:vm'

import { expect } from 'chai'

import { KeyError } from '../src/errors.ts'
import { argsKey, identityKey, pick, prefix, skip, typed } from '../src/keys.ts'
import { MARKER } from '../src/text.ts'

class Point {
  x: unknown
  y: unknown
  constructor(x: unknown, y: unknown) {
    this.x = x
    this.y = y
  }
}

class Pixel extends Point {}

class Account {
  id = 1
  #balance = 0
  pay(): number {
    return ++this.#balance
  }
}

class Savings extends Account {
  rate = 2
}

class Labels extends Map<string, number> {
  owner = 'me'
}

class Nothing {
  get size(): number {
    return 0
  }
}

/** Two classes of one name. */
const [FirstTwin, SecondTwin] = [0, 1].map(
  () =>
    class Twin {
      a = 1
    },
) as [new () => object, new () => object]

function errorOf(run: () => unknown): KeyError {
  try {
    run()
  } catch (error) {
    expect(error).to.be.instanceOf(KeyError)
    return error as KeyError
  }
  throw new Error('no error was thrown')
}

/** What a KeyError says before its advice, which is always the same. */
function refusal(...args: unknown[]): string {
  const { message } = errorOf(() => argsKey(...args))
  const advice = ': pass a key function that makes a key of what matters'
  expect(message.endsWith(advice), message).to.equal(true)
  return message.slice(0, -advice.length)
}

function bytes(...values: number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(values)
}

function shared(...values: number[]): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(values.length)
  new Uint8Array(buffer).set(values)
  return buffer
}

/** Lists of arguments of which each differs from all others. Each is made twice. */
const differing = (): unknown[][] => [
  [],
  [undefined],
  [undefined, undefined],
  [null],
  [0],
  [1],
  [Number.NaN],
  [Infinity],
  [-Infinity],
  [1n],
  [true],
  [false],
  [''],
  ['1'],
  ['1n'],
  ['true'],
  ['null'],
  ['undefined'],
  ['NaN'],
  ['[]'],
  ['{}'],
  ['\0'],
  ['\uD800'],
  ['\uFFFD'],
  [MARKER],
  [MARKER, ''],
  [`${MARKER}s1:a`],
  ['1', undefined],
  [1, undefined],
  [1, 2],
  [1, '2'],
  ['1', '2'],
  ['1,2'],
  ['a', 'b'],
  ['a,b'],
  ['as1:b'],
  ['a', 's1:b'],
  ['as1:', 'b'],
  [[]],
  [[[]]],
  [[], []],
  [[1, 2]],
  [[1], 2],
  [[1, [2]]],
  [[undefined]],
  [[null]],
  [Array.from({ length: 1 }).fill('')],
  [new Array(1)],
  [new Array(2)],
  [Object.assign(new Array(2), { 1: 1 })],
  [Object.assign([1], { a: 1 })],
  [Object.assign([1], { '-1': 1 })],
  [{}],
  [{ 0: 1 }],
  [{ 0: 1, length: 1 }],
  [{ a: undefined }],
  [{ a: null }],
  [{ a: 1 }],
  [{ a: '1' }],
  [{ a: 1, b: 2 }],
  [{ a: { b: 2 } }],
  [{ a: 1 }, { b: 2 }],
  [{ 'a,b': 1 }],
  [{ constructor: 1 }],
  [JSON.parse('{"__proto__": 1}')],
  [JSON.parse('{"__proto__": null}')],
  [new Map()],
  [new Set()],
  [new Map([['a', 1]])],
  [new Map([['a', '1']])],
  [new Map<unknown, unknown>([[1, 'a']])],
  [new Map([[{ a: 1 }, 1]])],
  [
    new Map([
      [{ a: 1 }, 1],
      [{ a: 1 }, 2],
    ]),
  ],
  [
    new Map([
      [{ a: 1 }, 1],
      [{ a: 1 }, 1],
    ]),
  ],
  [new Map([['a', undefined]])],
  [new Labels([['a', 1]])],
  [new Set(['a', 1])],
  [new Set(['a'])],
  [new Set([['a', 1]])],
  [new Set([{}, []])],
  [new Set([{}, {}])],
  [new Set([{}])],
  [new Date(0)],
  [new Date(1)],
  [new Date(Number.NaN)],
  [Object.assign(new Date(0), { zone: 'UTC' })],
  ['1970-01-01T00:00:00.000Z'],
  [/a/],
  [/a/g],
  [/a/gi],
  [/b/],
  [Object.assign(/a/g, { lastIndex: 1 })],
  ['/a/'],
  [new URL('https://a.example/')],
  [new URL('https://a.example/?q')],
  ['https://a.example/'],
  [new URLSearchParams('a=1&b=2')],
  [new URLSearchParams('b=2&a=1')],
  ['a=1&b=2'],
  [bytes()],
  [bytes(1, 2)],
  [bytes(2, 1)],
  [Object.assign(bytes(1, 2), { a: 1 })],
  [Int8Array.of(1, 2)],
  [Uint16Array.of(1, 2)],
  [Float64Array.of(1, 2)],
  [Float64Array.of(1, Number.NaN)],
  [BigInt64Array.of(1n, 2n)],
  [bytes(1, 2).buffer],
  [shared(1, 2)],
  [new DataView(bytes(1, 2).buffer)],
  [new DataView(bytes(1, 2).buffer, 1)],
  [new Error('a')],
  [new Error('b')],
  [new Error('a', { cause: undefined })],
  [new Error('a', { cause: 1 })],
  [new TypeError('a')],
  [Object.assign(new Error('a'), { code: 1 })],
  [new AggregateError([], 'a')],
  [new AggregateError([new Error('a')], 'a')],
  [{ name: 'Error', message: 'a' }],
  [Object(1)],
  [Object('1')],
  [Object('')],
  [Object.assign(Object('1'), { a: 1 })],
  [Object(true)],
  [Object(1n)],
  [new Point(1, 2)],
  [new Point(1, [2])],
]

/** Pairs of values that are made differently and are one all the same. */
const alike: [name: string, a: unknown, b: unknown][] = [
  ['0 and -0', [0], [-0]],
  ['0 and -0 in a typed array', Float32Array.of(0), Float32Array.of(-0)],
  ['NaN of two kinds', [Number.NaN], [-Number('x')]],
  ['boxed 0 and -0', Object(0), Object(-0)],
  ['properties in two orders', { a: 1, b: { c: 1, d: 2 } }, { b: { d: 2, c: 1 }, a: 1 }],
  [
    'many properties in two orders',
    Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`k${n}`, n])),
    Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`k${39 - n}`, 39 - n])),
  ],
  ['an object without a prototype', { a: 1 }, Object.assign(Object.create(null), { a: 1 })],
  ['an object of another realm', { a: 1 }, runInNewContext('({ a: 1 })')],
  ['an array of another realm', [1, { a: 1 }], runInNewContext('[1, { a: 1 }]')],
  ['a Map of another realm', new Map([[1, 2]]), runInNewContext('new Map([[1, 2]])')],
  ['an Error of another realm', new RangeError('a'), runInNewContext('new RangeError("a")')],
  ['an invalid Date of another realm', new Date(Number.NaN), runInNewContext('new Date(NaN)')],
  [
    'members of a Map in two orders',
    new Map([
      [1, 2],
      [3, 4],
    ]),
    new Map([
      [3, 4],
      [1, 2],
    ]),
  ],
  ['members of a Set in two orders', new Set([1, '1', [1]]), new Set([[1], '1', 1])],
  ['a Buffer and a Uint8Array', Buffer.from([1, 2]), bytes(1, 2)],
  ['a part of a buffer and that part alone', bytes(9, 1, 2, 9).subarray(1, 3), bytes(1, 2)],
  ['a view of a part and that part', new DataView(bytes(9, 1).buffer, 1), new DataView(bytes(1).buffer)],
  ['instances of two classes', new Point(1, 2), new Pixel(1, 2)],
  ['an instance and a plain object', new Point(1, 2), { y: 2, x: 1 }],
  ['two errors that were made in two places', new Error('a'), new Error('a')],
  ['a property that is not enumerable and none', Object.defineProperty({ a: 1 }, 'b', { value: 2 }), { a: 1 }],
  [
    'a getter and a value',
    {
      get a() {
        return 1
      },
    },
    { a: 1 },
  ],
  ['a proxy and its target', new Proxy({ a: [1] }, {}), { a: [1] }],
  ['references that are shared and such that are not', [[1], [1]], Array.from([1, 1], (value) => [value])],
]

describe('argsKey', () => {
  it('gives one primitive through as it is', () => {
    for (const value of ['', 'a', 0, 1.5, Infinity, 10n, true, false, null, undefined]) {
      expect(argsKey(value)).to.equal(value)
    }
    expect(argsKey(Number.NaN)).to.be.NaN
  })

  it('gives one string, of its own kind, for anything else', () => {
    for (const args of [[], [{}], [1, 2], ['a', 'b'], [MARKER], [`${MARKER}x`]]) {
      expect(argsKey(...args)).to.match(/^\u0091/)
    }
  })

  it('tells apart what is not structurally equal', () => {
    const first = differing().map((args) => argsKey(...args))
    const second = differing().map((args) => argsKey(...args))

    expect(second).to.deep.equal(first)
    expect(new Set(first).size).to.equal(first.length)
  })

  it('tells it apart inside of other values too', () => {
    const wraps: ((args: unknown[]) => unknown)[] = [
      (args) => args,
      (args) => ({ args }),
      (args) => new Map([[args, 1]]),
      (args) => new Set([args]),
      (args) => new Error('a', { cause: args }),
      (args) => new Point(args, 1),
    ]

    for (const wrap of wraps) {
      const keys = differing().map((args) => argsKey(wrap(args)))
      expect(new Set(keys).size).to.equal(keys.length)
    }
  })

  for (const [name, a, b] of alike) {
    it(`gives one key to ${name}`, () => {
      expect(argsKey(a)).to.equal(argsKey(b))
      expect(argsKey(1, [a])).to.equal(argsKey(1, [b]))
    })
  }

  it('cannot be forged by a string that is the key of another call', () => {
    const forged = differing()
      .map((args) => argsKey(...args) as unknown)
      .filter((key) => typeof key === 'string' && key.startsWith(MARKER) && key !== MARKER)
    const lists = forged.flatMap((key) => [[key], [key, undefined], ['', key], [[key]], [{ key }], [new Set([key])]])
    const keys = [...differing(), ...lists].map((args) => argsKey(...args))

    expect(new Set(keys).size).to.equal(keys.length)
  })

  it('reads built-in values by what they are and not by what they pretend to be', () => {
    const spoofed = new Point(1, 2)
    Object.defineProperty(spoofed, Symbol.toStringTag, { value: 'Map' })
    const overridden = new (class extends Date {
      override getTime(): number {
        return 5
      }
    })(7)
    const promise = Object.defineProperty(Promise.resolve(), Symbol.toStringTag, { value: 'Date' })

    expect(argsKey(spoofed)).to.equal(argsKey(new Point(1, 2)))
    expect(argsKey(overridden)).to.equal(argsKey(new Date(7)))
    expect(refusal(promise)).to.equal('argument 1 is a promise, which may have to be awaited first')
    const view = new DataView(bytes(1, 2).buffer)
    Object.defineProperty(view, 'byteLength', { value: 0 })
    const flagged = Object.defineProperty(/a/g, 'flags', { value: 'i' })
    const wrapped = new Proxy(
      class Wrapped {
        #secret = 1
        tell(): number {
          return this.#secret
        }
        valueOf(): number {
          return 0
        }
      },
      {},
    )
    Object.defineProperty(wrapped.prototype, 'constructor', { value: wrapped })

    expect(argsKey(view)).to.equal(argsKey(new DataView(bytes(1, 2).buffer)))
    expect(argsKey(flagged)).to.equal(argsKey(/a/g))
    expect(refusal(new wrapped())).to.match(/^argument 1 is an instance of Wrapped/)
    for (const type of [Map, Set, Date, RegExp, ArrayBuffer, DataView, Uint8Array, Number, String]) {
      const says = `argument 1 is an instance of ${type.name}, and its properties do not show all of its state`
      expect(refusal(Object.create(type.prototype))).to.equal(says)
    }
    expect(refusal(Object.create(URL.prototype))).to.match(/^argument 1 is an instance of URL/)
    expect(refusal(new Proxy(new Map(), {}))).to.match(/^argument 1 is an instance of Map/)
  })

  it('names the path of what has no structure', () => {
    const fn = (): void => undefined

    expect(refusal(fn)).to.equal('argument 1 is a function')
    expect(refusal(1, fn)).to.equal('argument 2 is a function')
    expect(refusal(Symbol('s'))).to.equal('argument 1 is a symbol')
    expect(refusal(Object(Symbol('s')))).to.equal('argument 1 is a symbol')
    expect(refusal({ filter: { owner: fn } })).to.equal('argument 1.filter.owner is a function')
    expect(refusal(0, [1, 2, 3, fn])).to.equal('argument 2[3] is a function')
    expect(refusal({ 'a b': fn })).to.equal('argument 1["a b"] is a function')
    expect(refusal(Object.assign(new Array(4), { 2: fn }))).to.equal('argument 1[2] is a function')
    expect(refusal(new Map([['x', fn]]))).to.equal('argument 1.get("x") is a function')
    expect(refusal(new Map([[1n, { a: fn }]]))).to.equal('argument 1.get(1n).a is a function')
    expect(refusal(new Map([[fn, 1]]))).to.equal('argument 1.keys()[0] is a function')
    expect(refusal(new Map([[{}, fn]]))).to.equal('argument 1.values()[0] is a function')
    expect(refusal(new Set([1, fn]))).to.equal('argument 1.values()[1] is a function')
    expect(refusal(new Error('a', { cause: fn }))).to.equal('argument 1.cause is a function')
    expect(refusal(new AggregateError([fn]))).to.equal('argument 1.errors[0] is a function')
    expect(refusal(Object.assign(new Date(), { fn }))).to.equal('argument 1.fn is a function')
    expect(refusal({ ['x'.repeat(99)]: fn })).to.equal(`argument 1["${'x'.repeat(40)}…"] is a function`)
  })

  it('refuses properties that are named by symbols, if they can be enumerated', () => {
    const hidden = Object.defineProperty({ a: 1 }, Symbol('s'), { value: 1 })

    expect(refusal([{ [Symbol('s')]: 1 }])).to.equal('argument 1[0] has a property named by a symbol, Symbol(s)')
    expect(refusal(Object.assign(new Date(), { [Symbol.iterator]: 1 }))).to.contain('Symbol(Symbol.iterator)')
    expect(argsKey(hidden)).to.equal(argsKey({ a: 1 }))
  })

  it('refuses instances of classes with private state', () => {
    const weak = new WeakMap<object, number>()
    class Hidden {
      id = 1
      constructor() {
        weak.set(this, 1)
      }
    }
    class Styled {
      color = '#fff'
      text = '#abc is not private'
    }
    class PrivateLabels extends Map {
      #secret = 1
      peek(): number {
        return this.#secret
      }
    }

    const says = (name: string): string => `is an instance of ${name}, and its properties do not show all of its state`
    expect(refusal({ a: new Account() })).to.equal(`argument 1.a ${says('Account')}`)
    expect(refusal(new Savings())).to.equal(`argument 1 ${says('Savings')}`)
    expect(refusal(new Savings())).to.equal(`argument 1 ${says('Savings')}`)
    expect(refusal(new PrivateLabels())).to.equal(`argument 1 ${says('PrivateLabels')}`)
    expect(refusal(new Hidden())).to.equal(`argument 1 ${says('Hidden')}`)
    expect(argsKey(new Styled())).to.be.a('string')
  })

  it('refuses built-in values whose state cannot be read', () => {
    const values = [new WeakMap(), new WeakSet(), new WeakRef({}), new Intl.DateTimeFormat()]

    for (const value of values) {
      const says = `argument 1 is an instance of ${value.constructor.name}, and its properties do not show all of its state`
      expect(refusal(value)).to.equal(says)
    }
    const others = [new Headers(), new Blob([]), new AbortController().signal, [].values(), (function* () {})()]
    for (const value of others) expect(() => argsKey(value)).to.throw(KeyError, /^argument 1 /)
  })

  it('refuses a promise, and says what may be missing, also where Node marks promises with symbols', async () => {
    const says = 'argument 1 is a promise, which may have to be awaited first'
    await new AsyncLocalStorage().run({}, async () => {
      await undefined
      for (const promise of [Promise.resolve(), Object.assign(Promise.resolve(), { a: 1 }), (async () => {})()]) {
        expect(refusal(promise)).to.equal(says)
      }
    })
  })

  it('refuses instances without properties, and what inherits from a mere object', () => {
    const inherits =
      'argument 1 is an instance of a class without a name, and its properties do not show all of its state'

    expect(refusal(new Nothing())).to.equal(
      'argument 1 is an instance of Nothing, and its properties do not show all of its state',
    )
    expect(refusal(Object.create({ a: 1 }))).to.equal(inherits)
    expect(refusal(Object.assign(Object.create({ a: 1 }), { b: 1 }))).to.equal(inherits)
    expect(refusal(Object.setPrototypeOf([1], { a: 1 }))).to.equal(inherits)
  })

  it('says of a cyclic value where it is cyclic', () => {
    const self: Record<string, unknown> = { name: 'a' }
    self['self'] = self
    const far: Record<string, unknown> = {}
    far['x'] = { y: [far] }
    const map = new Map<string, unknown>()
    map.set('x', [map])
    const wide: Record<string, unknown> = { a: Array.from({ length: 10_000 }, () => 1) }
    wide['self'] = wide

    expect(refusal(self)).to.equal('argument 1.self is cyclic: it is argument 1 again')
    expect(refusal(1, far)).to.equal('argument 2.x.y[0] is cyclic: it is argument 2 again')
    expect(refusal({ far })).to.equal('argument 1.far.x.y[0] is cyclic: it is argument 1.far again')
    expect(refusal(map)).to.equal('argument 1.get("x")[0] is cyclic: it is argument 1 again')
    expect(refusal(wide)).to.equal('argument 1.self is cyclic: it is argument 1 again')
  })

  it('never overflows the call stack, however deep the value', () => {
    let deep: unknown = 1
    let deepMap: unknown = 1
    for (let level = 0; level < 10_000; level++) {
      deep = level % 2 === 0 ? { deep } : [deep]
      deepMap = new Map([[deepMap, new Set([deepMap])]])
    }

    expect(refusal(deep)).to.equal('argument 1 has more than 1000 levels in it')
    expect(refusal(deepMap)).to.equal('argument 1 has more than 1000 levels in it')
  })

  it('says so where the caller has left no room on the call stack', () => {
    let deep: unknown = 1
    for (let level = 0; level < 500; level++) deep = { deep }
    const overflow = (): unknown => {
      try {
        return overflow()
      } catch (error) {
        // The first frames from the bottom have no room for a call at all.
        if (error instanceof RangeError) return argsKey(deep)
        throw error
      }
    }

    const error = errorOf(overflow)
    expect(error.message).to.match(/^argument 1 cannot be read: pass a key function/)
    expect(error.cause).to.be.instanceOf(RangeError)
  })

  it('takes a million elements', () => {
    const million = Array.from({ length: 1_000_000 }, (_, index) => index)

    expect(argsKey(million)).to.be.a('string')
    expect(refusal([million])).to.equal('argument 1 has more than 1000000 values in it')
    expect(refusal(new Array(2 ** 32 - 1))).to.equal('argument 1 has more than 1000000 values in it')
  })

  it('refuses references that unfold without end', () => {
    const wraps: ((value: unknown) => unknown)[] = [
      (value) => [value, value],
      (value) => ({ a: value, b: value }),
      (value) =>
        new Map([
          [1, value],
          [2, value],
        ]),
      (value) => new Set([value, [value]]),
      (value) => new Error('a', { cause: [value, value] }),
    ]

    for (const wrap of wraps) {
      let value: unknown = 'leaf'
      for (let level = 0; level < 60; level++) value = wrap(value)
      expect(refusal(value)).to.match(/^argument 1 has more than \d+ (values|characters) in it$/)
    }
    let long: unknown = 'x'.repeat(100_000)
    for (let level = 0; level < 14; level++) long = [long, long]
    expect(refusal(long)).to.match(/has more .*characters in it/)
  })

  it('says which property threw, and what', () => {
    const boom = new Error('boom')
    const throwing = {
      a: {
        get b() {
          throw boom
        },
      },
    }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()

    const error = errorOf(() => argsKey(1, throwing))
    expect(error.message).to.match(/^argument 2\.a\.b cannot be read: pass a key function/)
    expect(error.cause).to.equal(boom)
    const undefinedThrown = {
      get a() {
        throw undefined
      },
    }
    const inner = {
      get b() {
        return argsKey({ c: () => 1 })
      },
    }

    expect(errorOf(() => argsKey({ proxy })).message).to.match(/^argument 1\.proxy cannot be read/)
    expect(refusal(undefinedThrown)).to.equal('argument 1.a cannot be read')
    expect(refusal(inner)).to.equal('argument 1.b cannot be read')
    expect(errorOf(() => argsKey({ proxy })).cause).to.be.instanceOf(TypeError)
  })
})

describe('identityKey', () => {
  it('gives the first argument', () => {
    const user = { id: 1 }

    expect(identityKey(user, 2)).to.equal(user)
    expect(identityKey('a')).to.equal('a')
  })
})

describe('pick', () => {
  it('gives the one value at a path as argsKey would', () => {
    expect(pick('id')({ id: '42' })).to.equal('42')
    expect(pick('org.id')({ org: { id: 7 } })).to.equal(7)
    expect(pick('org')({ org: { id: 7 } })).to.equal(argsKey({ id: 7 }))
    expect(pick('id')({ id: `${MARKER}x` })).to.equal(argsKey(`${MARKER}x`))
  })

  it('gives several values as argsKey would', () => {
    const key = pick('id', 'org.id')

    expect(key({ id: 1, org: { id: 2 } })).to.equal(argsKey(1, 2))
    expect(key({ id: 1, org: { id: 2 } })).to.not.equal(key({ id: 12, org: { id: undefined } }))
  })

  it('gives undefined for a path that ends early', () => {
    const key = pick('a.b.c')

    expect(key({ a: { b: null } })).to.equal(undefined)
    expect(key({ a: undefined })).to.equal(undefined)
    expect((key as (value?: unknown) => unknown)()).to.equal(undefined)
    expect((key as (value?: unknown) => unknown)(5)).to.equal(undefined)
  })

  it('names the path of what has no structure', () => {
    const boom = new Error('boom')
    const throwing = {
      get id(): unknown {
        throw boom
      },
    }

    expect(() => pick('id', 'org.id')({ id: 1, org: { id: { f() {} } } })).to.throw(
      KeyError,
      'argument 1.org.id.f is a function',
    )
    expect(() => pick('id')({ id: () => 1 })).to.throw(KeyError, 'argument 1.id is a function')
    expect(errorOf(() => pick('id')(throwing)).message).to.match(/^argument 1\.id cannot be read/)
    expect(errorOf(() => pick('id')(throwing)).cause).to.equal(boom)
  })

  it('refuses wrong paths when it is made', () => {
    const make = pick as unknown as (...paths: unknown[]) => unknown
    const form = 'names of properties joined by dots, such as "org.id"'

    expect(() => make()).to.throw(TypeError, `the first path of pick must be ${form}, but got: undefined`)
    expect(() => make('')).to.throw(TypeError, `a path of pick must be ${form}, but got: ""`)
    expect(() => make('id', 'a..b')).to.throw(TypeError, `a path of pick must be ${form}, but got: "a..b"`)
    expect(() => make('.a')).to.throw(TypeError, 'but got: ".a"')
    expect(() => make('a.')).to.throw(TypeError, 'but got: "a."')
    expect(() => make(5)).to.throw(TypeError, 'but got: 5')
  })
})

describe('skip', () => {
  it('leaves the first arguments out', () => {
    expect(skip(1)({}, 'a')).to.equal('a')
    expect(skip(1)(() => 1, 'a', 2)).to.equal(argsKey('a', 2))
    expect(skip(0)('a')).to.equal('a')
    expect(skip(2)('a')).to.equal(argsKey())
    expect(skip(1, (name: string) => name.length)('context', 'abc')).to.equal(3)
  })

  it('counts all arguments when it names one', () => {
    expect(() => skip(2)(1, 2, { f() {} })).to.throw(KeyError, 'argument 3.f is a function')
  })

  it('refuses wrong arguments when it is made', () => {
    const make = skip as unknown as (...args: unknown[]) => unknown
    const form = 'the first argument of skip must be an integer, 0 or more'

    expect(() => make(-1)).to.throw(RangeError, `${form}, but got: -1`)
    expect(() => make(1.5)).to.throw(RangeError, `${form}, but got: 1.5`)
    expect(() => make('1')).to.throw(TypeError, `${form}, but got: "1"`)
    expect(() => make(1, 5)).to.throw(TypeError, 'the key function of skip must be a function, but got: 5')
  })
})

describe('prefix', () => {
  it('keeps keys of different texts, and of none, apart', () => {
    const makers = ['', 'a', 'as1:', MARKER, 'a:b'].map((text) => prefix(text))
    const nested = [prefix('a', prefix('a')), prefix('aa'), prefix('', prefix('a'))]
    const keys = [argsKey, ...makers, ...nested].flatMap((key) => differing().map((args) => key(...args) as unknown))

    expect(new Set(keys).size).to.equal(keys.length)
  })

  it('keeps primitive keys of the inner function apart', () => {
    const key = prefix('a', identityKey<string | number | null | undefined | bigint | boolean>)
    const keys = ['1', 1, 1n, true, 'true', null, 'null', undefined, '', Number.NaN].map((value) => key(value))

    expect(new Set(keys).size).to.equal(keys.length)
    expect(key(0)).to.equal(key(-0))
  })

  it('refuses a key that is no primitive', () => {
    const key = prefix('a', identityKey as (value: unknown) => string)
    const says = 'the key function of prefix must give a primitive key, but gave'

    expect(() => key({})).to.throw(KeyError, `${says} an object`)
    expect(() => key(() => 1)).to.throw(KeyError, `${says} a function`)
    expect(() => key(Symbol('s'))).to.throw(KeyError, `${says} a symbol`)
  })

  it('refuses wrong arguments when it is made', () => {
    const make = prefix as unknown as (...args: unknown[]) => unknown

    expect(() => make(5)).to.throw(TypeError, 'the text of prefix must be a string, but got: 5')
    expect(() => make('a', 5)).to.throw(TypeError, 'the key function of prefix must be a function, but got: 5')
  })
})

describe('typed', () => {
  it('tells apart values of different classes that look alike', () => {
    const groups: unknown[][] = [
      [new Point(1, 2), new Pixel(1, 2), { x: 1, y: 2 }, Object.assign(Object.create(null), { x: 1, y: 2 })],
      [bytes(1), Buffer.from([1])],
      [new Map([['a', 1]]), new (class Other extends Map<string, number> {})([['a', 1]])],
      [[1], runInNewContext('[1]'), new (class List extends Array {})(1).fill(1)],
      [new FirstTwin(), new SecondTwin(), { a: 1 }],
      [new Error('a'), new (class Failure extends Error {})('a')],
    ]

    for (const values of groups) {
      for (const wrap of [(value: unknown) => value, (value: unknown) => [{ deep: value }]]) {
        const plain = new Set(values.map((value) => argsKey(wrap(value))))
        const told = new Set(values.map((value) => typed()(wrap(value))))

        expect(plain.size).to.equal(1)
        expect(told.size).to.equal(values.length)
      }
    }
  })

  it('gives one key to what is equal and of one class', () => {
    expect(typed()(new Point(1, 2))).to.equal(typed()(new Point(1, 2)))
    expect(typed()(new FirstTwin())).to.equal(typed()(new FirstTwin()))
    expect(typed()({ a: 1, b: 2 })).to.equal(typed()({ b: 2, a: 1 }))
    expect(
      typed()(
        new Map([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).to.equal(
      typed()(
        new Map([
          [3, 4],
          [1, 2],
        ]),
      ),
    )
  })

  it('tells apart all that argsKey does', () => {
    const keys = differing().map((args) => typed()(...args))

    expect(new Set(keys).size).to.equal(keys.length)
    expect(typed()('a')).to.equal('a')
    expect(typed()(1)).to.equal(1)
  })

  it('adds the types of the arguments to the key of another function', () => {
    const id = (user: { id: unknown }): string => String(user.id)
    class User {
      id = 1
    }
    const key = typed(id)
    const any = typed(() => 'one') as (...args: unknown[]) => string
    const types = [[], [1], ['1'], [1n], [true], [null], [undefined], [() => 1], [Symbol('s')], [{}], [[]], [1, 1]]

    expect(key({ id: 1 })).to.equal(key({ id: '1' }))
    expect(key({ id: 1 })).to.not.equal(key(new User()))
    expect(key({ id: 1 })).to.not.equal(key({ id: 2 }))
    expect(new Set(types.map((args) => any(...args))).size).to.equal(types.length)
  })

  it('refuses what argsKey does, and a key that is no primitive', () => {
    expect(() => typed()({ a: () => 1 })).to.throw(KeyError, 'argument 1.a is a function')
    expect(() => typed()(new Nothing())).to.throw(KeyError, 'an instance of Nothing')
    expect(() => typed(identityKey as (value: unknown) => string)({})).to.throw(
      KeyError,
      'the key function of typed must give a primitive key, but gave an object',
    )
    expect(() => typed(5 as unknown as () => string)).to.throw(
      TypeError,
      'the key function of typed must be a function, but got: 5',
    )
  })
})
