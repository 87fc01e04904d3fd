import { expect } from 'chai'
import { useFakeTimers, type SinonFakeTimers } from 'sinon'

import { Renewals } from '../../src/tiers/renewals.ts'

describe('Renewals', () => {
  let clock: SinonFakeTimers
  let renewed: number
  const lease = { token: 'a' }
  const renew = async (): Promise<boolean> => {
    renewed++
    return true
  }

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    renewed = 0
  })

  afterEach(() => clock.restore())

  it('renew a lease often enough, as long as its load runs', async () => {
    const renewals = new Renewals(300)
    renewals.hold(lease, renew)

    await clock.tickAsync(3_000)
    expect(renewed).to.equal(30)
    renewals.drop(lease)
    await clock.tickAsync(3_000)

    expect(renewed).to.equal(30)
    expect(clock.countTimers()).to.equal(0)
  })

  it('cost nothing where a load is over soon', async () => {
    const renewals = new Renewals(300)
    renewals.hold({ token: 'long' }, async () => true)
    await clock.tickAsync(95)
    renewals.hold(lease, renew)

    await clock.tickAsync(20)

    expect(renewed).to.equal(0)
    renewals.close()
  })

  it('end for a lease that is lost', async () => {
    const renewals = new Renewals(300)
    renewals.hold(lease, async () => {
      renewed++
      return false
    })

    await clock.tickAsync(3_000)

    expect(renewed).to.equal(1)
    expect(clock.countTimers()).to.equal(0)
  })

  it('go on when one fails', async () => {
    const renewals = new Renewals(300)
    renewals.hold(lease, async () => {
      renewed++
      throw new Error('away')
    })

    await clock.tickAsync(1_000)

    expect(renewed).to.equal(10)
    renewals.close()
  })

  it('end for a load that never ends', async () => {
    const renewals = new Renewals(3)
    renewals.hold(lease, renew)

    await clock.tickAsync(5_000)

    expect(renewed).to.be.within(2_900, 3_001)
    expect(clock.countTimers()).to.equal(0)
  })
})
