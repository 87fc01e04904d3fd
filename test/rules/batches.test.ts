import { AsyncLocalStorage } from 'node:async_hooks'

import { expect } from 'chai'
import sinon from 'sinon'

import { batched, type Batched } from '../../src/batched.ts'
import { cached, loadContext, lru, type LoadContext } from '../../src/index.ts'
import { deferred, ManualClock } from '../../src/testing.ts'
import { AsyncMap } from '../support/async-map.ts'
import { byHand, turn } from '../support/batches.ts'
import { rejection } from '../support/rejection.ts'
import { timersLeft } from '../support/timers.ts'

type Get = Batched<string, string, any>

const stores = [
  ['a Map', () => new Map()],
  ['lru', () => lru({ max: 9 })],
  ['an async store', () => new AsyncMap()],
] as const

const forgetting: Record<string, (get: Get) => unknown> = {
  invalidate: (get) => get.invalidate('a'),
  expire: (get) => get.expire('a'),
  clear: (get) => get.clear(),
}

for (const [kind, create] of stores) {
  for (const [name, forget] of Object.entries(forgetting)) {
    describe(`${name} over ${kind}`, () => {
      it('keeps a batch that runs from writing this key, and gives its callers their value', async () => {
        const { get, batches } = byHand(create())
        const before = get.many(['a', 'b'])
        await turn()

        await forget(get)
        const after = get('a')
        await turn()
        batches[1]!.answer()
        expect(await after).to.equal('a2')
        batches[0]!.answer()

        expect(await before).to.deep.equal(['a1', 'b1'])
        await turn()
        expect(await get.peek('a')).to.equal('a2')
        expect(await get.peek('b')).to.equal(name === 'clear' ? undefined : 'b1')
      })

      it('lets the late failure of a batch change nothing of a newer load', async () => {
        const { get, batches } = byHand(create())
        const before = get.many(['a', 'b'])
        await turn()

        await forget(get)
        const after = get('a')
        await turn()
        batches[0]!.reject(new Error('late'))
        expect((await before).map(String)).to.deep.equal(['Error: late', 'Error: late'])
        const joiner = get('a')
        await turn()
        batches[1]!.answer()

        expect(await Promise.all([after, joiner])).to.deep.equal(['a2', 'a2'])
        expect(batches).to.have.length(2)
        await turn()
        expect(await get.peek('a')).to.equal('a2')
      })
    })
  }
}

describe('between the call and its batch', () => {
  for (const [name, forget] of Object.entries(forgetting)) {
    it(`${name} lets one batch answer the calls before and after it, and asks for the key once`, async () => {
      const { get, batches } = byHand()

      const before = get('a')
      forget(get)
      const [other, after] = [get('b'), get('a')]
      await turn()
      batches[0]!.answer()

      expect(await Promise.all([before, other, after])).to.deep.equal(['a1', 'b1', 'a1'])
      expect(batches.map(({ ids }) => ids)).to.deep.equal([['a', 'b']])
      expect(get.peek('a')).to.equal('a1')
      expect(get.stats()).to.include({ misses: 3, loads: 3, joins: 0 })
    })
  }

  it('set wins, and the callers who came before it get what is loaded', async () => {
    const { get, batches } = byHand()

    const before = get('a')
    void get.set(['a'], 'put in')
    expect(await get('a')).to.equal('put in')
    await turn()
    batches[0]!.answer()

    expect(await before).to.equal('a1')
    expect(get.peek('a')).to.equal('put in')
  })

  it('a failure of the batch is kept by nobody', async () => {
    const { get, batches } = byHand()

    const before = get('a')
    void get.invalidate('a')
    const after = get('a')
    await turn()
    batches[0]!.reject(new Error('down'))

    expect(String(await rejection(before))).to.equal('Error: down')
    expect(String(await rejection(after))).to.equal('Error: down')
    const again = get('a')
    await turn()
    batches[1]!.answer()
    expect(await again).to.equal('a2')
  })
})

