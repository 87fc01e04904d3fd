import { AsyncLocalStorage } from 'node:async_hooks'

import { expect } from 'chai'

import { cached } from '../../src/index.ts'

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
})
