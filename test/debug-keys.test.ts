import { expect } from 'chai'

import {
  argsKey,
  cached,
  cachedSync,
  identityKey,
  KeyCollisionError,
  lru,
  pick,
  prefix,
  skip,
  typed,
} from '../src/index.ts'
import { rejection } from './support/rejection.ts'

type KeyFn = (...args: any[]) => any

/** Calls a cached function with these lists of arguments, and gives what each gave: `'ok'`, or where they differ. */
async function watch(key: KeyFn, ...calls: readonly (readonly unknown[])[]): Promise<string[]> {
  const call = cached(new Map(), key, { debugKeys: true })(async (..._args: any[]) => 'ok')
  const outcomes: string[] = []
  for (const args of calls) {
    outcomes.push(
      await call(...args).catch((error: unknown) => {
        if (!(error instanceof KeyCollisionError)) throw error
        return /differ at (.+), which/.exec(error.message)![1]!
      }),
    )
  }
  return outcomes
}

class Point {
  readonly #secret: number
  readonly x: number

  constructor(x: number, secret: number) {
    this.x = x
    this.#secret = secret
  }

  get doubled(): number {
    return 2 * this.#secret
  }

  near(): number {
    return Math.round(this.x)
  }
}

// A formatter would put brackets around its parameter.
// prettier-ignore
const lone: KeyFn = id => `${id}`

const mistakes: Record<string, [key: KeyFn, first: unknown[], second: unknown[], where: string]> = {
  'texts joined without a separator': [(a, b) => `${a}${b}`, ['ab', 'c'], ['a', 'bc'], 'argument 1'],
  'texts joined with a separator that is in them': [(a, b) => `${a}:${b}`, ['a:b', 'c'], ['a', 'b:c'], 'argument 1'],
  'an object as text': [(o) => `${o}`, [{ id: 1 }], [{ id: 2 }], 'argument 1'],
  'an object within an object as text': [({ o }) => o + '', [{ o: { id: 1 } }], [{ o: { id: 2 } }], 'argument 1.o'],
  'an object with private state as text': [String, [new Point(1, 1)], [new Point(1, 2)], 'argument 1'],
  'a list as text': [(list) => String(list), [['a', 'b']], [['a,b']], 'argument 1.length'],
  'objects in a list as text': [(list) => list.join(), [[{ id: 1 }]], [[{ id: 2 }]], 'argument 1[]'],
  'a number and its text': [(id) => `${id}`, [1], ['1'], 'argument 1'],
  'null and its text': [(id) => `${id}`, [null], ['null'], 'argument 1'],
  'a sum': [(a, b) => a.id + b.id, [{ id: 1 }, { id: 2 }], [{ id: 2 }, { id: 1 }], 'argument 1.id'],
  rounding: [(lat, lon) => `${Math.round(lat)},${Math.round(lon)}`, [48.1, 11.5], [48.2, 11.5], 'argument 1'],
  'rounding of a property': [({ lat }) => Math.round(lat), [{ lat: 48.1 }], [{ lat: 48.2 }], 'argument 1.lat'],
  'a branch': [(o) => (o.mine ? o.id : o.no), [{ mine: true, id: 1 }], [{ mine: false, no: 1 }], 'argument 1.mine'],
  'JSON of a Map': [(o) => JSON.stringify(o), [{ m: new Map([[1, 2]]) }], [{ m: new Map() }], 'argument 1.m'],
  'JSON of what is not a number': [(o) => JSON.stringify(o), [{ n: NaN }], [{ n: null }], 'argument 1.n'],
  'names alone': [(o) => Object.keys(o).length, [{ a: 1 }], [{ b: 1 }], 'argument 1.b'],
  'a date as text, without its milliseconds': [(d) => `${d}`, [new Date(1)], [new Date(2)], 'argument 1'],
  'what a method gives, shortened': [
    (d) => d.toISOString().slice(0, 4),
    [new Date(0)],
    [new Date(1e9)],
    'argument 1.toISOString()',
  ],
  'the member of a Map': [
    (m) => m.get('user').id % 2,
    [new Map([['user', { id: 1 }]])],
    [new Map([['user', { id: 3 }]])],
    'argument 1.get(user).id',
  ],
  'all arguments': [(...args) => args.join(), ['a', 'b'], ['a,b'], 'argument 1'],
  'all arguments after the first': [(_first, ...rest) => rest.length, ['a', 'b'], ['a', 'c'], 'argument 2'],
  'a parameter with a default that is worked out': [
    (id, at = Date.now()) => id && `${at > 1}`,
    [1, 2],
    [1, 3],
    'argument 2',
  ],
  'a parameter that is taken apart': [({ id }, more) => `${id}${more}`, [{ id: 1 }, 11], [{ id: 11 }, 1], 'argument 2'],
  'arguments by the old name': [
    function () {
      return arguments.length
    },
    ['a'],
    ['b'],
    'argument 1',
  ],
  'a parameter with a default': [(id, page = 1) => `${id}${page}`, ['a', 11], ['a1', 1], 'argument 1'],
  'a later parameter with a default': [(a, b = 1) => `${a}${b > 5}`, ['a', 1], ['a', 2], 'argument 2'],
  'a lone parameter without brackets': [lone, [1], ['1'], 'argument 1'],
  'a bound function': [String.bind(undefined), [1], ['1'], 'argument 1'],
}

