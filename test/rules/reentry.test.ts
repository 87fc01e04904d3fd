import { expect } from 'chai'

import { cached, cachedSync, type Cached, type CachedSync } from '../../src/index.ts'
import { deferred } from '../../src/testing.ts'
import { AsyncMap } from '../support/async-map.ts'
import { rejection } from '../support/rejection.ts'

type Load = (id: string) => Promise<string>

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The promise, or an error where it would be waited for in vain. */
function within<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('it waits for itself')), 500)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** A function whose load calls it again, in some way, with its own key. */
function reentrant(
  again: (get: Cached<Load, any>, id: string) => Promise<string>,
  store: any = new Map(),
): Cached<Load, any> {
  const get: Cached<Load, any> = cached(store)((id: string) => again(get, id))
  return get
}

const ways: Record<string, (get: Cached<Load, any>, id: string) => Promise<string>> = {
  'at once': (get, id) => get(id),
  'in an async function': async (get, id) => get(id),
  'after an await': async (get, id) => {
    await null
    return get(id)
  },
  'after a timer': async (get, id) => {
    await new Promise((resolve) => setTimeout(resolve, 2))
    return await get(id)
  },
  'among others': async (get, id) => {
    await null
    return (await Promise.all([Promise.resolve('x'), get(id)])).join()
  },
  'by then': (get, id) => Promise.resolve().then(() => get(id)),
  'by refresh': async (get, id) => {
    await null
    return get.refresh(id)
  },
  'by with': async (get, id) => {
    await null
    return get.with({ fresh: true })(id)
  },
  'among others that may fail': async (get, id) => {
    await null
    const [first] = await Promise.allSettled([get(id)])
    if (first.status === 'rejected') throw first.reason
    return first.value
  },
  'in a helper of its own, turns later': async (get, id) => {
    const later = async (turns: number): Promise<string> => {
      await null
      return turns === 0 ? await get(id) : await later(turns - 1)
    }
    return await later(20)
  },
  'by refresh at once': (get, id) => get.refresh(id),
  'by with and a signal': async (get, id) => {
    await null
    return get.with({ signal: new AbortController().signal })(id)
  },
  'after it has cleared everything': async (get, id) => {
    await null
    await get.clear()
    return get(id)
  },
  'after it has invalidated itself at once': async (get, id) => {
    void get.invalidate(id)
    return get(id)
  },
  'after it has invalidated itself': async (get, id) => {
    await null
    await get.invalidate(id)
    return get(id)
  },
}

for (const [store, create] of [
  ['a Map', () => new Map()],
  ['an async store', () => new AsyncMap()],
] as const) {
  describe(`a load over ${store} that calls its own function with its own key`, () => {
    for (const [way, again] of Object.entries(ways)) {
      it(`is refused ${way}`, async () => {
        const get = reentrant(again, create())

        expect(await rejection(get('a'))).to.include({ name: 'ReentrantLoadError', key: 'a' })
      })
    }
  })
}

for (const [store, create] of [
  ['a Map', () => new Map()],
  ['an async store', () => new AsyncMap()],
] as const) {
  describe(`a load over ${store} that calls its own function through another`, () => {
    /** f calls g, and g calls f with the key that f was called with. */
    function circle(first: () => Promise<void>, second: () => Promise<void>): [Cached<Load, any>, Cached<Load, any>] {
      const f: Cached<Load, any> = cached(create() as any)(async (id: string): Promise<string> => {
        await first()
        return await g(id)
      })
      const g: Cached<Load, any> = cached(create() as any)(async (id: string): Promise<string> => {
        await second()
        return await f(id)
      })
      return [f, g]
    }
    const moment = async (): Promise<void> => {
      await null
    }
    const timer = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

    for (const [how, first, second] of [
      ['moments', moment, moment],
      ['timers', timer, timer],
    ] as const) {
      it(`is refused after ${how}`, async () => {
        const [f] = circle(first, second)

        expect(await rejection(within(f('a')))).to.have.property('name', 'ReentrantLoadError')
      })
    }

    it('is refused while others wait for it', async () => {
      const [f] = circle(timer, timer)

      const waiting = [f('a'), f('a'), f('a')].map((promise) => rejection(within(promise)))

      for (const error of await Promise.all(waiting)) expect(error).to.have.property('name', 'ReentrantLoadError')
    })

    it('can be called again after it was refused', async () => {
      let calls = 0
      const get: Cached<Load, any> = cached(create() as any)(async (id: string): Promise<string> => {
        await null
        return ++calls === 1 ? get(id) : `call ${calls}`
      })

      expect(await rejection(get('a'))).to.have.property('name', 'ReentrantLoadError')
      expect(await get('a')).to.equal('call 2')
    })

    it('may answer by itself when it is refused', async () => {
      const get: Cached<Load, any> = cached(create() as any)(async (id: string): Promise<string> => {
        await null
        return get(id).catch((error: Error) => error.name)
      })

      expect(await get('a')).to.equal('ReentrantLoadError')
      expect(await get('a')).to.equal('ReentrantLoadError')
      expect(get.stats()).to.include({ loads: 1, hits: 1 })
    })
  })
}