describe('a caller who leaves', () => {
  const leaver = (): [AbortController, AbortSignal] => {
    const controller = new AbortController()
    return [controller, controller.signal]
  }

  it('before its batch goes takes its key out of it', async () => {
    const { get, batches } = byHand()
    const [controller, signal] = leaver()

    const leaving = rejection(get.with({ signal })('a'))
    const staying = get('b')
    controller.abort(new Error('gone'))
    await turn()

    expect(String(await leaving)).to.equal('Error: gone')
    expect(batches[0]!.ids).to.deep.equal(['b'])
    batches[0]!.answer()
    expect(await staying).to.equal('b1')
    expect([get.has('a'), get.has('b')]).to.deep.equal([false, true])
  })

  it('before its batch goes leaves the key to those who stay', async () => {
    const { get, batches } = byHand()
    const [controller, signal] = leaver()

    const leaving = rejection(get.with({ signal })('a'))
    const staying = get('a')
    controller.abort(new Error('gone'))
    await turn()
    batches[0]!.answer()

    expect(String(await leaving)).to.equal('Error: gone')
    expect(await staying).to.equal('a1')
  })

  it('as the last before its batch goes lets it not go at all', async () => {
    const { get, batches } = byHand()
    const [controller, signal] = leaver()

    const leaving = rejection(get.with({ signal }).many(['a', 'b']))
    controller.abort('gone')
    await turn()

    expect(await leaving).to.equal('gone')
    expect(batches).to.deep.equal([])
    expect(get.stats()).to.include({ loads: 2, loadFailures: 2 })
    const next = get('a')
    await turn()
    batches[0]!.answer()
    expect(await next).to.equal('a1')
  })

  it('fires nothing while somebody waits who came before an invalidation, to whom the batch is due too', async () => {
    const { get, batches } = byHand()
    const [controller, signal] = leaver()

    const staying = get('a')
    void get.invalidate('a')
    const leaving = rejection(get.with({ signal })('a'))
    await turn()
    controller.abort(new Error('gone'))
    batches[0]!.answer()

    expect(String(await leaving)).to.equal('Error: gone')
    expect(batches[0]!.signal.aborted).to.equal(false)
    expect(await staying).to.equal('a1')
  })

  it('and comes back in the same tick is loaded for once', async () => {
    const { get, batches } = byHand()
    const [controller, signal] = leaver()

    const leaving = rejection(get.with({ signal })('a'))
    controller.abort(new Error('gone'))
    const back = get('a')
    await turn()
    batches[0]!.answer()

    expect(String(await leaving)).to.equal('Error: gone')
    expect(await back).to.equal('a1')
    expect(batches.map(({ ids }) => ids)).to.deep.equal([['a']])
    expect(get.peek('a')).to.equal('a1')
  })

  it('fires the signal of the batch when it is the last of all its keys', async () => {
    const { get, batches } = byHand()
    const [first, firstSignal] = leaver()
    const [second, secondSignal] = leaver()
    const reason = new Error('gone too')

    const leaving = [get.with({ signal: firstSignal })('a'), get.with({ signal: secondSignal })('b')].map(rejection)
    await turn()
    first.abort(new Error('gone'))
    expect(batches[0]!.signal.aborted).to.equal(false)
    second.abort(reason)

    expect(batches[0]!.signal.reason).to.equal(reason)
    expect((await Promise.all(leaving)).map(String)).to.deep.equal(['Error: gone', 'Error: gone too'])
    const next = get('b')
    await turn()
    batches[1]!.answer()
    batches[0]!.answer()
    expect(await next).to.equal('b2')
    await turn()
    expect([get.peek('a'), get.peek('b')]).to.deep.equal([undefined, 'b2'])
  })

  it('is heard of by a load of many that asks for its signal late', async () => {
    const [first, firstSignal] = leaver()
    const [second, secondSignal] = leaver()
    const gate = deferred<string[]>()
    let context: LoadContext | undefined
    const get = batched(new Map())((_: readonly string[]) => {
      context = loadContext()
      return gate.promise
    })

    const leaving = [get.with({ signal: firstSignal })('a'), get.with({ signal: secondSignal })('b')].map(rejection)
    await turn()
    first.abort('gone')
    expect(context!.signal.aborted).to.equal(false)
    second.abort('gone too')
    expect(context!.signal.reason).to.equal('gone too')

    expect(await Promise.all(leaving)).to.deep.equal(['gone', 'gone too'])
    const third = rejection(get.with({ signal: AbortSignal.timeout(1) })('a'))
    expect(await third).to.have.property('name', 'TimeoutError')
    expect(context!.signal.reason).to.have.property('name', 'TimeoutError')
    gate.resolve(['late', 'late'])
  })

  it('fires nothing while somebody waits for any of the keys who cannot leave', async () => {
    const { get, batches } = byHand()
    const [controller, signal] = leaver()

    const leaving = rejection(get.with({ signal })('a'))
    const staying = get('b')
    await turn()
    controller.abort(new Error('gone'))
    batches[0]!.answer()

    expect(batches[0]!.signal.aborted).to.equal(false)
    expect(String(await leaving)).to.equal('Error: gone')
    expect(await staying).to.equal('b1')
    expect(get.has('a')).to.equal(false)
  })
})

