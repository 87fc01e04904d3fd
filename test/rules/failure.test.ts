import { expect } from 'chai'
import { LRUCache } from 'lru-cache'

import { cached, cachedSync } from '../../src/index.ts'
import { deferred } from '../../src/testing.ts'
import { AsyncMap } from '../support/async-map.ts'
import { rejection } from '../support/rejection.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const broken = new Error('broken')

/** A load that gives the number of the times it has been called. */
function counting(): (id: string) => Promise<number> {
  let loads = 0
  return async () => ++loads
}

for (const [kind, create] of [
  ['a Map', () => new Map()],
  ['lru-cache', () => new LRUCache({ max: 9 })],
  ['an async store', () => new AsyncMap()],
] as [string, () => any][]) {
  const isAsync = kind === 'an async store'
  /** Lets one method of the store fail in its own manner, until the function that is given back is called. */
  const breakDown = (store: any, method: string): (() => void) => {
    store[method] = isAsync
      ? async () => {
          throw broken
        }
      : () => {
          throw broken
        }
    return () => delete store[method]
  }

  describe(`a clock that fails over ${kind}`, () => {
    it('keeps no call from its value, and spoils no key', async () => {
      const errors: unknown[] = []
      let failing = false
      const clock = {
        now: () => {
          if (failing) throw broken
          return 1_000
        },
      }
      const onError = (error: unknown): number => errors.push(error)
      const get = cached<any, number, [string]>(create(), { clock, ttl: 10, onError })(counting())

      failing = true
      expect(await get('a')).to.equal(1)
      expect(errors).to.include(broken)
      failing = false
      expect(await get('a')).to.equal(2)
      expect(await get('a')).to.equal(2)
      expect(get.stats()).to.include({ hits: 1, misses: 2, joins: 0, loads: 2, loadMs: 0 })
    })

    it('counts no time for a load whose beginning or end it has missed', async () => {
      for (const failsAt of ['beginning', 'end']) {
        let failing = false
        const clock = {
          now: () => {
            if (failing) throw broken
            return 1_000
          },
        }
        const gate = deferred()
        const get = cached(create(), { clock, onError: () => {} })((_: string) => {
          failing = failsAt === 'end'
          return gate.promise
        })
        failing = failsAt === 'beginning'
        const call = get('a')
        await turn()
        gate.resolve()
        await call

        expect(get.stats().loadMs, failsAt).to.equal(0)
      }
    })
  })

  describe(`a load that fails over ${kind}`, () => {
    it('is not remembered: the next call loads anew', async () => {
      let loads = 0
      const get = cached(create())(async (_: string) => {
        if (++loads === 1) throw broken
        return loads
      })

      expect(await rejection(get('a'))).to.equal(broken)
      expect(await get('a')).to.equal(2)
      expect(await get('a')).to.equal(2)
    })

    it('is a rejection when it throws at once, and is not remembered either', async () => {
      let loads = 0
      const get = cached(create())((_: string): string => {
        if (++loads === 1) throw broken
        return 'value'
      })

      const waiting = [get('a'), get('a')]

      expect(await rejection(waiting[0]!)).to.equal(broken)
      // Over a store that answers at once the first call has ended before the second comes.
      expect(await (isAsync ? rejection(waiting[1]!) : waiting[1])).to.equal(isAsync ? broken : 'value')
      expect(await get('a')).to.equal('value')
    })

    it('leaves no rejection unhandled when everybody has left', async () => {
      const gate = deferred<string>()
      const get = cached(create())((_: string) => gate.promise)
      const controller = new AbortController()
      const leaving = rejection(get.with({ signal: controller.signal })('a'))
      await turn()

      controller.abort('gone')
      gate.reject(broken)
      await turn()

      expect(await leaving).to.equal('gone')
      expect(get.stats()).to.include({ loads: 1, loadFailures: 1 })
    })

    it('passes on what it was rejected with, whatever that is', async () => {
      for (const reason of [undefined, null, 0, 'text']) {
        const get = cached(create())(() => Promise.reject(reason))

        expect(await rejection(get())).to.equal(reason)
      }
    })

    it('fails a refresh, and the old value stays', async () => {
      let loads = 0
      const get = cached(create())(async (_: string) => {
        if (++loads > 1) throw broken
        return 'old'
      })
      await get('a')

      expect(await rejection(get.refresh('a'))).to.equal(broken)
      expect(await get('a')).to.equal('old')
    })
  })

  describe(`${kind} that fails`, () => {
    it('to read is a miss, told and counted', async () => {
      const store = create()
      const errors: unknown[] = []
      const get = cached(store, { onError: (error) => errors.push(error) })(counting())
      await get('a')
      await turn()

      const mend = breakDown(store, 'get')
      expect(await get('a')).to.equal(2)
      await turn()
      mend()

      expect(new Set(errors)).to.deep.equal(new Set([broken]))
      expect(get.stats()).to.include({ misses: 2, hits: 0, storeFailures: errors.length })
    })

    it('to read is one load for all who come together', async () => {
      const store = create()
      const get = cached(store, { onError: () => {} })(counting())
      breakDown(store, 'get')

      expect(await Promise.all([get('a'), get('a'), get('a')])).to.deep.equal([1, 1, 1])
      expect(get.stats()).to.include({ misses: 1, joins: 2, loads: 1 })
    })

    it('to write gives the value to all who wait, told and counted once', async () => {
      const store = create()
      const errors: unknown[] = []
      const get = cached(store, { onError: (error) => errors.push(error) })(counting())

      const mend = breakDown(store, 'set')
      expect(await Promise.all([get('a'), get('a')])).to.deep.equal([1, 1])
      await turn()
      mend()

      expect(errors).to.deep.equal([broken])
      expect(get.stats()).to.include({ loads: 1, storeFailures: 1 })
      expect(await get('a')).to.equal(2)
      expect(await get('a')).to.equal(2)
    })

    it('to write a refreshed value does not bring the old one back', async () => {
      const store = create()
      const get = cached(store, { onError: () => {} })(counting())
      await get('a')
      await turn()

      const mend = breakDown(store, 'set')
      expect(await get.refresh('a')).to.equal(2)
      await turn()
      mend()

      expect(await get.peek('a')).to.not.equal(1)
      expect(await get('a')).to.equal(3)
    })

    it('to write what was set does not bring the old one back', async () => {
      const store = create()
      const get = cached(store, { onError: () => {} })(counting())
      await get('a')
      await turn()

      const mend = breakDown(store, 'set')
      let error: unknown
      try {
        await get.set(['a'], 9)
      } catch (failure) {
        error = failure
      }
      mend()

      expect(error).to.equal(broken)
      expect(await get('a')).to.equal(2)
    })

    it('to delete does not undo an invalidation at a later read', async () => {
      const store = create()
      const get = cached(store, { onError: () => {} })(counting())
      await get('a')
      await turn()

      const mend = breakDown(store, 'delete')
      let error: unknown
      try {
        await get.invalidate('a')
      } catch (failure) {
        error = failure
      }
      mend()

      expect(error).to.equal(broken)
      expect([await get.has('a'), await get.peek('a')]).to.deep.equal([false, undefined])
      expect(await get('a')).to.equal(2)
      await turn()
      expect(await get('a')).to.equal(2)
      expect(get.stats()).to.include({ storeFailures: 1 })
    })

    it('to clear does not undo it at a later read', async () => {
      const store = create()
      const get = cached(store, { onError: () => {} })(counting())
      await get('a')
      await turn()
      store.clear ??= () => {}

      const mend = breakDown(store, 'clear')
      let error: unknown
      try {
        await get.clear()
      } catch (failure) {
        error = failure
      }
      mend()

      expect(error).to.equal(broken)
      expect(await get.has('a')).to.equal(false)
      expect(await get('a')).to.equal(2)
    })

    it('and whose listener fails too costs the caller nothing', async () => {
      const warnings: Error[] = []
      const listen = (warning: Error): void => void warnings.push(warning)
      process.on('warning', listen)
      try {
        const store = create()
        breakDown(store, 'set')
        const get = cached(store, {
          onError: () => {
            throw new Error('the listener is broken')
          },
        })(counting())

        expect(await get('a')).to.equal(1)
        await turn()
      } finally {
        process.off('warning', listen)
      }

      expect(warnings.map((warning) => warning.name)).to.deep.equal(['PolycacheWarning'])
    })
  })

  describe(`an option over ${kind}`, () => {
    for (const [name, option] of Object.entries({
      when: {
        when: () => {
          throw broken
        },
      },
      ttl: {
        ttl: () => {
          throw broken
        },
      },
      jitter: {
        ttl: 1,
        jitter: () => {
          throw broken
        },
      },
    })) {
      it(`whose function ${name} throws costs the caller nothing, and is told`, async () => {
        const errors: unknown[] = []
        const get = cached(create(), { ...option, onError: (error: unknown) => errors.push(error) })(counting())

        expect(await get('a')).to.equal(1)
        expect(errors).to.deep.equal([broken])
        expect(await get.has('a')).to.equal(false)
      })
    }
  })
}

