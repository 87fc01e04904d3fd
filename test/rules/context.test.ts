import { AsyncLocalStorage } from 'node:async_hooks'

import { expect } from 'chai'

import { Cache, cached } from '../../src/index.ts'
import { deferred } from '../../src/testing.ts'
import { AsyncMap } from '../support/async-map.ts'
import { rejection } from '../support/rejection.ts'

describe('the async context', () => {
  const request = new AsyncLocalStorage<string>()
  const load = async (_: string): Promise<string | undefined> => {
    await null
    return request.getStore()
  }

  it('of a load is that of the caller who began it', async () => {
    const get = request.run('maker', () => cached(new Map())(load))

    const [first, second] = await Promise.all([
      request.run('first', () => get('a')),
      request.run('second', () => get('a')),
    ])

    expect([first, second]).to.deep.equal(['first', 'first'])
  })

  it('of a load is that in which the function was made, if it is to be isolated', async () => {
    const get = request.run('maker', () => cached(new Map(), { context: 'isolated' })(load))

    expect(await request.run('caller', () => get('a'))).to.equal('maker')
    expect(await request.run('caller', () => get.refresh('a'))).to.equal('maker')
  })

  it('of a joiner is its own after its await', async () => {
    const get = cached(new Map())(load)
    const seen = await Promise.all(
      ['first', 'second'].map((name) =>
        request.run(name, async () => {
          await get('a')
          return request.getStore()
        }),
      ),
    )

    expect(seen).to.deep.equal(['first', 'second'])
  })

  it('of a load is that of the caller who began it, over an async store too', async () => {
    const caller = cached(new AsyncMap())(load)
    const isolated = request.run('maker', () => cached(new AsyncMap(), { context: 'isolated' })(load))

    for (const [get, context] of [
      [caller, 'first'],
      [isolated, 'maker'],
    ] as const) {
      const seen = await Promise.all([
        request.run('first', () => get('a')),
        request.run('second', () => get('a')),
        request.run('third', () => get('a')),
      ])

      expect(seen).to.deep.equal([context, context, context])
    }
  })

  it('of a load that is isolated holds from its first step', async () => {
    const get = request.run('maker', () =>
      cached(new Map(), { context: 'isolated' })(async (_: string) => request.getStore()),
    )

    expect(await request.run('caller', () => get('a'))).to.equal('maker')
  })

  it('of a load that is isolated is none where the function was made in none', async () => {
    const get = cached(new Map(), { context: 'isolated' })(load)

    expect(await request.run('caller', () => get('a'))).to.equal(undefined)
  })

  it('of a refresh is that of the caller who asks for it', async () => {
    const get = cached(new Map())(load)
    await request.run('first', () => get('a'))

    expect(await request.run('second', () => get.refresh('a'))).to.equal('second')
    expect(await request.run('third', () => get.with({ fresh: true })('a'))).to.equal('third')
  })

  it('of every caller is its own after a hit, a failure and a wait that it has left', async () => {
    for (const context of ['caller', 'isolated'] as const) {
      const gate = deferred<string>()
      const hit = cached(new Map(), { context })(async (id: string) => id)
      const failing = cached(new Map(), { context })(async (_: string) => {
        await null
        throw new Error('down')
      })
      const waiting = cached(new Map(), { context })((_: string) => gate.promise)
      await hit('a')

      const seen = await Promise.all(
        ['first', 'second'].map((name) =>
          request.run(name, async () => {
            const controller = new AbortController()
            await hit('a')
            const afterHit = request.getStore()
            await rejection(failing('a'))
            const afterFailure = request.getStore()
            const left = rejection(waiting.with({ signal: controller.signal })('a'))
            controller.abort()
            await left
            return [afterHit, afterFailure, request.getStore()]
          }),
        ),
      )

      expect(seen).to.deep.equal([
        ['first', 'first', 'first'],
        ['second', 'second', 'second'],
      ])
    }
  })

  it('of a Cache’s load is as it says', async () => {
    const isolated = request.run('maker', () => new Cache<string, unknown>(new Map(), { context: 'isolated' }))
    const caller = request.run('maker', () => new Cache<string, unknown>(new Map()))

    expect(await request.run('caller', () => isolated.get('a', load))).to.equal('maker')
    expect(await request.run('caller', () => caller.get('a', load))).to.equal('caller')
  })
})