describe('a load that waits for itself where no async stack trace leads back to it', () => {
  const timer = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  // From Node 24 on an AsyncLocalStorage knows the load that the running code belongs to.
  const itWhereContextsAreCheap = Number.parseInt(process.versions.node, 10) >= 24 ? it : it.skip

  itWhereContextsAreCheap('is refused through another load that somebody else waits for as well', async () => {
    const joined = deferred()
    const f: Cached<Load> = cached(new Map())(async (id: string): Promise<string> => {
      await null
      return await g(id)
    })
    const g: Cached<Load> = cached(new Map())(async (id: string): Promise<string> => {
      await joined.promise
      return await f(id)
    })

    const waiting = [rejection(within(f('a')))]
    await turn()
    waiting.push(rejection(within(g('a'))))
    joined.resolve()

    for (const error of await Promise.all(waiting)) expect(error).to.have.property('name', 'ReentrantLoadError')
  })

  itWhereContextsAreCheap('is refused in a helper that is begun first and awaited later', async () => {
    const get: Cached<Load> = cached(new Map())(async (id: string): Promise<string> => {
      const helper = (async () => {
        await null
        return await get(id)
      })()
      helper.catch(() => {})
      await timer(1)
      return await helper
    })

    expect(await rejection(within(get('a')))).to.have.property('name', 'ReentrantLoadError')
  })

  itWhereContextsAreCheap('is refused in the callback of a timer', async () => {
    const get: Cached<Load> = cached(new Map())((id: string): Promise<string> => {
      const { promise, resolve, reject } = deferred<string>()
      setTimeout(() => void get(id).then(resolve, reject), 1)
      return promise
    })

    expect(await rejection(within(get('a')))).to.have.property('name', 'ReentrantLoadError')
  })

  it.skip('is refused where two loads that others have begun wait for each other', async () => {
    const f: Cached<Load> = cached(new Map())(async (id: string): Promise<string> => {
      await timer(1)
      return await g(id)
    })
    const g: Cached<Load> = cached(new Map())(async (id: string): Promise<string> => {
      await timer(3)
      return await f(id)
    })

    const errors = await Promise.all([f('a'), g('a')].map((promise) => rejection(within(promise))))

    for (const error of errors) expect(error).to.have.property('name', 'ReentrantLoadError')
  })
})

