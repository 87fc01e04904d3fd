import { expect } from 'chai'
import { Cache, cached, cachedSync, lru, Tags } from '../src/index.ts'
import { rejection } from './support/rejection.ts'

const load = async (id: string): Promise<string> => id

/** Each mistake with the error that it gives. A mistake is made in plain JavaScript, so nothing here has types. */
const wrongOptions: [options: any, type: typeof Error, message: string][] = [
  [
    { tll: 1 },
    TypeError,
    'an option of cached must be one of key, ttl, jitter, tti, staleWhileRevalidate, staleIfError, refreshAfter, clock, random, name, shareKeys, when, tags, errorTtl, timeout, softTimeout, context, debugKeys, onError, but got: "tll"',
  ],
  [5, TypeError, 'the options of cached must be an object, but got: 5'],
  [[], TypeError, 'the options of cached must be an object, but got: an array'],
  [null, TypeError, 'the options of cached must be an object, but got: null'],
  [{ key: 'id' }, TypeError, 'key must be a function, but got: "id"'],
  [{ name: '' }, TypeError, 'name must be a string that is not empty, but got: ""'],
  [{ name: 7 }, TypeError, 'name must be a string that is not empty, but got: 7'],
  [{ ttl: -1 }, RangeError, 'ttl must be a number of milliseconds, 0 or more, but got: -1'],
  [{ ttl: Number.NaN }, RangeError, 'ttl must be a number of milliseconds, 0 or more, but got: NaN'],
  [{ ttl: '60' }, TypeError, 'ttl must be a number of milliseconds, 0 or more, but got: "60"'],
  [{ ttl: null }, TypeError, 'ttl must be a number of milliseconds, 0 or more, but got: null'],
  [{ jitter: 5 }, TypeError, 'ttl must be given where jitter is, but got: undefined'],
  [{ jitter: () => 5 }, TypeError, 'ttl must be given where jitter is, but got: undefined'],
  [{ ttl: Infinity, jitter: 5 }, TypeError, 'ttl must be given where jitter is, but got: Infinity'],
  [{ ttl: 5, jitter: -1 }, RangeError, 'jitter must be a finite number of milliseconds, 0 or more, but got: -1'],
  [
    { ttl: 5, jitter: Infinity },
    RangeError,
    'jitter must be a finite number of milliseconds, 0 or more, but got: Infinity',
  ],
  [{ ttl: 5, jitter: '1' }, TypeError, 'jitter must be a finite number of milliseconds, 0 or more, but got: "1"'],
  [{ tti: -5 }, RangeError, 'tti must be a number of milliseconds, 0 or more, but got: -5'],
  [{ tti: Number.NaN }, RangeError, 'tti must be a number of milliseconds, 0 or more, but got: NaN'],
  [{ clock: {} }, TypeError, 'clock must be a clock, an object with now(): ms, but got: an object'],
  [{ clock: null }, TypeError, 'clock must be a clock, an object with now(): ms, but got: null'],
  [{ random: 0.5 }, TypeError, 'random must be a function, but got: 0.5'],
  [{ when: true }, TypeError, 'when must be a function, but got: true'],
  [{ onError: 'log' }, TypeError, 'onError must be a function, but got: "log"'],
  [{ context: 'global' }, TypeError, "context must be 'caller' or 'isolated', but got: \"global\""],
  [
    { staleWhileRevalidate: -1 },
    RangeError,
    'staleWhileRevalidate must be a number of milliseconds, 0 or more, but got: -1',
  ],
  [{ staleIfError: '1h' }, TypeError, 'staleIfError must be a number of milliseconds, 0 or more, but got: "1h"'],
  [
    { refreshAfter: 0 },
    RangeError,
    "refreshAfter must be a finite number of milliseconds, more than 0, or 'early', but got: 0",
  ],
  [
    { ttl: 5, refreshAfter: 'late' },
    TypeError,
    'refreshAfter must be a finite number of milliseconds, more than 0, or \'early\', but got: "late"',
  ],
  [{ refreshAfter: 'early' }, TypeError, "ttl must be given where refreshAfter is 'early', but got: undefined"],
  [{ ttl: 5, refreshAfter: 5 }, RangeError, 'refreshAfter must be less than ttl, which is 5, but got: 5'],
  [{ errorTtl: -1 }, RangeError, 'errorTtl must be a number of milliseconds, 0 or more, but got: -1'],
  [{ errorTtl: true }, TypeError, 'errorTtl must be a number of milliseconds, 0 or more, but got: true'],
  [
    { timeout: 0 },
    RangeError,
    'timeout must be a number of milliseconds, more than 0 and at most 2147483647, but got: 0',
  ],
  [
    { softTimeout: Infinity },
    RangeError,
    'softTimeout must be a number of milliseconds, more than 0 and at most 2147483647, but got: Infinity',
  ],
  [{ timeout: 5, softTimeout: 5 }, RangeError, 'softTimeout must be less than timeout, which is 5, but got: 5'],
  [{ shareKeys: 1 }, TypeError, 'shareKeys must be true or false, but got: 1'],
]

