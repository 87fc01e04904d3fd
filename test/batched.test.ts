import { expect } from 'chai'
import sinon from 'sinon'

import { batched, MissingResultError } from '../src/batched.ts'
import { invalidates, loadContext, lru, Tags } from '../src/index.ts'
import { ManualClock } from '../src/testing.ts'
import { AsyncMap } from './support/async-map.ts'
import { byHand, turn } from './support/batches.ts'
import { rejection } from './support/rejection.ts'
import { timersLeft } from './support/timers.ts'

/** A function that answers at once, and the arguments of its batches. */
function recording(store: any = new Map(), options: object = {}) {
  const batches: string[][] = []
  const get = batched(
    store,
    (id: string) => id,
    options,
  )(async (ids) => {
    batches.push([...ids])
    return ids.map((id) => id.toUpperCase())
  })
  return { get, batches }
}

describe('a batched function', () => {
  it('loads with one call what is asked for together', async () => {
    const { get, batches } = recording()

    expect(await Promise.all([get('a'), get('b'), get('c')])).to.deep.equal(['A', 'B', 'C'])
    expect(batches).to.deep.equal([['a', 'b', 'c']])
  })

  it('loads nothing twice, and answers from the store what it has', async () => {
    const { get, batches } = recording()

    await Promise.all([get('a'), get('b'), get('a')])
    await Promise.all([get('b'), get('c')])

    expect(batches).to.deep.equal([['a', 'b'], ['c']])
    expect(get.stats()).to.include({ hits: 1, misses: 3, joins: 1, loads: 3, stores: 3, size: 3 })
  })

  it('takes into a batch what is asked for by those who hear of something at the same time', async () => {
    const { get, batches } = recording()
    const news = Promise.resolve()

    await Promise.all([
      get('a'),
      news.then(() => get('b')),
      (async () => {
        for (let turns = 0; turns < 5; turns++) await news
        return get('c')
      })(),
    ])

    expect(batches).to.deep.equal([['a', 'b', 'c']])
  })

  it('does not wait for the outside world', async () => {
    const { get, batches } = byHand()

    const first = get('a')
    await turn()
    const second = get('b')
    await turn()

    expect(batches.map(({ ids }) => ids)).to.deep.equal([['a'], ['b']])
    for (const batch of batches) batch.answer()
    expect(await Promise.all([first, second])).to.deep.equal(['a1', 'b2'])
  })

  it('joins a key that another batch is loading, and leaves it out of the next', async () => {
    const { get, batches } = byHand()

    const first = get('a')
    await turn()
    const [joiner, other] = [get('a'), get('b')]
    await turn()
    for (const batch of batches) batch.answer()

    expect(await Promise.all([first, joiner, other])).to.deep.equal(['a1', 'a1', 'b2'])
    expect(batches.map(({ ids }) => ids)).to.deep.equal([['a'], ['b']])
  })

  it('takes keys into one batch that an async store has been asked for together', async () => {
    const { get, batches } = recording(new AsyncMap())

    expect(await get.many(['a', 'b', 'a'])).to.deep.equal(['A', 'B', 'A'])
    await turn()
    expect(await get.many(['b', 'c', 'd'])).to.deep.equal(['B', 'C', 'D'])

    expect(batches).to.deep.equal([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })

  it('is given no more than one argument, whoever calls it', async () => {
    const seen: unknown[] = []
    const get = batched(new Map())(async (ids: readonly string[]) => {
      seen.push(ids)
      return ids
    })

    expect(await Promise.all(['a', 'b'].map(get))).to.deep.equal(['a', 'b'])
    expect(await Promise.all(['a', 'b'].map(get.with({ fresh: true })))).to.deep.equal(['a', 'b'])
    expect(seen).to.deep.equal([
      ['a', 'b'],
      ['a', 'b'],
    ])
    expect(['a', 'b', 'c'].map(get.has)).to.deep.equal([true, true, false])
    expect(['a', 'b'].map(get.peek)).to.deep.equal(['a', 'b'])
    expect(['a', 'b'].map(get.key)).to.deep.equal(['a', 'b'])
    expect(['a'].map(get.expire)).to.deep.equal([true])
    expect(await Promise.all(['b'].map(get.refresh))).to.deep.equal(['b'])
    expect(['a', 'b'].map(get.invalidate)).to.deep.equal([false, true])
  })

  it('takes arguments of any kind, by their structure', async () => {
    const batches: unknown[] = []
    const get = batched(lru({ max: 10 }))(async (refs: readonly { id: number }[]) => {
      batches.push(refs)
      return refs.map(({ id }) => id)
    })

    expect(await Promise.all([get({ id: 1 }), get({ id: 2 }), get({ id: 1 })])).to.deep.equal([1, 2, 1])
    expect(batches).to.deep.equal([[{ id: 1 }, { id: 2 }]])
    expect(get.has({ id: 2 })).to.equal(true)
  })

  it('takes null and undefined for arguments as any other', async () => {
    const get = batched(new Map())(async (args: readonly unknown[]) => args.map(String))

    expect(await get.many([null, undefined, 0])).to.deep.equal(['null', 'undefined', '0'])
  })

  it('can be asked what it was made of', () => {
    const store = new Map()
    const fetchUsers = async (ids: readonly string[]): Promise<string[]> => [...ids]
    const get = batched(store)(fetchUsers)

    expect(get).to.include({ name: 'fetchUsers', length: 1, load: fetchUsers, store })
    expect(batched(new Map(), { name: 'users' })(fetchUsers).name).to.equal('users')
  })

  it('has all options and controls of a cached function', async () => {
    const clock = new ManualClock()
    const gone: string[] = []
    const { get, batches } = recording(lru({ max: 2, onRemoval: (key, _, cause) => gone.push(`${key} ${cause}`) }), {
      ttl: (_: string, id: string) => (id === 'a' || id === 'b' ? 100 : 1_000),
      when: (value: string) => value !== 'X',
      clock,
    })

    await get.many(['a', 'b', 'x'])
    expect(get.has('x')).to.equal(false)
    clock.advance(99)
    expect(get.has('a')).to.equal(true)
    await get.with({ ttl: 500 })('c')
    clock.advance(1)
    expect([get.has('b'), get.has('c')]).to.deep.equal([false, true])
    void get.set(['d'], 'put in')
    expect(await get('d')).to.equal('put in')
    void get.expire('d')
    expect(await get('d')).to.equal('D')
    void get.clear()
    get.resetStats()
    expect(get.stats()).to.include({ size: 0, hits: 0 })

    expect(batches).to.deep.equal([['a', 'b', 'x'], ['c'], ['d']])
    expect(gone).to.include('a evicted')
  })

  it('shares a store with functions of other names', async () => {
    const store = lru({ max: 10 })
    const users = recording(store, { name: 'users' })
    const orgs = recording(store, { name: 'orgs' })

    await Promise.all([users.get('a'), orgs.get('a'), orgs.get('b')])
    void users.get.clear()

    expect([users.get.has('a'), orgs.get.has('a')]).to.deep.equal([false, true])
    expect([users.batches, orgs.batches]).to.deep.equal([[['a']], [['a', 'b']]])
  })

  it('warms a batch at a time', async () => {
    const { get, batches } = recording(new Map(), { maxBatchSize: 2 })
    await get('b')

    const warmed = await get.warm([['a'], ['b'], ['c'], ['d']])

    expect(warmed).to.deep.equal({ loaded: 3, hits: 1, failures: [] })
    expect(batches.flat()).to.deep.equal(['b', 'a', 'c', 'd'])
    expect(Math.max(...batches.map(({ length }) => length))).to.equal(2)
  })

  it('warms with one batch what has room in one', async () => {
    const { get, batches } = recording()
    const ids = Array.from({ length: 100 }, (_, index) => `${index}`)

    await get.warm(ids.map((id) => [id] as [string]))
    void get.clear()
    await get.warm(
      ids.map((id) => [id] as [string]),
      { concurrency: 50 },
    )

    expect(batches.map(({ length }) => length)).to.deep.equal([100, 50, 50])
  })
})

describe('a batch', () => {
  it('is never larger than maxBatchSize', async () => {
    const { get, batches } = recording(new Map(), { maxBatchSize: 2 })

    expect(await get.many([...'abcde'])).to.deep.equal([...'ABCDE'])

    expect(batches).to.deep.equal([['a', 'b'], ['c', 'd'], ['e']])
  })

  it('waits for its window, from its first argument on', async () => {
    const timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { get, batches } = recording(new Map(), { window: 10 })

      const first = get('a')
      await turn()
      timers.tick(6)
      const second = get('b')
      await turn()
      timers.tick(3)
      expect(batches).to.deep.equal([])
      timers.tick(1)

      expect(await Promise.all([first, second])).to.deep.equal(['A', 'B'])
      expect(batches).to.deep.equal([['a', 'b']])
    } finally {
      timers.restore()
    }
  })

  it('does not wait for its window once it is full, and leaves no timer', async () => {
    const timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { get, batches } = recording(new Map(), { window: 10, maxBatchSize: 2, clock: new ManualClock() })

      const answers = Promise.all([get('a'), get('b'), get('c')])
      await turn()
      expect(batches).to.deep.equal([['a', 'b']])
      expect(timersLeft(timers, 10)).to.equal(1)
      timers.tick(10)

      expect(await answers).to.deep.equal(['A', 'B', 'C'])
      expect(batches).to.deep.equal([['a', 'b'], ['c']])
      expect(timersLeft(timers, 10)).to.equal(0)
    } finally {
      timers.restore()
    }
  })

  it('goes when schedule says so, and once', async () => {
    const dispatches: (() => void)[] = []
    const { get, batches } = recording(new Map(), { schedule: (dispatch: () => void) => dispatches.push(dispatch) })

    const first = get('a')
    await turn()
    const second = get('b')
    await turn()
    expect([batches, dispatches.length]).to.deep.equal([[], 1])
    dispatches[0]!()
    expect(await Promise.all([first, second])).to.deep.equal(['A', 'B'])
    dispatches[0]!()

    const third = get('c')
    dispatches[0]!()
    await turn()
    expect([batches, dispatches.length]).to.deep.equal([[['a', 'b']], 2])
    dispatches[1]!()
    expect(await third).to.equal('C')
    expect(batches).to.deep.equal([['a', 'b'], ['c']])
  })

  it('takes all that is asked for together even where schedule lets it go at once', async () => {
    const { get, batches } = recording(new Map(), { schedule: (dispatch: () => void) => dispatch() })

    expect(await get.many(['a', 'b'])).to.deep.equal(['A', 'B'])
    expect(batches).to.deep.equal([['a', 'b']])
  })

  it('keeps nobody waiting where schedule throws', async () => {
    const down = new Error('no schedule')
    const { get, batches } = recording(new Map(), {
      schedule: () => {
        throw down
      },
    })

    const [first, second] = [get('a'), get('b')]

    expect(await rejection(first)).to.equal(down)
    expect(await second).to.equal('B')
    expect(batches).to.deep.equal([['b']])
  })
})

