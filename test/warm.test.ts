import { expect } from 'chai'

import { Cache, cached, loadContext, lru, type Warmed, type WarmProgress } from '../src/index.ts'
import { deferred, type Deferred } from '../src/testing.ts'
import { AsyncMap } from './support/async-map.ts'
import { rejection } from './support/rejection.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const lists = (text: string): [id: string][] => Array.from(text, (id) => [id])

/** A function whose loads end when the test says so. */
function byHand(store: any = new Map()) {
  const gates = new Map<string, Deferred<string> & { signal: AbortSignal }>()
  const get = cached(store)((id: string) => {
    const gate = deferred<string>()
    gates.set(id, { ...gate, signal: loadContext().signal })
    return gate.promise
  })
  return { get, gates, running: () => [...gates.keys()].join('') }
}

describe('warm', () => {
  it('loads every argument list, so that later calls are hits', async () => {
    const get = cached(lru({ max: 10 }))(async (id: string, times: number) => id.repeat(times))

    const warmed = await get.warm([
      ['a', 1],
      ['b', 2],
    ])

    expect(warmed).to.deep.equal({ loaded: 2, hits: 0, failures: [] })
    get.resetStats()
    expect(await Promise.all([get('a', 1), get('b', 2)])).to.deep.equal(['a', 'bb'])
    expect(get.stats()).to.include({ hits: 2, loads: 0 })
  })

  for (const [kind, create] of [
    ['a Map', () => new Map()],
    ['an async store', () => new AsyncMap()],
  ] as const) {
    it(`tells what it has loaded from what was there, or was being loaded, in ${kind}`, async () => {
      const { get, gates } = byHand(create())
      const there = get('a')
      const running = get('b')
      await turn()
      gates.get('a')!.resolve('a')
      await there
      await turn()

      const warming = get.warm(lists('abcb'))
      await turn()
      gates.get('b')!.resolve('b')
      gates.get('c')!.resolve('c')

      expect(await warming).to.deep.equal({ loaded: 1, hits: 3, failures: [] })
      expect(await running).to.equal('b')
      expect(get.stats()).to.include({ hits: 1, misses: 3, joins: 2, loads: 3 })
    })
  }

  it('reports each failure, and goes on', async () => {
    const down = new Error('down')
    const get = cached(new Map())(async (id: string) => {
      if (id === 'b') throw down
      if (id === 'c') throw undefined
      return id
    })

    const warmed = await get.warm(lists('abcd'), { concurrency: 1 })

    expect(warmed).to.deep.equal({
      loaded: 2,
      hits: 0,
      failures: [
        { args: ['b'], error: down },
        { args: ['c'], error: undefined },
      ],
    })
    expect(warmed.failures[0]!.error).to.equal(down)
    expect([get.has('a'), get.has('b'), get.has('d')]).to.deep.equal([true, false, true])
  })

  it('reports arguments that have no key among the failures', async () => {
    const get = cached(new Map())(async (value: unknown) => value)

    const { loaded, failures } = await get.warm([[1], [Symbol('s')]])

    expect(loaded).to.equal(1)
    expect(failures[0]!.error).to.have.property('name', 'KeyError')
  })

  it('has 8 calls under way at a time', async () => {
    const { get, gates, running } = byHand()

    const warming = get.warm(lists('abcdefghijkl'))
    await turn()
    expect(running()).to.equal('abcdefgh')
    gates.get('c')!.resolve('')
    gates.get('f')!.reject(new Error('down'))
    await turn()
    expect(running()).to.equal('abcdefghij')
    for (const id of 'abdeghij') gates.get(id)!.resolve('')
    await turn()
    for (const id of 'kl') gates.get(id)!.resolve('')

    expect(await warming).to.include({ loaded: 11 })
  })

  it('has as many under way as concurrency says', async () => {
    for (const [concurrency, begun] of [
      [1, 'a'],
      [3, 'abc'],
      [9, 'abcd'],
    ] as const) {
      const { get, gates, running } = byHand()

      const warming = get.warm(lists('abcd'), { concurrency })
      await turn()
      expect(running()).to.equal(begun)
      for (const id of 'abcd') {
        await turn()
        gates.get(id)!.resolve('')
      }

      expect(await warming).to.include({ loaded: 4 })
    }
  })

  it('takes from a list no more than it has room for, and one', async () => {
    const { get, gates, running } = byHand()
    let taken = 0
    function* endless(): Generator<[string]> {
      for (;;) yield [`${taken++}`]
    }
    const controller = new AbortController()

    const warming = rejection(get.warm(endless(), { concurrency: 2, signal: controller.signal }))
    await turn()
    expect([taken, running()]).to.deep.equal([3, '01'])
    gates.get('0')!.resolve('')
    await turn()
    expect([taken, running()]).to.deep.equal([4, '012'])
    controller.abort(new Error('enough'))

    expect(String(await warming)).to.equal('Error: enough')
    await turn()
    expect(taken).to.equal(4)
  })

  it('takes any iterable, and any that comes in time', async () => {
    const get = cached(new Map())(async (id: string) => id)
    async function* rows(): AsyncGenerator<[string]> {
      yield ['a']
      await turn()
      yield ['b']
    }

    expect(await get.warm(new Set(lists('ab')))).to.include({ loaded: 2 })
    get.clear()
    expect(await get.warm(rows())).to.include({ loaded: 2 })
    expect(await get.warm(lists('ab').values())).to.include({ loaded: 0, hits: 2 })
    expect(await get.warm([])).to.deep.equal({ loaded: 0, hits: 0, failures: [] })
  })

  it('tells onProgress of each call that has ended', async () => {
    const get = cached(new Map())(async (id: string) => {
      if (id === 'b') throw new Error('down')
    })
    const seen: WarmProgress[] = []
    const onProgress = (progress: WarmProgress): unknown => seen.push(progress)

    await get.warm(lists('abc'), { onProgress, concurrency: 1 })
    await get.warm(new Set(lists('a')), { onProgress })
    await get.warm(lists('a').values(), { onProgress })

    expect(seen).to.deep.equal([
      { done: 1, failed: 0, total: 3 },
      { done: 2, failed: 1, total: 3 },
      { done: 3, failed: 1, total: 3 },
      { done: 1, failed: 0, total: 1 },
      { done: 1, failed: 0 },
    ])
  })

  it('ends with what onProgress throws, once the calls under way have ended', async () => {
    const { get, gates, running } = byHand()
    const mistake = new Error('a mistake in onProgress')
    let settled = false

    const warming = rejection(
      get.warm(lists('abcd'), {
        concurrency: 2,
        onProgress: () => {
          throw mistake
        },
      }),
    ).finally(() => (settled = true))
    await turn()
    gates.get('a')!.resolve('a')
    await turn()
    expect([running(), settled]).to.deep.equal(['ab', false])
    gates.get('b')!.reject(new Error('down'))

    expect(await warming).to.equal(mistake)
    expect(get.has('a')).to.equal(true)
  })

  it('ends with what onProgress throws at the last call', async () => {
    const mistake = new Error('a mistake in onProgress')
    const get = cached(new Map())(async (id: string) => id)

    const warming = get.warm(lists('a'), {
      onProgress: () => {
        throw mistake
      },
    })

    expect(await rejection(warming)).to.equal(mistake)
  })

  it('ends with what the list throws, once the calls under way have ended', async () => {
    const { get, gates } = byHand()
    const broken = new Error('the list broke')
    function* list(): Generator<[string]> {
      yield ['a']
      throw broken
    }
    let settled = false

    const warming = rejection(get.warm(list())).finally(() => (settled = true))
    await turn()
    expect(settled).to.equal(false)
    gates.get('a')!.resolve('a')

    expect(await warming).to.equal(broken)
    expect(get.has('a')).to.equal(true)
  })

  it('lets go of the list when it ends early', async () => {
    const get = cached(new Map())(async (id: string) => id)
    let letGo = false
    function* list(): Generator<any> {
      try {
        yield ['a']
        yield 'b'
        yield ['c']
      } finally {
        letGo = true
      }
    }

    expect(await rejection(get.warm(list()))).to.include({
      name: 'TypeError',
      message: 'each item of argsList must be an array of arguments, but got: "b"',
    })
    expect([letGo, get.has('a'), get.has('c')]).to.deep.equal([true, true, false])
  })
})