describe('a mistake in the options', () => {
  for (const [options, type, message] of wrongOptions) {
    it(`is refused when the function is made: ${message}`, () => {
      expect(() => cached(new Map(), options)).to.throw(type, message)
    })
  }

  it('is refused by cachedSync and Cache alike', () => {
    const any = { ttl: -1 } as any
    expect(() => cachedSync(new Map(), any)).to.throw(RangeError, 'ttl must be')
    expect(() => new Cache(new Map(), any)).to.throw(RangeError, 'ttl must be')
    expect(() => cachedSync(new Map(), { context: 'caller' } as any)).to.throw(
      TypeError,
      'an option of cachedSync must be one of',
    )
    expect(() => new Cache(new Map(), { key: () => 1 } as any)).to.throw(TypeError, 'an option of Cache must be one of')
  })

  it('leaves the store free for a function without mistakes', () => {
    const store = new Map()
    expect(() => new Cache(store, { ttl: -1 })).to.throw()
    expect(() => cached(store, { jitter: 1 } as any)(load)).to.throw()

    expect(() => cached(store)(load)).not.to.throw()
  })
})

describe('a mistake in the other arguments', () => {
  it('is refused: a store that is none', () => {
    const make = (store: any) => () => cached(store)
    expect(make(undefined)).to.throw(
      TypeError,
      'store must be a Map-like object with get, set and delete, but got: undefined',
    )
    expect(make('redis')).to.throw(
      TypeError,
      'store must be a Map-like object with get, set and delete, but got: "redis"',
    )
    // What gives a store for each instance is for methods, and is found out where a function is to be made.
    expect(() => (make(() => 1)() as any)(load)).to.throw(TypeError, 'store.get must be a function, but got: undefined')
    expect(make({ get: () => 1, set: 5 })).to.throw(TypeError, 'store.set must be a function, but got: 5')
    expect(make({ get() {}, set() {} })).to.throw(TypeError, 'store.delete must be a function, but got: undefined')
    expect(() => new Cache({} as any)).to.throw(TypeError, 'store.get must be a function, but got: undefined')
  })

  it('is refused: a key function that is none', () => {
    expect(() => cached(new Map(), 'id' as any)).to.throw(
      TypeError,
      'the options of cached must be an object, but got: "id"',
    )
    expect(() => cached(new Map(), {} as any, { ttl: 1 })).to.throw(
      TypeError,
      'the key function must be a function, but got: an object',
    )
    expect(() => cached(new Map(), undefined as any, { ttl: 1 })).to.throw(
      TypeError,
      'the key function must be a function, but got: undefined',
    )
  })

  it('is refused: a function to cache that is none', () => {
    expect(() => cached(new Map())(undefined as any)).to.throw(
      TypeError,
      'the function to cache must be a function, but got: undefined',
    )
    expect(() => cachedSync(new Map())({} as any)).to.throw(
      TypeError,
      'the function to cache must be a function, but got: an object',
    )
  })

  it('is refused: options of a call', async () => {
    const get = cached(new Map())(load)
    expect(() => get.with({ ttl: -1 })).to.throw(
      RangeError,
      'ttl must be a number of milliseconds, 0 or more, but got: -1',
    )
    expect(() => get.with({ signal: {} as any })).to.throw(
      TypeError,
      'signal must be an AbortSignal, but got: an object',
    )
    expect(() => get.with({ fresh: 'yes' as any })).to.throw(TypeError, 'fresh must be true or false, but got: "yes"')
    expect(() => get.with({ timeout: 1 } as any)).to.throw(
      TypeError,
      'an option of with must be one of signal, ttl, fresh, but got: "timeout"',
    )
    expect(() => get.with(undefined as any)).to.throw(
      TypeError,
      'the options of with must be an object, but got: undefined',
    )
    expect(() => get.close({ wait: 1 as any })).to.throw(TypeError, 'wait must be true or false, but got: 1')
    expect(() => get.set('a' as any, 'b')).to.throw(
      TypeError,
      'the first argument of set must be an array of arguments, but got: "a"',
    )
    expect(() => get.set(['a'], Promise.resolve('b') as any)).to.throw(
      TypeError,
      'value must be a value, and not the promise of one, but got: an object',
    )

    const cache = new Cache<string, string>(lru({ max: 1 }))
    expect(await rejection(cache.get('a', 'load' as any))).to.have.property(
      'message',
      'load must be a function, but got: "load"',
    )
    expect(await rejection(cache.get('a', load, { ttl: -1 }))).to.be.instanceOf(RangeError)
  })

  it('is told of when it is made: a promise from a function that was to return at once', () => {
    const parse = cachedSync(new Map())((_: string): unknown => Promise.reject(new Error('late')))

    expect(() => parse('a')).to.throw(
      TypeError,
      'what the function returns must be a value (use cached for a promise), but got: an object',
    )
    expect(parse.has('a')).to.equal(false)
  })
})