describe('what a load of many gives', () => {
  async function given(results: unknown, ids = ['a', 'b', 'c']): Promise<unknown[]> {
    return batched(new Map())(async (_: readonly string[]) => results as string[]).many(ids)
  }

  it('may be an array, in the order of the arguments', async () => {
    expect(await given([1, undefined, null])).to.deep.equal([1, undefined, null])
  })

  it('may be an array that is there at once', async () => {
    const get = batched(new Map())((ids: readonly string[]) => ids.map((id) => id.length))

    expect(await get('abc')).to.equal(3)
  })

  it('may be a Map by key, in any order', async () => {
    const get = batched(
      new Map(),
      (user: { id: string }) => user.id,
    )(
      async (users) =>
        new Map(
          [{ id: 'x' }, ...users].toReversed().map(({ id }) => [id, id === 'b' ? new Error('no b') : `user ${id}`]),
        ),
    )

    const [a, b, c] = await get.many([{ id: 'a' }, { id: 'b' }, { id: 'c' }])

    expect([a, c]).to.deep.equal(['user a', 'user c'])
    expect(b).to.be.an('error').with.property('message', 'no b')
  })

  it('may have an error for one key, which is not kept, and costs the others nothing', async () => {
    let error: Error | undefined = new Error('no b')
    const get = batched(new Map())(async (ids: readonly string[]) => ids.map((id) => (id === 'b' && error) || id))

    const answers = [get('a'), get('b'), get('b')]

    expect(await answers[0]).to.equal('a')
    expect(await rejection(answers[1]!)).to.equal(error)
    expect(await rejection(answers[2]!)).to.equal(error)
    expect([get.has('a'), get.has('b')]).to.deep.equal([true, false])
    expect(get.stats()).to.include({ loads: 2, loadFailures: 1, joins: 1 })
    error = undefined
    expect(await get('b')).to.equal('b')
  })

  it('keeps undefined as a value, and takes no result for an error of that key alone', async () => {
    const sparse = ['A', undefined]
    sparse.length = 3
    const [a, b, c] = await given(sparse)
    expect([a, b]).to.deep.equal(['A', undefined])
    expect(c).to.be.an.instanceof(MissingResultError).with.property('key', 'c')

    const [d, e] = await given(new Map([['d', undefined]]), ['d', 'e'])
    expect(d).to.equal(undefined)
    expect(e).to.be.an.instanceof(MissingResultError)
    expect(e).to.include({
      name: 'MissingResultError',
      message: 'loadMany gave no result for this key; where there is none, give undefined or null',
      key: 'e',
    })
  })

  for (const [what, results, name, message] of [
    [
      'too short',
      ['A'],
      'RangeError',
      'the length of what loadMany gives must be 3, with one result for each argument, but got: 1',
    ],
    [
      'too long',
      [1, 2, 3, 4],
      'RangeError',
      'the length of what loadMany gives must be 3, with one result for each argument, but got: 4',
    ],
    [
      'an object',
      { a: 1 },
      'TypeError',
      'what loadMany gives must be an array of results, or a Map of them by key, but got: an object',
    ],
    [
      'undefined',
      undefined,
      'TypeError',
      'what loadMany gives must be an array of results, or a Map of them by key, but got: undefined',
    ],
    [
      'a string',
      'abc',
      'TypeError',
      'what loadMany gives must be an array of results, or a Map of them by key, but got: "abc"',
    ],
  ] as const) {
    it(`is refused if it is ${what}`, async () => {
      const errors = await given(results)

      expect(errors[0]).to.include({ name, message })
      expect(new Set(errors).size, 'one error for all').to.equal(1)
    })
  }

  for (const [how, load] of [
    [
      'rejects',
      async (error: Error) => {
        throw error
      },
    ],
    [
      'throws',
      (error: Error) => {
        throw error
      },
    ],
  ] as const) {
    it(`is the error of all keys where it ${how}, and nothing is kept`, async () => {
      const error = new Error('down')
      const get = batched(new Map())((_: readonly string[]): Promise<string[]> => load(error))

      const answers = [get('a'), get('b'), get('b')]

      for (const answer of answers) expect(await rejection(answer)).to.equal(error)
      expect(get.stats()).to.include({ misses: 2, joins: 1, loadFailures: 2, stores: 0, size: 0 })
    })
  }
})

