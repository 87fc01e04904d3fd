import { expect } from 'chai'

import { cached, cachedSync, type Cached } from '../../src/index.ts'
import { deferred } from '../../src/testing.ts'
import { AsyncMap } from '../support/async-map.ts'
import { rejection } from '../support/rejection.ts'

type Load = (id: string) => Promise<string>

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
    for (let turn = 0; turn < 5; turn++) {
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
