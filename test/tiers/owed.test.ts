import { expect } from 'chai'
import { useFakeTimers, type SinonFakeTimers } from 'sinon'

import { Owed } from '../../src/tiers/owed.ts'
import { rejection } from '../support/rejection.ts'

describe('Owed', () => {
  const away = new Error('the backend is away')
  let clock: SinonFakeTimers
  let down: boolean
  let done: string[]

  const invalidate = (what: string) => async (): Promise<string> => {
    if (down) throw away
    done.push(what)
    return what
  }
  const create = (): Owed => new Owed(invalidate('everything'))

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    down = false
    done = []
  })

  afterEach(() => clock.restore())

  it('owes nothing that succeeds', async () => {
    const owed = create()

    expect(await owed.pay('a', invalidate('a'))).to.equal('a')

    expect(owed.any).to.equal(false)
  })

  it('rejects with the failure, and repeats what failed once for each name', async () => {
    const owed = create()
    down = true
    expect(await rejection(owed.pay('a', invalidate('a')))).to.equal(away)
    await rejection(owed.pay('a', invalidate('a'), invalidate('a again')))
    await rejection(owed.pay('b', invalidate('b')))
    expect(owed.any).to.equal(true)
    expect(await rejection(owed.settle())).to.equal(away)
    down = false

    await Promise.all([owed.settle(), owed.settle()])

    expect(done).to.deep.equal(['a again', 'b'])
    expect(owed.any).to.equal(false)
  })

  it('finds out by one attempt that the backend is still away', async () => {
    const owed = create()
    let attempts = 0
    const attempt = async (): Promise<void> => {
      attempts++
      throw away
    }
    for (let index = 0; index < 100; index++) await rejection(owed.pay(`${index}`, attempt))

    attempts = 0
    await rejection(owed.settle())

    expect(attempts).to.equal(1)
  })

  it('tries again by itself, less and less often, until it succeeds', async () => {
    const owed = create()
    let attempts = 0
    const attempt = async (): Promise<void> => {
      attempts++
      if (down) throw away
    }
    down = true
    await rejection(owed.pay('a', attempt))
    const before = attempts

    await clock.tickAsync(20_000)
    expect(attempts - before).to.be.within(4, 12)
    down = false
    await clock.tickAsync(5_000)

    expect(owed.any).to.equal(false)
    const settled = attempts
    await clock.tickAsync(20_000)
    expect(attempts).to.equal(settled)
  })

  it('owes everything where there is too much to be told apart', async () => {
    const owed = create()
    down = true
    for (let index = 0; index < 10_001; index++) await rejection(owed.pay(`${index}`, invalidate(`${index}`)))
    await rejection(owed.pay('one more', invalidate('one more')))
    down = false

    await owed.settle()

    expect(done).to.deep.equal(['everything'])
  })

  it('keeps what comes to be owed while it settles', async () => {
    const owed = create()
    down = true
    const late = async (): Promise<void> => {
      await rejection(owed.pay('a', () => Promise.reject(away), invalidate('a, owed again')))
    }
    await rejection(owed.pay('a', invalidate('a'), late))

    await owed.settle()
    expect(owed.any).to.equal(true)
    down = false
    await owed.settle()

    expect(done).to.deep.equal(['a, owed again'])
  })

  it('gives all up when it is closed', async () => {
    const owed = create()
    down = true
    await rejection(owed.pay('a', invalidate('a')))
    owed.close()
    await rejection(owed.pay('b', invalidate('b')))
    down = false

    await clock.tickAsync(60_000)

    expect(owed.any).to.equal(false)
    expect(done).to.deep.equal([])
  })
})