describe('close', () => {
  it('lets the batch that still waits go at once, and keeps what it gives', async () => {
    const timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const store = new Map()
      const { get, batches } = byHand(store, { window: 1_000, clock: new ManualClock() })
      const waiting = get('a')
      let closed = false

      const closing = get.close().then(() => (closed = true))
      expect(await rejection(get('b'))).to.include({ name: 'ClosedError', key: 'b' })
      expect(await rejection(get.many(['a', 'b']))).to.have.property('name', 'ClosedError')
      await turn()
      expect([batches.length, timersLeft(timers, 1_000), closed]).to.deep.equal([1, 0, false])
      batches[0]!.answer()
      await closing

      expect(await waiting).to.equal('a1')
      expect(store.size).to.equal(1)
    } finally {
      timers.restore()
    }
  })

  it('lets a batch go that only schedule could have let go', async () => {
    const { get, batches } = byHand(new Map(), { schedule: () => {} })
    const waiting = get('a')

    const closing = get[Symbol.asyncDispose]()
    await turn()
    batches[0]!.answer()

    expect(await waiting).to.equal('a1')
    await closing
  })

  it('begins no batch when it is not to wait', async () => {
    for (const options of [{}, { window: 1_000 }, { schedule: () => {} }]) {
      const { get, batches } = byHand(new Map(), options)
      const waiting = rejection(get('a'))

      await get.close({ wait: false })

      expect(await waiting).to.have.property('name', 'ClosedError')
      expect(batches).to.deep.equal([])
    }
  })

  it('fires the signal of a batch that runs when it is not to wait, and keeps nothing', async () => {
    const store = new Map()
    const { get, batches } = byHand(store)
    const waiting = get.many(['a', 'b'])
    await turn()

    await get.close({ wait: false })

    expect(batches[0]!.signal.reason).to.have.property('name', 'ClosedError')
    batches[0]!.answer()
    expect(await waiting).to.deep.equal(['a1', 'b1'])
    expect(store.size).to.equal(0)
  })

  for (const wait of [true, false]) {
    it(`settles calls for which an async store is still being read, ${wait ? '' : 'not '}waiting for their loads`, async () => {
      const { get, batches } = byHand(new AsyncMap(), { window: 60_000 })
      const waiting = get('a').catch((error: Error) => error.name)

      const closing = get.close({ wait })
      await turn()
      if (wait) batches[0]!.answer()

      expect(await waiting).to.equal(wait ? 'a1' : 'ClosedError')
      await closing
      expect(batches).to.have.length(wait ? 1 : 0)
    })
  }

  it('refuses wrong options, and stays open', async () => {
    const { get, batches } = byHand()

    expect(() => get.close({ wait: 1 } as never)).to.throw('wait must be true or false, but got: 1')

    const waiting = get('a')
    await turn()
    batches[0]!.answer()
    expect(await waiting).to.equal('a1')
  })
})

for (const [kind, create] of stores) {
  describe(`a load of many over ${kind} that calls its own function`, () => {
    function reentrant(again: (get: Get, ids: readonly string[]) => Promise<string>): Get {
      const get: Get = batched(
        create() as any,
        (id: string) => id,
      )(async (ids: readonly string[]) => {
        if (ids.includes('other')) return ids.map((id) => `${id}!`)
        const value = await again(get, ids)
        return ids.map(() => value)
      })
      return get
    }
    const ways: Record<string, (get: Get, ids: readonly string[]) => Promise<string>> = {
      'at once': (get, ids) => get(ids[0]!),
      'after an await': async (get, ids) => {
        await null
        return get(ids[1]!)
      },
      'after a timer': async (get, ids) => {
        await new Promise((resolve) => setTimeout(resolve, 1))
        return await get(ids[1]!)
      },
      'by many': async (get, ids) => {
        await null
        const [first] = await get.many([ids[1]!])
        if (first instanceof Error) throw first
        return first!
      },
      'by refresh': async (get, ids) => {
        await null
        return get.refresh(ids[1]!)
      },
      'by with and a signal': async (get, ids) => {
        await null
        return get.with({ signal: new AbortController().signal })(ids[1]!)
      },
      'after it has invalidated itself': async (get, ids) => {
        await null
        await get.invalidate(ids[1]!)
        return get(ids[1]!)
      },
    }
    for (const [way, again] of Object.entries(ways)) {
      it(`with one of its own keys is refused ${way}`, async () => {
        const get = reentrant(again)

        const [first, second] = await Promise.all([rejection(get('a')), rejection(get('b'))])

        expect(first).to.include({ name: 'ReentrantLoadError', key: way === 'at once' ? 'a' : 'b' })
        expect(second).to.equal(first)
      })
    }

    it('with another key gets that in a batch of its own', async () => {
      const get = reentrant((itself) => itself('other'))

      expect(await get.many(['a', 'b'])).to.deep.equal(['other!', 'other!'])
    })

    // Over an async store it would have to wait for the store, and is taken for one who waits for the load.
    if (kind !== 'an async store') {
      it('may read one of its own keys that it has put in', async () => {
        const get = reentrant(async (itself, ids) => {
          await itself.set([ids[1]!], 'put in')
          return itself(ids[1]!)
        })

        expect(await get.many(['a', 'b'])).to.deep.equal(['put in', 'put in'])
      })
    }

    it('is joined by callers from outside, who are not inside it', async () => {
      const { get, batches } = byHand(create())
      const first = get('a')
      await turn()

      const joiners = [get('a'), turn().then(() => get('a'))]
      await turn()
      await turn()
      batches[0]!.answer()

      expect(await Promise.all([first, ...joiners])).to.deep.equal(['a1', 'a1', 'a1'])
    })
  })
}