describe('a function that returns at once and fails', () => {
  it('throws through to its caller, and is not remembered', () => {
    let loads = 0
    const get = cachedSync(new Map())((_: string) => {
      if (++loads === 1) throw broken
      return loads
    })

    expect(() => get('a')).to.throw(broken)
    expect([get('a'), get('a')]).to.deep.equal([2, 2])
    expect(get.stats()).to.include({ loads: 2, loadFailures: 1, misses: 2, hits: 1 })
  })

  it('leaves its old value where it is when a refresh fails', () => {
    let loads = 0
    const get = cachedSync(new Map())((_: string) => {
      if (++loads > 1) throw broken
      return 'old'
    })
    get('a')

    expect(() => get.refresh('a')).to.throw(broken)
    expect(get('a')).to.equal('old')
  })

  it('warns of a listener that rejects, as of one that throws', async () => {
    const warnings: Error[] = []
    const listen = (warning: Error): void => void warnings.push(warning)
    process.on('warning', listen)
    try {
      const when = (): never => {
        throw new Error('a mistake')
      }
      const onError = (() => Promise.reject(broken)) as () => void
      const get = cachedSync(new Map(), { when, onError })((id: string) => id)
      expect(get('a')).to.equal('a')
      await turn()
    } finally {
      process.off('warning', listen)
    }
    expect(warnings.map(({ cause }) => cause)).to.deep.equal([broken])
  })

  it('gives the value where the store cannot read or write, and tells of it', () => {
    const errors: unknown[] = []
    const fail = (): never => {
      throw broken
    }
    const get = cachedSync({ get: fail, set: fail, delete: fail } as any, {
      onError: (error: unknown) => errors.push(error),
    })((id: string) => id)

    expect([get('a'), get('a')]).to.deep.equal(['a', 'a'])
    expect(get.stats()).to.include({ misses: 2, storeFailures: errors.length })
  })
})