describe('the signal of warm', () => {
  it('ends it at once, begins nothing more, and aborts what nobody else waits for', async () => {
    const { get, gates, running } = byHand()
    const controller = new AbortController()
    const reason = new Error('enough')

    const warming = rejection(get.warm(lists('abc'), { concurrency: 2, signal: controller.signal }))
    await turn()
    const alsoWaiting = get('b')
    controller.abort(reason)

    expect(await warming).to.equal(reason)
    await turn()
    expect(running()).to.equal('ab')
    expect([gates.get('a')!.signal.reason, gates.get('b')!.signal.aborted]).to.deep.equal([reason, false])
    gates.get('b')!.resolve('b')
    gates.get('a')!.resolve('a')
    expect(await alsoWaiting).to.equal('b')
    await turn()
    expect([get.has('a'), get.has('b')]).to.deep.equal([false, true])
  })

  it('ends it while the list keeps it waiting', async () => {
    const { get } = byHand()
    const controller = new AbortController()
    const never = deferred<IteratorResult<[string]>>()
    const list = { [Symbol.asyncIterator]: () => ({ next: () => never.promise }) }

    const warming = rejection(get.warm(list, { signal: controller.signal }))
    await turn()
    controller.abort('enough')

    expect(await warming).to.equal('enough')
    never.reject(new Error('too late to be heard of'))
    await turn()
  })

  it('that is aborted already starts nothing', async () => {
    const { get, running } = byHand()
    let asked = false
    function* list(): Generator<[string]> {
      asked = true
      yield ['a']
    }

    expect(await rejection(get.warm(list(), { signal: AbortSignal.abort('gone') }))).to.equal('gone')

    expect([running(), asked]).to.deep.equal(['', false])
  })

  it('is not listened to any longer once it has ended', async () => {
    const get = cached(new Map())(async (id: string) => id)
    const { signal } = new AbortController()
    const listeners = new Set<unknown>()
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (type: string, listener: any, options: any) => {
      listeners.add(listener)
      add(type, listener, options)
    }
    signal.removeEventListener = (type: string, listener: any) => {
      listeners.delete(listener)
      remove(type, listener)
    }

    const warming = get.warm(lists('ab'), { signal })
    expect(listeners.size).to.be.above(0)
    await warming

    expect(listeners.size).to.equal(0)
  })

  it('tells nobody of progress once it has fired', async () => {
    const { get } = byHand()
    const controller = new AbortController()
    const seen: unknown[] = []

    const warming = rejection(
      get.warm(lists('ab'), { signal: controller.signal, onProgress: (progress) => seen.push(progress) }),
    )
    await turn()
    controller.abort('gone')
    await warming
    await turn()

    expect(seen).to.deep.equal([])
  })
})