describe('a load of one function', () => {
  it('is joined by the load of another, which is not mistaken for itself', async () => {
    const gate = deferred<string>()
    const inner = cached(new Map())((_: string) => gate.promise)
    const outer = cached(new Map())(async (id: string) => {
      await null
      return `outer ${await inner(id)}`
    })

    const waiting = [inner('a'), outer('a')]
    await turn()
    waiting.push(outer('a'), inner('a'))
    await turn()
    gate.resolve('value')

    expect(await Promise.all(waiting)).to.deep.equal(['value', 'outer value', 'outer value', 'value'])
  })

  it('is joined by one whom another load of it has woken', async () => {
    const gates = { a: deferred<string>(), b: deferred<string>() }
    const get = cached(new Map())(async (id: 'a' | 'b') => {
      const value = await gates[id].promise
      await turn()
      return value
    })
    const first = get('a')
    const chain = (async () => {
      const value = await first
      return value + (await get('b'))
    })()
    const second = get('b')
    await turn()

    gates.a.resolve('A')
    await turn()
    await turn()
    gates.b.resolve('B')

    expect(await chain).to.equal('AB')
    expect(await second).to.equal('B')
    expect(get.stats()).to.include({ loads: 2, joins: 1 })
  })

  it('calls the keys below its own in a chain longer than any trace', async () => {
    const sum: Cached<(n: number) => Promise<number>> = cached(new Map())(async (n: number): Promise<number> => {
      await null
      return n === 0 ? 0 : n + (await sum(n - 1))
    })

    expect(await sum(500)).to.equal(125_250)
    expect(sum.stats()).to.include({ loads: 501, misses: 501, loadFailures: 0 })
  })

  it('shares the keys below its own with a load beside it', async () => {
    const binomial: Cached<(n: number, k: number) => Promise<number>> = cached(new Map())(async (
      n: number,
      k: number,
    ): Promise<number> => {
      if (k === 0 || k === n) return 1
      const [left, right] = await Promise.all([binomial(n - 1, k - 1), binomial(n - 1, k)])
      return left + right
    })

    expect(await binomial(20, 10)).to.equal(184_756)
  })
})

describe('a function that returns at once and calls itself with its own key', () => {
  type Now = CachedSync<(id: string) => string>
  const nowWays: Record<string, (get: Now, id: string) => string> = {
    directly: (get, id) => get(id),
    'by refresh': (get, id) => get.refresh(id),
    'by with': (get, id) => get.with({ fresh: true })(id),
    'after it has invalidated itself': (get, id) => {
      void get.invalidate(id)
      return get(id)
    },
    'after it has cleared everything': (get, id) => {
      void get.clear()
      return get(id)
    },
  }
  for (const [way, again] of Object.entries(nowWays)) {
    it(`is refused ${way}, and can be called again`, () => {
      let calls = 0
      const get: Now = cachedSync(new Map())((id: string): string => (++calls === 1 ? again(get, id) : `call ${calls}`))

      expect(() => get('a'))
        .to.throw('a load has called its own function with its own key')
        .that.includes({ name: 'ReentrantLoadError', key: 'a' })
      expect(get('a')).to.equal('call 2')
    })
  }

  it('is refused through another', () => {
    const f: (id: string) => string = cachedSync(new Map())((id: string): string => g(id))
    const g: (id: string) => string = cachedSync(new Map())((id: string): string => f(id))

    expect(() => f('a')).to.throw('a load has called its own function with its own key')
  })

  it('may do so with other keys', () => {
    const fibonacci: CachedSync<(n: number) => number> = cachedSync(new Map())((n: number): number =>
      n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2),
    )

    expect(fibonacci(40)).to.equal(102_334_155)
    expect(fibonacci.stats()).to.include({ loads: 41 })
  })
})

describe('a load that calls its own function', () => {
  it('may do so with another key', async () => {
    const fibonacci: Cached<(n: number) => Promise<number>> = cached(new Map())(async (n: number): Promise<number> => {
      await null
      return n < 2 ? n : (await fibonacci(n - 1)) + (await fibonacci(n - 2))
    })

    expect(await fibonacci(20)).to.equal(6765)
  })

  it('is not mistaken for others who come later', async () => {
    const gate = deferred<string>()
    const get = cached(new Map())((_: string) => gate.promise)

    const waiting = [get('a')]
    for (let later = 0; later < 5; later++) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      waiting.push(get('a'))
    }
    gate.resolve('value')

    expect(await Promise.all(waiting)).to.deep.equal(Array.from({ length: 6 }, () => 'value'))
  })

  it('is refused where it returns at once', () => {
    const count: (n: number) => number = cachedSync(new Map())((n: number): number => count(n))

    expect(() => count(1)).to.throw('a load has called its own function with its own key')
  })
})
