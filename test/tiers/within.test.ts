import { expect } from 'chai'
import { useFakeTimers, type SinonFakeTimers } from 'sinon'

import { deferred } from '../../src/testing.ts'
import { Deadlines, TierTimeoutError } from '../../src/tiers/within.ts'

describe('deadlines', () => {
  let clock: SinonFakeTimers
  let deadlines: Deadlines
  let late: unknown[]

  type Outcome = { answer: { id: number } | undefined; error: unknown }
  const within = (promise: Promise<{ id: number }>): Promise<Outcome> =>
    deadlines.within(
      promise,
      (answer, error) => ({ answer, error }),
      (answer) => late.push(answer),
    )

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] })
    deadlines = new Deadlines(50)
    late = []
  })

  afterEach(() => {
    clock.restore()
  })

  it('give each wait its answer, in whatever order they come', async () => {
    const answers = Array.from({ length: 5 }, () => deferred<{ id: number }>())
    const waits = answers.map(({ promise }) => within(promise))

    for (const id of [2, 0, 4, 1, 3]) answers[id]!.resolve({ id })

    expect((await Promise.all(waits)).map(({ answer }) => answer?.id)).to.deep.equal([0, 1, 2, 3, 4])
  })

  it('end each wait at its own time, and tell of what comes later', async () => {
    const ended: string[] = []
    const answers = [deferred<{ id: number }>(), deferred<{ id: number }>(), deferred<{ id: number }>()]
    for (const [index, { promise }] of answers.entries()) {
      void within(promise).then(({ error }) => ended.push(`${index} at ${clock.now}: ${(error as Error).name}`))
      await clock.tickAsync(20)
    }
    answers[1]!.reject(new RangeError('the tier is down'))

    await clock.tickAsync(200)
    answers[0]!.resolve({ id: 0 })
    answers[2]!.reject(new Error('too late'))
    await clock.tickAsync(0)

    expect(ended).to.deep.equal(['0 at 51: TierTimeoutError', '1 at 60: RangeError', '2 at 91: TierTimeoutError'])
    expect(late).to.deep.equal([{ id: 0 }])
  })

  it('give an answer that has come, and was not read while the process was busy, its turn', async () => {
    const answer = deferred<{ id: number }>()
    setTimeout(() => setImmediate(() => answer.resolve({ id: 1 })), 50)
    const wait = within(answer.promise)

    await clock.tickAsync(100)

    expect((await wait).answer).to.deep.equal({ id: 1 })
  })

  it('leave no timer that keeps a process, and need no new one for the next wait', async () => {
    await within(Promise.resolve({ id: 1 }))
    await clock.tickAsync(30)
    const wait = within(new Promise(() => {}))
    expect(clock.countTimers()).to.equal(1)
    await clock.tickAsync(60)

    const { error } = await wait

    expect(error).to.be.instanceOf(TierTimeoutError).with.property('ms', 50)
    expect(clock.countTimers()).to.equal(0)
  })

  it('reject with what is thrown over an answer', async () => {
    const mistake = new Error('over the answer')
    const fail = (): never => {
      throw mistake
    }

    const outcome = await deadlines.within(Promise.resolve({}), fail, () => {}).catch((error: unknown) => error)

    expect(outcome).to.equal(mistake)
  })
})
