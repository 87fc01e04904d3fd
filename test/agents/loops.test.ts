import { AsyncLocalStorage } from 'node:async_hooks'

import { expect } from 'chai'
import sinon from 'sinon'

import { AgentLoopError, toolCache } from '../../src/agents.ts'
import { lru } from '../../src/index.ts'
import { rejection } from '../support/rejection.ts'

/** Tools that say how often they have run. */
function counting() {
  let runs = 0
  const run = async (_: unknown): Promise<number> => ++runs
  return { read: run, write: async (text: unknown) => run(text), other: async (text: unknown) => run(text) }
}

const rules = { read: {}, write: { writes: true } }

/** What each call gives, or the kind and the count of the loop that it is. */
async function outcomes(calls: readonly (() => Promise<unknown>)[]): Promise<unknown[]> {
  const given: unknown[] = []
  for (const call of calls) {
    given.push(
      await call().catch((error: unknown) =>
        error instanceof AgentLoopError ? `${error.kind} ${error.count}` : error,
      ),
    )
  }
  return given
}

describe('loops of an agent', () => {
  it('are nobody’s business unless asked', async () => {
    const cache = toolCache({ store: lru({ max: 10 }) })
    const { write } = cache.wrap(counting(), rules)

    for (let call = 1; call <= 50; call++) expect(await write('same')).to.equal(call)

    expect(cache.summary().loops).to.equal(0)
  })

  it('are the same call made too often in a row, however it is answered', async () => {
    const cache = toolCache({ store: lru({ max: 10 }), maxRepeats: 2 })
    const { read, write, other } = cache.wrap(counting(), rules)

    const calls = [read, read, read, read, write, write, write, other, other, other]
    expect(await outcomes(calls.map((tool) => () => tool({ a: 1, b: 2 })))).to.deep.equal([
      ...[1, 1, 'repeats 3', 'repeats 4'],
      ...[2, 3, 'repeats 3'],
      ...[4, 5, 'repeats 3'],
    ])
    expect(cache.summary()).to.include({ calls: 10, runs: 5, saved: 1, loops: 4 })
  })

  it('are not calls with other arguments, or with another call between', async () => {
    const { write } = toolCache({ store: lru({ max: 10 }), maxRepeats: 1 }).wrap(counting(), rules)

    const calls = [1, 2, 1, 3, 1].map((argument) => () => write(argument))
    expect(await outcomes(calls)).to.deep.equal([1, 2, 3, 4, 5])
  })

  it('are two calls that take turns too often', async () => {
    const { read, write } = toolCache({ store: lru({ max: 10 }), maxOscillations: 2 }).wrap(counting(), rules)
    const [a, b, c] = [() => read('x'), () => write('x'), () => write('y')] as const

    expect(await outcomes([a, b, a, b, a, b, c])).to.deep.equal([1, 2, 3, 4, 'oscillation 3', 'oscillation 3', 5])
    expect(await outcomes([b, b, a, b, a, b, a])).to.deep.equal([6, 7, 8, 9, 10, 'oscillation 3', 'oscillation 3'])
  })

  it('say in their error what, how often, and what else to do', async () => {
    const { write } = toolCache({ store: lru({ max: 10 }), maxRepeats: 1 }).wrap(counting(), rules)
    await write('x')

    const error = (await rejection(write('x'))) as AgentLoopError

    expect(error)
      .to.be.instanceOf(AgentLoopError)
      .and.to.include({ tool: 'write', kind: 'repeats', count: 2, key: 'x' })
    expect(error.message).to.equal(
      'the tool write has been called 2 times in a row with the same arguments: use the answer that is there, or try something else',
    )
  })

  it('get the last answer again where onLoop is cached, without a run', async () => {
    const options = { store: lru({ max: 10 }), maxRepeats: 2, maxOscillations: 1, onLoop: 'cached' } as const
    const cache = toolCache(options)
    const { write, other } = cache.wrap(counting(), rules)

    expect(await outcomes([write, write, write, write].map((tool) => () => tool('x')))).to.deep.equal([1, 2, 2, 2])
    expect(await outcomes([other, write, other, write].map((tool) => () => tool('x')))).to.deep.equal([3, 2, 3, 2])
    expect(cache.summary()).to.include({ calls: 8, runs: 3, saved: 5, loops: 5 })
  })

  it('get the error where the last answer was a failure', async () => {
    const cache = toolCache({ store: lru({ max: 10 }), maxRepeats: 1, onLoop: 'cached' })
    const fail = cache.tool('fail', async (): Promise<void> => {
      throw new Error('down')
    })

    expect(await rejection(fail())).to.have.property('message', 'down')
    expect(await rejection(fail())).to.be.instanceOf(AgentLoopError)
  })

  it('are told of once each where onLoop is warn, and answered', async () => {
    const told: unknown[] = []
    const cache = toolCache({
      store: lru({ max: 10 }),
      maxRepeats: 1,
      maxOscillations: 1,
      onLoop: 'warn',
      onError: (error) => told.push((error as AgentLoopError).kind),
    })
    const { write, other } = cache.wrap(counting(), rules)

    const calls = [write, write, write, other, write, other]
    expect(await outcomes(calls.map((tool) => () => tool('x')))).to.deep.equal([1, 2, 3, 4, 5, 6])
    expect(told).to.deep.equal(['repeats', 'oscillation'])
  })

  it('are a process warning where nobody listens, or the listener fails', async () => {
    const warned: Error[] = []
    const listener = (warning: Error) => warned.push(warning)
    process.on('warning', listener)
    try {
      const failing = () => {
        throw new Error('deaf')
      }
      for (const onError of [undefined, failing]) {
        const cache = toolCache({ store: lru({ max: 10 }), maxRepeats: 1, onLoop: 'warn', ...(onError && { onError }) })
        const { write } = cache.wrap(counting(), rules)
        expect(await outcomes([() => write('x'), () => write('x')])).to.deep.equal([1, 2])
      }
      await new Promise((resolve) => setImmediate(resolve))
      expect(warned.map(({ message }) => message.split(': ')[1]!.slice(0, 15))).to.deep.equal([
        'the tool write ',
        'deaf',
      ])
    } finally {
      process.off('warning', listener)
    }
  })

  it('are calls too deep within calls, over all caches', async () => {
    // Before Node 24 an AsyncLocalStorage in use hangs itself on every promise, those of other tests included.
    const used = new Set<AsyncLocalStorage<unknown>>()
    const { run } = AsyncLocalStorage.prototype
    sinon.replace(AsyncLocalStorage.prototype, 'run', function (this: AsyncLocalStorage<unknown>, ...args: never) {
      used.add(this)
      return Reflect.apply(run, this, args) as never
    })
    const store = lru({ max: 100 })
    const ask: Record<string, (depth: number) => Promise<unknown>> = {}
    for (const agent of ['one', 'two']) {
      const cache = toolCache({ store, session: agent, maxDepth: 3 })
      ask[agent] = cache.tool('ask', async (depth: number): Promise<unknown> => {
        await null
        return depth === 0 ? 'answer' : ask[agent === 'one' ? 'two' : 'one']!(depth - 1)
      })
    }
    try {
      expect(await ask['one']!(2)).to.equal('answer')
      expect(await ask['one']!(2)).to.equal('answer')
      expect(await rejection(ask['one']!(3))).to.include({ kind: 'depth', count: 4 })
    } finally {
      sinon.restore()
      for (const storage of used) storage.disable()
    }
  })

  it('do not take calls without a key for the same', async () => {
    const cache = toolCache({ store: lru({ max: 10 }), maxRepeats: 1 })
    const { other, read } = cache.wrap(counting(), rules)
    const callback = () => {}

    expect(await outcomes([() => other(callback), () => other(callback)])).to.deep.equal([1, 2])
    expect(await rejection(read(callback))).to.have.property('name', 'KeyError')
  })
})