describe('many', () => {
  it('gives the answers in the order of the arguments, twice where an argument comes twice', async () => {
    const { get, batches } = recording()
    await get('b')

    expect(await get.many(['c', 'b', 'c', 'a'])).to.deep.equal(['C', 'B', 'C', 'A'])
    expect(await get.many(new Set(['a', 'd']))).to.deep.equal(['A', 'D'])
    expect(await get.many([])).to.deep.equal([])
    expect(batches).to.deep.equal([['b'], ['c', 'a'], ['d']])
  })

  it('has an error in the place of a key that failed, and an error for what was thrown and is none', async () => {
    const get = batched(new Map(), (id: string) => {
      if (id === '') throw new TypeError('no id')
      return id
    })(async (ids): Promise<(string | Error)[]> => {
      if (ids.includes('worse')) throw 'no error'
      return ids.map((id) => (id === 'bad' ? new Error('bad') : id))
    })

    const [good, bad, unnamed] = await get.many(['good', 'bad', ''])
    const [worse] = await get.many(['worse'])

    expect(good).to.equal('good')
    expect(bad).to.be.an('error').with.property('message', 'bad')
    expect(unnamed).to.be.an.instanceof(TypeError)
    expect(worse).to.be.an('error').with.property('cause', 'no error')
  })

  it('refuses what is no list', async () => {
    const { get } = recording()

    for (const [list, shown] of [
      ['ab', '"ab"'],
      [undefined, 'undefined'],
      [{ a: 1 }, 'an object'],
    ] as const) {
      expect(await rejection(get.many(list as never))).to.include({
        name: 'TypeError',
        message: `what many is given must be an array or another iterable, but got: ${shown}`,
      })
    }
  })

  it('leaves as a whole', async () => {
    const { get, batches } = byHand()
    const controller = new AbortController()
    const reason = new Error('gone')

    const leaving = get.with({ signal: controller.signal }).many(['a', 'b'])
    const staying = get('b')
    await turn()
    controller.abort(reason)

    expect(await rejection(leaving)).to.equal(reason)
    batches[0]!.answer()
    expect(await staying).to.equal('b1')
    expect(await rejection(get.with({ signal: controller.signal }).many([]))).to.equal(reason)
  })

  it('loads all anew if it is asked to', async () => {
    const { get, batches } = recording()
    await get.many(['a', 'b'])

    expect(await get.with({ fresh: true }).many(['a', 'b'])).to.deep.equal(['A', 'B'])

    expect(batches).to.deep.equal([
      ['a', 'b'],
      ['a', 'b'],
    ])
  })
})