describe('warm of a function that is closed', () => {
  it('is refused', async () => {
    const { get } = byHand()
    await get.close()

    for (const list of [[], lists('a')]) {
      expect(await rejection(get.warm(list))).to.have.property('name', 'ClosedError')
    }
  })

  it('stops when it is closed on the way, and keeps what was loading', async () => {
    const store = new Map()
    const { get, gates, running } = byHand(store)

    const warming = rejection(get.warm(lists('abc'), { concurrency: 1 }))
    await turn()
    const closing = get.close()
    gates.get('a')!.resolve('a')

    expect(await warming).to.have.property('name', 'ClosedError')
    await closing
    expect([running(), store.size]).to.deep.equal(['a', 1])
  })
})

describe('wrong arguments of warm', () => {
  const get = cached(new Map())(async (id: string) => id)

  for (const [list, options, name, message] of [
    [undefined, undefined, 'TypeError', 'what to warm must be an array or another iterable, but got: undefined'],
    [{ a: 1 }, undefined, 'TypeError', 'what to warm must be an array or another iterable, but got: an object'],
    ['ab', undefined, 'TypeError', 'what to warm must be an array or another iterable, but got: "ab"'],
    [['a'], undefined, 'TypeError', 'each item of argsList must be an array of arguments, but got: "a"'],
    [[], { concurrency: 0 }, 'RangeError', 'concurrency must be a positive integer, but got: 0'],
    [[], { concurrency: NaN }, 'RangeError', 'concurrency must be a positive integer, but got: NaN'],
    [[], { concurrency: 1.5 }, 'RangeError', 'concurrency must be a positive integer, but got: 1.5'],
    [[], { concurrency: '8' }, 'TypeError', 'concurrency must be a positive integer, but got: "8"'],
    [[], { signal: {} }, 'TypeError', 'signal must be an AbortSignal, but got: an object'],
    [[], { onProgress: true }, 'TypeError', 'onProgress must be a function, but got: true'],
    [
      [],
      { progress: 1 },
      'TypeError',
      'an option of warm must be one of concurrency, signal, onProgress, but got: "progress"',
    ],
    [[], 8, 'TypeError', 'the options of warm must be an object, but got: 8'],
  ] as const) {
    it(`reject it: ${message}`, async () => {
      expect(await rejection(get.warm(list as never, options as never))).to.include({ name, message })
    })
  }
})

describe('warm of a Cache', () => {
  it('gets each key with the load', async () => {
    const cache = new Cache<string, string>(new Map())
    const down = new Error('down')
    await cache.get('a', async () => 'there')

    const warmed: Warmed<[key: string]> = await cache.warm(['a', 'b', 'c'], async (key) => {
      if (key === 'c') throw down
      return `page ${key}`
    })

    expect(warmed).to.deep.equal({ loaded: 1, hits: 1, failures: [{ args: ['c'], error: down }] })
    expect([cache.peek('a'), cache.peek('b')]).to.deep.equal(['there', 'page b'])
  })

  it('leaves by a signal, and is refused once it is closed', async () => {
    const cache = new Cache<string, string>(new Map())
    const controller = new AbortController()
    const load = (): Promise<string> => deferred<string>().promise

    const warming = rejection(cache.warm(['a'], load, { signal: controller.signal }))
    await turn()
    controller.abort('gone')
    expect(await warming).to.equal('gone')

    expect(await rejection(cache.warm(['a'], 1 as never))).to.have.property(
      'message',
      'load must be a function, but got: 1',
    )
    await cache.close({ wait: false })
    expect(await rejection(cache.warm(['a'], load))).to.have.property('name', 'ClosedError')
  })
})
