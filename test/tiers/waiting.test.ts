import { expect } from 'chai'
import { useFakeTimers, type SinonFakeTimers } from 'sinon'

import type { TierRead } from '../../src/tiers/tier.ts'
import { Waiting } from '../../src/tiers/waiting.ts'
import { rejection } from '../support/rejection.ts'

const nothing: TierRead = { state: 'missing', entry: undefined, lease: undefined }
const granted: TierRead = { state: 'missing', entry: undefined, lease: { token: 'a' } }

describe('Waiting', () => {
  let clock: SinonFakeTimers
  let looks: number
  let found: TierRead
  const look = async (): Promise<TierRead> => {
    looks++
    return found
  }

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    looks = 0
    found = nothing
  })

  afterEach(() => clock.restore())

  it('looks after pauses that grow, where no notice comes', async () => {
    const waiting = new Waiting().until('a', { timeout: 10_000 }, look)
    await clock.tickAsync(1_000)
    expect(looks).to.be.within(7, 12)

    found = granted
    await clock.tickAsync(200)

    expect(await waiting).to.equal(granted)
    expect(clock.countTimers()).to.equal(0)
  })

  it('looks at once when it is woken, for its own place or for all', async () => {
    const place = new Waiting()
    const own = place.until('a', { timeout: 10_000 }, look)
    const other = place.until('b', { timeout: 10_000 }, look)
    await clock.tickAsync(1)
    found = granted

    place.wake('a')
    expect(await own).to.equal(granted)
    expect(looks).to.equal(1)
    place.wakeAll()
    expect(await other).to.equal(granted)
    place.wake('a')

    expect(clock.countTimers()).to.equal(0)
  })

  it('gives what it has found when the time is up', async () => {
    const waiting = new Waiting().until('a', { timeout: 50 }, look)

    await clock.tickAsync(50)

    expect(await waiting).to.equal(nothing)
  })

  it('ends at once when its signal fires, before or while it waits', async () => {
    const reason = new Error('gone')
    const leaving = new AbortController()
    const place = new Waiting()
    const waiting = rejection(place.until('a', { timeout: 10_000, signal: leaving.signal }, look))
    leaving.abort(reason)

    expect(await waiting).to.equal(reason)
    expect(await rejection(place.until('a', { timeout: 10_000, signal: leaving.signal }, look))).to.equal(reason)
    expect(looks).to.equal(0)
    expect(clock.countTimers()).to.equal(0)
  })

  it('fails as the look fails', async () => {
    const away = new Error('away')
    const waiting = rejection(new Waiting().until('a', { timeout: 10_000 }, () => Promise.reject(away)))

    await clock.tickAsync(10)

    expect(await waiting).to.equal(away)
  })
})