describe('the options of batched', () => {
  const load = async (ids: readonly string[]): Promise<readonly string[]> => ids

  for (const [options, name, message] of [
    [{ maxBatchSize: 0 }, 'RangeError', 'maxBatchSize must be a positive integer, but got: 0'],
    [{ maxBatchSize: Infinity }, 'RangeError', 'maxBatchSize must be a positive integer, but got: Infinity'],
    [{ maxBatchSize: '9' }, 'TypeError', 'maxBatchSize must be a positive integer, but got: "9"'],
    [{ window: -1 }, 'RangeError', 'window must be a finite number of milliseconds, 0 or more, but got: -1'],
    [
      { window: Infinity },
      'RangeError',
      'window must be a finite number of milliseconds, 0 or more, but got: Infinity',
    ],
    [{ window: 2 ** 31 }, 'RangeError', 'window must be at most 2147483647 milliseconds, but got: 2147483648'],
    [{ schedule: 5 }, 'TypeError', 'schedule must be a function, but got: 5'],
    [{ schedule: () => {}, window: 5 }, 'TypeError', 'window must be left out where schedule is given, but got: 5'],
    [{ ttl: -1 }, 'RangeError', 'ttl must be a number of milliseconds, 0 or more, but got: -1'],
    [{ maxBatch: 1 }, 'TypeError', 'an option of batched must be one of '],
  ] as const) {
    it(`are refused when the function is made: ${message}`, () => {
      expect(() => batched(new Map(), options as object))
        .to.throw(message)
        .with.property('name', name)
      expect(() => batched(new Map(), (id: string) => id, options as object)).to.throw(message)
    })
  }

  it('are refused with a wrong store, key function or load of many', () => {
    expect(() => batched({} as never)).to.throw('store.get must be a function, but got: undefined')
    expect(() => batched(new Map(), { key: 1 } as never)).to.throw('key must be a function, but got: 1')
    expect(() => batched(new Map())(1 as never)).to.throw('loadMany must be a function, but got: 1')
    expect(() => batched(new Map(), 1 as never)).to.throw('the options of batched must be an object, but got: 1')
  })

  it('leave the store free where they are refused', () => {
    const store = new Map()

    expect(() => batched(store, { window: -1 })).to.throw('window')

    batched(store)(load)
  })
})

