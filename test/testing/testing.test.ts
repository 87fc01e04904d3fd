import { expect } from 'chai'
import { deferred, describeStore, ManualClock, seededRandom } from '../../src/testing.ts'

/** Runs the tests of describeStore over a store and gives the names of those that fail. */
async function failuresOf(create: () => any): Promise<string[]> {
  const tests: [string, () => Promise<void>][] = []
  describeStore({ describe: (_, body) => body(), it: (name, body) => tests.push([name, body]) }, 'store', create)
  const failed: string[] = []
  for (const [name, body] of tests) await body().catch(() => failed.push(name))
  return failed
}

describe('describeStore', () => {
  it('finds nothing wrong with a Map', async () => {
    expect(await failuresOf(() => new Map())).to.deep.equal([])
  })

  it('finds a store that says the wrong thing of a deletion', async () => {
    class Wrong extends Map {
      override delete(key: unknown): boolean {
        super.delete(key)
        return true
      }
    }

    expect(await failuresOf(() => new Wrong())).to.include('deletes one key, and says whether it was there')
  })

  it('finds a store that turns keys into strings', async () => {
    class Wrong extends Map {
      override get(key: unknown): unknown {
        return super.get(String(key))
      }
      override set(key: unknown, value: unknown): this {
        return super.set(String(key), value)
      }
    }

    expect(await failuresOf(() => new Wrong())).to.include('tells keys apart')
  })

  it('finds a store that counts a look as use', async () => {
    class Wrong extends Map {
      peek(key: unknown): unknown {
        const value = super.get(key)
        if (super.delete(key)) super.set(key, value)
        return value
      }
    }

    expect(await failuresOf(() => new Wrong())).to.deep.equal([
      'peeks at an entry as if nobody had looked, where it can',
    ])
  })

  it('finds a store that copies', async () => {
    class Wrong extends Map {
      override set(key: unknown, value: object): this {
        return super.set(key, { ...value })
      }
    }

    expect(await failuresOf(() => new Wrong())).to.include(
      'gives back the very object that was put in, where it is synchronous',
    )
  })

  it('refuses what it cannot work with', () => {
    const runner = { describe: () => 0, it: () => 0 }

    expect(() => describeStore({ describe: 1, it: 1 } as never, 'x', () => new Map())).to.throw(
      TypeError,
      'describe must be a function, but got: 1',
    )
    expect(() => describeStore({ ...runner, it: 1 } as never, 'x', () => new Map())).to.throw(
      TypeError,
      'it must be a function',
    )
    expect(() => describeStore(runner, 'x', 1 as never)).to.throw(
      TypeError,
      'create must be a function that returns an empty store, but got: 1',
    )
    expect(() => describeStore(runner, 'x', () => new Map(), { keys: 'all' as never })).to.throw(
      TypeError,
      "keys must be 'any' or 'strings', but got: \"all\"",
    )
  })
})

describe('ManualClock', () => {
  it('stands still until it is told to go on', () => {
    const clock = new ManualClock(5)

    clock.advance(1.5)
    clock.advance(0)

    expect(clock.now()).to.equal(6.5)
    expect(new ManualClock().now()).to.equal(0)
  })

  it('refuses to go back, and anything but finite numbers', () => {
    const clock = new ManualClock()

    expect(() => clock.advance(-1)).to.throw(
      RangeError,
      'ms must be a finite number of milliseconds, 0 or more, but got: -1',
    )
    expect(() => clock.advance(Infinity)).to.throw(RangeError, 'but got: Infinity')
    expect(() => clock.advance('1' as never)).to.throw(TypeError, 'but got: "1"')
    expect(() => new ManualClock(NaN)).to.throw(
      RangeError,
      'start must be a finite number of milliseconds, but got: NaN',
    )
    expect(clock.now()).to.equal(0)
  })
})

describe('deferred', () => {
  it('is settled from outside', async () => {
    const good = deferred<number>()
    const bad = deferred()
    const error = new Error('no')

    good.resolve(3)
    bad.reject(error)

    expect(await good.promise).to.equal(3)
    expect(await bad.promise.catch((reason: unknown) => reason)).to.equal(error)
  })
})

describe('seededRandom', () => {
  it('gives the same numbers for the same seed', () => {
    const [a, b] = [seededRandom(9), seededRandom(9)]

    expect([a(), a(), a()]).to.deep.equal([b(), b(), b()])
  })
})