describe('debugKeys', () => {
  for (const [name, [key, first, second, where]] of Object.entries(mistakes)) {
    it(`refuses ${name}`, async () => {
      expect(await watch(key, first, second, first)).to.deep.equal(['ok', where, 'ok'])
    })
  }

  it('finds the mistake in a key function that is within one of this library’s', async () => {
    const near = (a: string, b: string): string => `${a}${b}`
    const calls = [
      ['ab', 'c'],
      ['a', 'bc'],
    ]
    expect(await watch(prefix('x', near), ...calls)).to.deep.equal(['ok', 'argument 1'])
    expect(await watch(typed(near), ...calls)).to.deep.equal(['ok', 'argument 1'])
    const skipped = calls.map(([a, b]) => ['request', a, b])
    expect(await watch(skip(1, prefix('x', near)), ...skipped)).to.deep.equal(['ok', 'argument 2'])
  })

  it('lets a key leave out what it does not read', async () => {
    const user = { id: 1, org: { id: 2, name: 'x' }, seen: 1 }
    const later = { id: 1, org: { id: 2, name: 'y' }, seen: 2 }
    const keys: KeyFn[] = [
      (it) => it.id,
      ({ id, org }) => `${id}:${org.id}`,
      (it) => JSON.stringify([it.id, it.org?.id]),
      ({ seen: _, org: { name: __, ...org }, ...rest }) => JSON.stringify({ ...rest, org }),
      pick('id', 'org.id'),
    ]
    for (const key of keys) expect(await watch(key, [user], [later])).to.deep.equal(['ok', 'ok'])
  })

  it('lets a key leave out arguments that it does not take, or does not use', async () => {
    expect(await watch((id) => id, ['a', 'verbose'], ['a', 'quiet'])).to.deep.equal(['ok', 'ok'])
    expect(await watch((_trace, id) => id, ['t1', 'a'], ['t2', 'a'])).to.deep.equal(['ok', 'ok'])
    expect(await watch((_db, id) => id, [{ n: 1 }, 'a'], [{ n: 2 }, 'a'])).to.deep.equal(['ok', 'ok'])
    expect(await watch((_trace, ids) => [...ids].join(), ['t1', ['a']], ['t2', ['a']])).to.deep.equal(['ok', 'ok'])
    expect(await watch(() => 'all', ['a'], ['b'])).to.deep.equal(['ok', 'ok'])
    const skipping = skip(1, (id: string) => id)
    expect(await watch(skipping, ['t1', 'a', 1], ['t2', 'a', 2])).to.deep.equal(['ok', 'ok'])
    expect(await watch(skip(1), ['t1', 'a'], ['t2', 'a'])).to.deep.equal(['ok', 'ok'])
    expect(await watch(prefix('x', skipping), ['t1', 'a'], ['t2', 'a'])).to.deep.equal(['ok', 'ok'])
  })

  it('takes what is equal by its structure for equal, and what is undefined for absent', async () => {
    const text = (o: object): string => JSON.stringify(o)
    expect(await watch(text, [{ a: [1, { b: 2 }] }], [{ a: [1, { b: 2 }] }])).to.deep.equal(['ok', 'ok'])
    expect(await watch(text, [{ a: 1, b: undefined }], [{ a: 1 }])).to.deep.equal(['ok', 'ok'])
    expect(await watch((o) => o.org?.id, [{ org: undefined }], [{ org: { id: undefined } }])).to.deep.equal([
      'ok',
      'ok',
    ])
    const sorted = ({ ids }: { ids: number[] }): string => ids.toSorted().join()
    expect(await watch(sorted, [{ ids: [1, 2] }], [{ ids: [2, 1] }])).to.deep.equal(['ok', 'ok'])
    expect(await watch((d) => d.getTime(), [new Date(5)], [new Date(5)])).to.deep.equal(['ok', 'ok'])
  })

  it('reads what is frozen, has private state, or a method of its own', async () => {
    const deep = (id: number) => Object.freeze({ org: Object.freeze({ id }), tags: Object.freeze(['a']) })
    const key = (o: ReturnType<typeof deep>): string => `${o.org.id % 2} ${[...o.tags].join()} ${'org' in o}`
    expect(await watch(key, [deep(1)], [deep(3)])).to.deep.equal(['ok', 'argument 1.org.id'])
    const points = [new Point(1.2, 1), new Point(1.4, 1), new Point(1.2, 3)].map((point) => [point])
    expect(await watch((point) => point.near(), ...points)).to.deep.equal(['ok', 'ok', 'ok'])
    expect(await watch((point) => point.doubled % 4, ...points)).to.deep.equal(['ok', 'ok', 'argument 1.doubled'])
  })

  it('tells apart by an object as key only what is another object', async () => {
    const [a, b] = [{ id: 1 }, { id: 1 }]
    expect(await watch((o) => o, [a], [b], [a])).to.deep.equal(['ok', 'ok', 'ok'])
    expect(await watch(identityKey, [a], [b])).to.deep.equal(['ok', 'ok'])
  })

  it('leaves a function alone that cannot be watched', async () => {
    const isDate = (value: unknown): string => {
      if (!(value instanceof Date)) throw new Error('a date is wanted')
      return `${Date.prototype.getFullYear.call(value)}`
    }
    expect(await watch(isDate, [new Date(0)], [new Date(1)])).to.deep.equal(['ok', 'ok'])
  })

  it('refuses calls and controls alike, with the key', async () => {
    const get = cached(lru({ max: 10 }), (a: string, b: string) => a + b, { debugKeys: true })(
      async (a: string, b: string) => [a, b],
    )
    await get('ab', 'c')

    const error = (await rejection(get('a', 'bc'))) as KeyCollisionError
    expect(error.key).to.equal('abc')
    expect(error.message).to.equal(
      'the key function gives one key, "abc", for arguments that differ at argument 1, which it reads',
    )
    expect(() => get.invalidate('a', 'bc')).to.throw(KeyCollisionError)
    expect(get.has('ab', 'c')).to.equal(true)
  })

  it('works with cachedSync, and with options.key', () => {
    const get = cachedSync(lru({ max: 10 }), { key: (n: number) => Math.round(n), debugKeys: true })((n: number) => n)

    expect(get(1.1)).to.equal(1.1)
    expect(() => get(1.2)).to.throw(KeyCollisionError)
  })

  it('remembers the last 10,000 keys', async () => {
    const get = cached(lru({ max: 1 }), (n: number) => Math.round(n), { debugKeys: true })(async (n: number) => n)
    await get(0.1)
    await get(1.1)
    for (let n = 2; n <= 10_000; n++) await get(n)

    expect(await get(0.2)).to.equal(0.2)
    await get(10_001)
    expect(await get(1.2)).to.equal(1.2)
    expect(await rejection(get(10_000.1))).to.be.instanceOf(KeyCollisionError)
  })

  it('costs the library’s own key functions nothing, and others nothing where it is off', () => {
    const mine = (id: string): string => id
    const load = async (id: any): Promise<unknown> => id
    const own = [argsKey, identityKey, pick('id'), skip(1), typed(), prefix('x'), prefix('x', skip(1))] as KeyFn[]

    for (const key of own) expect(cached(new Map(), key, { debugKeys: true })(load).key).to.equal(key)
    expect(cached(new Map(), mine)(load).key).to.equal(mine)
    expect(cached(new Map(), mine, { debugKeys: false })(load).key).to.equal(mine)
    expect(cached(new Map(), mine, { debugKeys: true })(load).key).not.to.equal(mine)
    expect(cached(new Map(), { debugKeys: true })(load).key).to.equal(argsKey)
    expect(() => cached(new Map(), { debugKeys: 1 as never })).to.throw(TypeError, 'debugKeys must be true or false')
  })
})
