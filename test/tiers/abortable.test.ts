import { expect } from 'chai'

import { deferred } from '../../src/testing.ts'
import { abortable } from '../../src/tiers/abortable.ts'
import { rejection } from '../support/rejection.ts'

describe('abortable', () => {
  const reason = new Error('gone')
  const never = (value: unknown): never => {
    throw new Error('nothing came late', { cause: value })
  }

  it('gives what the promise gives, with a signal or without', async () => {
    expect(await abortable(Promise.resolve(1), undefined, never)).to.equal(1)
    expect(await abortable(Promise.resolve(1), new AbortController().signal, never)).to.equal(1)
    const failed = abortable(Promise.reject(reason), new AbortController().signal, never)
    expect(await rejection(failed)).to.equal(reason)
  })

  it('ends when the signal fires, and hands over what comes late', async () => {
    const late: unknown[] = []
    const { promise, resolve } = deferred<number>()
    const leaving = new AbortController()
    const waiting = abortable(promise, leaving.signal, (value) => late.push(value))
    leaving.abort(reason)
    expect(await rejection(waiting)).to.equal(reason)

    resolve(7)
    await promise

    expect(late).to.deep.equal([7])
  })

  it('ends at once where the signal has fired, and lets a late failure pass', async () => {
    const { promise, reject } = deferred<number>()

    expect(await rejection(abortable(promise, AbortSignal.abort(reason), never))).to.equal(reason)
    reject(new Error('late'))
  })
})