describe('a load of many that was begun twice, before and after an invalidation', () => {
  it('is inside both', async () => {
    const get: Get = batched(
      new Map(),
      (id: string) => id,
    )(async (ids: readonly string[]) => {
      await null
      return [await get.refresh(ids[0]!)]
    })

    const before = get('a')
    void get.invalidate('a')
    const after = get('a')

    expect(await rejection(before)).to.have.property('name', 'ReentrantLoadError')
    expect(await rejection(after)).to.have.property('name', 'ReentrantLoadError')
  })
})

describe('a load of many that calls another function with which it shares its keys', () => {
  it('is refused with a key of its own', async () => {
    const store = new Map()
    const options = { name: 'users', shareKeys: true }
    const one = cached(store, options)(async (id: string) => `one ${id}`)
    const many = batched(
      store,
      options,
    )(async (ids: readonly string[]) => {
      await null
      return Promise.all(ids.map((id) => one(id)))
    })

    const [first] = await many.many(['a', 'b'])

    expect(first).to.have.property('name', 'ReentrantLoadError')
    expect(await one('a')).to.equal('one a')
    expect(await many('a')).to.equal('one a')
  })
})

describe('the async context of a load of many', () => {
  const request = new AsyncLocalStorage<string>()
  const load = async (ids: readonly string[]): Promise<(string | undefined)[]> => {
    const before = request.getStore()
    await null
    return ids.map(() => (before === request.getStore() ? before : 'another'))
  }

  for (const [kind, create] of stores) {
    it(`is that of the caller who began it, or that in which the function was made, over ${kind}`, async () => {
      for (const options of [{}, { window: 1 }, { maxBatchSize: 2 }]) {
        const get = request.run('maker', () => batched(create() as any, options)(load))
        const isolated = request.run('maker', () => batched(create() as any, { context: 'isolated', ...options })(load))
        const call = (get_: typeof get): Promise<unknown[]> =>
          Promise.all([request.run('first', () => get_('a')), request.run('second', () => get_('b'))])

        expect(await call(get)).to.deep.equal(['first', 'first'])
        expect(await call(isolated)).to.deep.equal(['maker', 'maker'])
      }
    })
  }

  it('is so whoever lets the batch go', async () => {
    const dispatches: (() => void)[] = []
    const get = batched(new Map(), { schedule: (dispatch) => dispatches.push(dispatch) })(load)

    const answer = request.run('first', () => get('a'))
    request.run('scheduler', () => dispatches[0]!())

    expect(await answer).to.equal('first')
  })

  it('leaves to each caller its own', async () => {
    const get = batched(new Map())(load)

    const seen = ['first', 'second'].map((name) =>
      request.run(name, async () => {
        await get(name)
        return request.getStore()
      }),
    )

    expect(await Promise.all(seen)).to.deep.equal(['first', 'second'])
  })
})

describe('loadContext in a load of many', () => {
  it('has the keys of the batch', async () => {
    const { get, batches } = byHand()

    const answers = get.many(['a', 'b'])
    await turn()
    batches[0]!.answer()
    await answers

    expect(batches[0]!.keys).to.deep.equal(['a', 'b'])
  })
})