describe('a load of many', () => {
  it('says of all its results what it says by loadContext', async () => {
    const clock = new ManualClock()
    const tags = new Tags()
    const get = batched(lru<any, number>({ max: 10 }), { clock, tags })(async (ids: readonly number[]) => {
      const context = loadContext()
      context.setTtl(50)
      context.addTags('all')
      return [...ids]
    })
    await get.many([1, 2])
    expect(get.has(1)).to.equal(true)

    tags.invalidate('all')
    expect([get.has(1), get.has(2)]).to.deep.equal([false, false])
    await get.many([1, 2])
    clock.advance(50)
    expect([get.has(1), get.has(2)]).to.deep.equal([false, false])
  })

  it('keeps none of its results where it says so', async () => {
    const get = batched(new Map())(async (ids: readonly string[]) => {
      loadContext().skipStore()
      return ids
    })

    expect(await get.many(['a', 'b'])).to.deep.equal(['a', 'b'])
    expect([get.has('a'), get.has('b')]).to.deep.equal([false, false])
  })

  it('is refused at once if it gives tags where the function has none', async () => {
    let went = false
    const get = batched(new Map())(async (ids: readonly string[]) => {
      loadContext().addTags('all')
      went = true
      return ids
    })

    const [error] = await get.many(['a'])
    expect(error).to.have.property(
      'message',
      'tags must be given as an option where a load adds some, but got: undefined',
    )
    expect(went).to.equal(false)
  })

  it('knows whether all that it does is a refresh behind old values, and serves these where it fails', async () => {
    const clock = new ManualClock()
    const seen: unknown[] = []
    let down = false
    const options = { ttl: 10, staleWhileRevalidate: 50, staleIfError: 500, clock }
    const get = batched(
      new Map(),
      options,
    )(async (ids: readonly string[]) => {
      const { background, staleValue } = loadContext()
      seen.push([...ids, background, staleValue])
      if (down) throw new Error('down')
      return ids.map((id) => `${id}${seen.length}`)
    })
    await get.many(['a', 'b'])
    clock.advance(10)

    expect(await get.many(['a', 'b'])).to.deep.equal(['a1', 'b1'])
    await turn()
    expect(await get.many(['a', 'b'])).to.deep.equal(['a2', 'b2'])
    clock.advance(100)
    down = true
    expect(await get.many(['a', 'c']).then(String)).to.equal('a2,Error: down')

    expect(seen).to.deep.equal([
      ['a', 'b', false, undefined],
      ['a', 'b', true, undefined],
      ['a', 'c', false, undefined],
    ])
    expect(get.stats()).to.include({ hits: 2, staleHits: 2 })
  })

  it('is invalidated by a mutation as any function is', async () => {
    let version = 1
    const get = batched(lru<any, string>({ max: 10 }))(async (ids: readonly string[]) => ids.map((id) => id + version))
    const change = invalidates(get, (id: string) => [id])(async (_id: string) => void version++)
    await get.many(['a', 'b'])

    await change('a')

    expect(await get.many(['a', 'b'])).to.deep.equal(['a2', 'b1'])
  })
})