describe('a store that fails', () => {
  it('costs a call nothing but the load, and is told to onError', async () => {
    const errors: unknown[] = []
    const broken = new Error('broken')
    const fail = (): never => {
      throw broken
    }
    const get = cached({ get: fail, set: fail, delete: fail } as any, {
      onError: (error: unknown) => errors.push(error),
    })(load)

    expect(await get('a')).to.equal('a')
    expect(await get('a')).to.equal('a')
    expect(errors).to.include(broken)
    expect(get.stats().storeFailures).to.be.greaterThan(1)
    expect(() => get.invalidate('a')).to.throw('broken')
  })

  it('does not bring back what it failed to forget', async () => {
    const store = new Map()
    let loads = 0
    const get = cached(store)(async (_: string) => ++loads)
    await get('a')
    store.delete = () => {
      throw new Error('broken')
    }

    expect(() => get.invalidate('a')).to.throw('broken')
    expect(await get('a')).to.equal(2)
  })

  it('says what when and tags must give, and keeps nothing', async () => {
    const mistakes: [options: any, message: string][] = [
      [
        { when: async () => Promise.reject(new Error('never seen')) },
        'what when gives must be true or false, but got: ',
      ],
      [{ tags: new Tags().of(() => 5 as never) }, 'tags must be an array or another iterable, but got: 5'],
    ]
    for (const [options, message] of mistakes) {
      const errors: unknown[] = []
      const get = cached(new Map(), { ...options, onError: (error: unknown) => errors.push(error) })(load)

      expect(await get('a')).to.equal('a')
      expect(get.has('a')).to.equal(false)
      expect(errors).to.have.length(1)
      expect(errors[0]).to.be.instanceOf(TypeError).with.property('message').that.includes(message)
    }
  })

  it('refuses a key that is the promise of one, which no second call would ever have', async () => {
    const get = cached(new Map<any, unknown>(), async (id: string) => id)(load)

    expect(await rejection(get('a'))).to.have.property(
      'message',
      'what the key function gives must be a key, and not the promise of one, but got: an object',
    )
  })

  it('is a process warning where there is no onError', async () => {
    const warnings: Error[] = []
    const listen = (warning: Error): void => void warnings.push(warning)
    process.on('warning', listen)
    try {
      const store = new Map()
      store.set = () => {
        throw new Error('full')
      }
      const get = cached(store)(load)
      await get('a')
      await new Promise((resolve) => setImmediate(resolve))
    } finally {
      process.off('warning', listen)
    }

    expect(warnings.map((warning) => warning.name)).to.deep.equal(['PolycacheWarning'])
    expect(warnings[0]!.message).to.equal('a failure of load that no caller sees: full')
  })
})
