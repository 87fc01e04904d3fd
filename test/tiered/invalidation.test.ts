import { expect } from 'chai'

import { cached, tiered } from '../../src/index.ts'
import { ManualClock, deferred } from '../../src/testing.ts'
import { MemoryBackend } from '../support/memory-tier.ts'
import { rejection } from '../support/rejection.ts'
import { startProcess, turns, type Options, type Process } from './process.ts'

describe('an invalidation over a tiered store', () => {
  let clock: ManualClock
  let backend: MemoryBackend
  let one: Process
  let two: Process

  const options: Options = { tagged: true }
  const filled = async (process: Process, id: string, value: unknown): Promise<void> => {
    const call = process.get(id)
    await turns()
    process.loads.at(-1)!.resolve(value)
    await call
    await turns()
  }
  /** Whether a call in a process begins a load. */
  const loads = async (process: Process, id: string): Promise<boolean> => {
    const before = process.loads.length
    const call = process.get(id)
    await turns()
    const began = process.loads.length > before
    if (began) process.loads.at(-1)!.resolve('loaded anew')
    await call
    await turns()
    return began
  }

  beforeEach(async () => {
    clock = new ManualClock(1_000)
    backend = new MemoryBackend(clock)
    one = await startProcess(backend, options)
    two = await startProcess(backend, options)
  })

  afterEach(async () => {
    for (const { get, tier } of [one, two]) {
      tier.onTheWay = () => undefined
      await get.close({ wait: false })
    }
  })

  const ways: Record<string, (process: Process) => unknown> = {
    invalidate: ({ get }) => get.invalidate('a'),
    clear: ({ get }) => get.clear(),
    expire: ({ get }) => get.expire('a'),
    'tags.invalidate': ({ tags }) => {
      tags.invalidate('user:a')
      return tags.settled()
    },
    'tags.invalidateAll': ({ tags }) => {
      tags.invalidateAll(['user:a', 'users'])
      return tags.settled()
    },
    'tags.hold': ({ tags }) => tags.hold(['user:a'])(),
  }

  for (const [name, forget] of Object.entries(ways)) {
    describe(`by ${name}`, () => {
      it('reaches the first tiers of all processes and the second', async () => {
        await filled(one, 'a', 'old')
        await two.get('a')

        await forget(one)

        expect(await two.get.peek('a')).to.equal(undefined)
        expect(await loads(two, 'a')).to.equal(true)
        expect(await one.get('a')).to.equal('loaded anew')
      })

      it('counts at once in its own process, before the tier has heard of it', async () => {
        await filled(one, 'a', 'old')
        const held = deferred()
        one.tier.onTheWay = (operation, way) => (way === 'there' && !/^read|write/.test(operation) ? held.promise : 0)
        const forgotten = forget(one)

        const call = one.get('a')
        await turns()
        // The read waits for what was begun before it, and so cannot find what is old.
        expect(one.loads).to.have.length(1)
        held.resolve()
        await forgotten
        await turns()
        one.loads[1]!.resolve('new')

        expect(await call).to.equal('new')
      })

      for (const where of ['the same', 'another'] as const) {
        it(`is not undone by a load that runs in ${where} process`, async () => {
          const loading = where === 'the same' ? one : two
          const call = loading.get('a')
          await turns()

          await forget(one)
          loading.loads[0]!.resolve('old')

          expect(await call).to.equal('old')
          await turns()
          for (const process of [one, two]) expect(await process.get.peek('a')).to.equal(undefined)
          expect(await loads(one, 'a')).to.equal(true)
          expect(await two.get('a')).to.equal('loaded anew')
        })
      }

      it('is not undone by a read that has left before', async () => {
        await filled(one, 'a', 'old')
        const back = deferred()
        two.tier.onTheWay = (operation, way) => (operation === 'read a' && way === 'back' ? back.promise : 0)
        const call = two.get('a')
        await turns()

        await forget(one)
        two.tier.onTheWay = () => 0
        back.resolve()

        await turns()
        // Where tags are to blame, that is known only from what was read, and it is read again.
        two.loads[0]?.resolve('loaded anew')
        expect(await call).to.equal(two.loads.length === 0 ? 'old' : 'loaded anew')
        expect(await two.get.peek('a')).to.not.equal('old')
        await loads(two, 'a')
        expect(await two.get('a')).to.equal('loaded anew')
        expect(await one.get('a')).to.equal('loaded anew')
      })

      it('rejects when the tier fails, and has counted in its own process', async () => {
        await filled(one, 'a', 'old')
        one.tier.onTheWay = () => Promise.reject(new Error('the tier is down'))

        const error = await rejection(forget(one) as Promise<unknown>).catch(() => undefined)

        if (name !== 'tags.hold') expect(error).to.have.property('message', 'the tier is down')
        expect(one.errors).to.deep.include.members([error ?? one.errors[0]])
        expect(one.errors).to.not.equal([])
        expect(await loads(one, 'a')).to.equal(true)
      })
    })
  }

  it('says whether the key was there, in either tier', async () => {
    await filled(one, 'a', 'value')

    expect(await two.get.invalidate('a')).to.equal(true)
    expect(await two.get.invalidate('a')).to.equal(false)
    await filled(one, 'a', 'value')
    expect(await two.get.expire('a')).to.equal(true)
    expect(await one.get.invalidate('a')).to.equal(false)
  })

  it('is what set does to loads that began before, everywhere', async () => {
    const call = two.get('a')
    await turns()

    await one.get.set(['a'], 'set')
    two.loads[0]!.resolve('old')

    expect(await call).to.equal('old')
    await turns()
    expect(await one.get('a')).to.equal('set')
    expect(await two.get('a')).to.equal('set')
    expect(two.get.stats().loads).to.equal(1)
  })

  it('is what refresh does to loads that began before, and what it brings is read everywhere', async () => {
    await filled(one, 'a', 'old')
    await two.get('a')

    const refreshed = one.get.refresh('a')
    await turns()
    expect(await two.get('a')).to.equal('old')
    one.loads[1]!.resolve('new')

    expect(await refreshed).to.equal('new')
    await turns()
    expect(await two.get('a')).to.equal('new')
    expect(two.loads).to.deep.equal([])
  })

  it('keeps a refresh that another one has overtaken from being kept', async () => {
    const first = one.get.refresh('a')
    await turns()
    const second = two.get.refresh('a')
    await turns()
    two.loads[0]!.resolve('second')
    await second
    one.loads[0]!.resolve('first')
    await first
    await turns()

    expect(await one.get('a')).to.equal('second')
    expect(await two.get('a')).to.equal('second')
  })

  it('reaches functions of other tags and of none, over the same tier', async () => {
    const tagless = await startProcess(backend, {})
    const three = await startProcess(backend, { ...options, name: 'user' })
    await filled(one, 'a', 'old')
    expect([await tagless.get('a'), await three.get('a')]).to.deep.equal(['old', 'old'])

    one.tags.invalidate('users')
    await one.tags.settled()

    expect(await tagless.get.peek('a')).to.equal(undefined)
    expect(await three.get.peek('a')).to.equal(undefined)
    await Promise.all([tagless.get.close(), three.get.close()])
  })

  it('of tags is not undone by a value that was on its way into the tier', async () => {
    const late = deferred()
    one.tier.onTheWay = (operation, way) => (operation === 'put a' && way === 'there' ? late.promise : undefined)

    const put = one.get.set(['a'], 'put in before')
    await turns()
    one.tags.invalidate('user:a')
    let settled = false
    const settling = one.tags.settled().then(() => (settled = true))
    await turns()
    expect(settled, 'whether all is done while the value is on its way').to.equal(false)
    late.resolve(undefined)
    await Promise.all([put, settling])

    expect(await loads(one, 'a')).to.equal(true)
    one.l1.clear()
    expect(await two.get('a')).to.equal('loaded anew')
    expect(two.loads).to.have.lengthOf(0)
  })

  it('of tags is not undone by a value that waits for its turn', async () => {
    const late = deferred()
    one.tier.onTheWay = (operation, way) => (operation === 'invalidate a' && way === 'there' ? late.promise : undefined)

    const before = one.get.invalidate('a')
    const put = one.get.set(['a'], 'put in before')
    one.tags.invalidate('user:a')
    await turns()
    late.resolve(undefined)
    await Promise.all([before, put, one.tags.settled()])

    expect(await loads(two, 'a')).to.equal(true)
  })

  it('of tags is waited for by a function that is made while it is under way', async () => {
    const again = cached(tiered(new Map(), one.tier), {
      name: 'again',
      clock,
      tags: one.tags.of((_: unknown, id: string) => [`user:${id}`]),
    })
    const before = again(async (_: string) => 'old')
    await before('a')
    await before.close()
    const late = deferred()
    one.tier.onTheWay = (operation, way) => (operation.startsWith('tags') && way === 'there' ? late.promise : undefined)

    one.tags.invalidate('user:a')
    const after = again(async (_: string) => 'new')
    const call = after('a')
    await turns()
    late.resolve(undefined)

    expect(await call).to.equal('new')
    await after.close()
  })

  it('cannot look through a tier for values', () => {
    expect(() => one.get.invalidateWhere(() => true)).to.throw(
      TypeError,
      'invalidateWhere cannot look through a tier: invalidate by tags, or clear',
    )
  })

  describe('that may have been missed', () => {
    it('is asked for as soon as a connection is there again', async () => {
      await filled(one, 'a', 'old')
      await two.get('a')
      two.tier.disconnect()
      await one.get.invalidate('a')
      expect(await two.get('a')).to.equal('old')

      two.tier.connect()
      await turns()

      expect(await loads(two, 'a')).to.equal(true)
    })

    it('is read no longer than blindTtl, however long the connection is lost', async () => {
      const three = await startProcess(backend, { ...options, tiered: { blindTtl: 1 } })
      await filled(one, 'a', 'old')
      await three.get('a')
      three.tier.disconnect()
      await one.get.invalidate('a')

      while ((await three.get.peek('a')) !== undefined) await turns()

      expect(await loads(three, 'a')).to.equal(true)
      await three.get.close()
    })

    it('is read as long as the entry lives where that is what blindTtl says', async () => {
      const three = await startProcess(backend, { ...options, tiered: { blindTtl: Infinity } })
      await filled(one, 'a', 'old')
      await three.get('a')
      three.tier.disconnect()
      await one.get.invalidate('a')

      expect(await three.get('a')).to.equal('old')
      await three.get.close()
    })

    it('is read by a load that ran without a lease no longer than the gap', async () => {
      two.tier.onTheWay = () => Promise.reject(new Error('the tier is down'))
      two.tier.disconnect()
      const call = two.get('a')
      await turns()
      await one.get.invalidate('a')
      two.tier.onTheWay = () => 0
      two.tier.connect()
      await turns()

      two.loads[0]!.resolve('old')

      expect(await call).to.equal('old')
      expect(await loads(two, 'a')).to.equal(true)
    })

    it('does not hinder a load that runs under a lease', async () => {
      const call = two.get('a')
      await turns()
      two.tier.disconnect()
      two.tier.connect()
      await turns()

      two.loads[0]!.resolve('value')
      await call
      await turns()

      expect(await two.get('a')).to.equal('value')
      expect(await one.get('a')).to.equal('value')
      expect(two.loads).to.have.length(1)
    })

    it('takes the copy of a load under a lease away that it has revoked', async () => {
      const call = two.get('a')
      await turns()
      two.tier.disconnect()
      await one.get.invalidate('a')
      two.loads[0]!.resolve('old')
      await call
      await turns()

      expect(await loads(two, 'a')).to.equal(true)
    })
  })
})
