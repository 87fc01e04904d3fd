import { expect } from 'chai'

import type { Lease, Tier, TierEvent, TierCapabilities, TierRead, TierSpace } from '../../src/tiers/tier.ts'
import { seededRandom } from '../../src/random.ts'
import { rejection } from '../support/rejection.ts'

/** A backend with nothing in it. */
export interface Backend {
  /** Another tier over the same data, as another process has it. */
  open(): Promise<Tier> | Tier
  /** Takes all away that was opened. */
  close(): Promise<void>
}

const life = { freshFor: 60_000 }
const bytes = (text: string): Uint8Array => Buffer.from(text)
const text = (found: TierRead | { bytes: Uint8Array } | undefined): string | undefined => {
  const entry = found !== undefined && 'state' in found ? found.entry : found
  return entry === undefined ? undefined : Buffer.from(entry.bytes).toString()
}
/** Waits for what only time brings. */
const until = async (condition: () => unknown): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Declares the tests that every tier must pass, and those of what it says that it can do. */
export function describeTier(
  name: string,
  create: () => Promise<Backend>,
  can: TierCapabilities = { leases: true, backplane: true },
): void {
  describe(name, () => {
    let backend: Backend
    let tier: Tier
    let elsewhere: Tier
    let users: TierSpace
    let usersElsewhere: TierSpace

    const fill = async (space: TierSpace, key: string, value: string, more: object = {}): Promise<Lease> => {
      const { lease } = await space.read(key)
      expect(lease, `the lease for ${key}`).to.not.equal(undefined)
      expect(await space.write(key, lease!, bytes(value), { ...life, ...more })).to.equal(true)
      return lease!
    }

    beforeEach(async () => {
      backend = await create()
      tier = await backend.open()
      elsewhere = await backend.open()
      users = tier.space('users')
      usersElsewhere = elsewhere.space('users')
    })

    afterEach(async () => {
      await tier.close()
      await elsewhere.close()
      await backend.close()
    })

    describe('an entry', () => {
      it('is missing at first, and whoever asks may load it', async () => {
        const found = await users.read('a')

        expect(found.state).to.equal('missing')
        expect(found.lease).to.have.property('token').that.is.a('string')
        expect(await users.peek('a')).to.equal(undefined)
      })

      it('is read by all processes once it is written, with its tags and times', async () => {
        await fill(users, 'a', 'value', { staleFor: 5_000, tags: ['x', 'y'] })

        for (const space of [users, usersElsewhere]) {
          const { state, entry, lease } = await space.read('a')
          expect(state).to.equal('fresh')
          expect(lease).to.equal(undefined)
          expect(Buffer.from(entry!.bytes).toString()).to.equal('value')
          expect(entry!.tags).to.deep.equal(['x', 'y'])
          expect(entry!.staleFor).to.equal(5_000)
          expect(entry!.freshFor).to.be.within(40_000, 60_000)
          expect(entry!.age).to.be.within(0, 20_000)
          expect(text(await space.peek('a'))).to.equal('value')
        }
      })

      it('may be fresh for ever', async () => {
        await fill(users, 'a', 'value', { freshFor: Infinity })

        const { entry } = await usersElsewhere.read('a')

        expect(entry!.freshFor).to.equal(Infinity)
      })

      it('may be any bytes, none among them, and many', async () => {
        const random = seededRandom(6)
        const large = Buffer.from(Array.from({ length: 300_000 }, () => Math.floor(random() * 256)))
        for (const [key, value] of Object.entries({
          empty: Buffer.alloc(0),
          all: Buffer.from([0, 255, 10, 13]),
          large,
        })) {
          const { lease } = await users.read(key)
          await users.write(key, lease!, value, life)

          const { entry } = await usersElsewhere.read(key)
          expect(Buffer.compare(entry!.bytes, value), key).to.equal(0)
        }
      })

      it('may be given as a part of larger memory', async () => {
        const { lease } = await users.read('a')
        await users.write('a', lease!, Buffer.from('..part..').subarray(2, 6), life)

        expect(text(await users.read('a'))).to.equal('part')
      })

      it('has a key of any text, and no two keys meet', async () => {
        const keys = ['', 'a', 'A', 'a:b', 'a%3Ab', '{a}', 'a}', 'ключ', '🔑', '\ud800', '\udc00', '\ufffd', '\u0092a',
          '\u0092j"\\ud800"', '\0', '__proto__', 'x'.repeat(1000), '\n'] // prettier-ignore
        for (const key of keys) await fill(users, key, `value of ${key.length} ${escape(key)}`)

        for (const key of keys) {
          expect(text(await usersElsewhere.read(key))).to.equal(`value of ${key.length} ${escape(key)}`)
        }
      })

      it('is in its space alone', async () => {
        await fill(tier.space('a'), 'b:c', '1')
        await fill(tier.space('a:b'), 'c', '2')
        await fill(tier.space(''), 'a:b:c', '3')

        expect(text(await elsewhere.space('a').read('b:c'))).to.equal('1')
        expect(text(await elsewhere.space('a:b').read('c'))).to.equal('2')
        expect(text(await elsewhere.space('').read('a:b:c'))).to.equal('3')
      })

      it('is stale after its time and kept for as long as it says, and whoever asks first may load it anew', async () => {
        await fill(users, 'a', 'value', { freshFor: 1, staleFor: 60_000 })
        await until(async () => (await users.peek('a'))!.freshFor <= 0)

        const found = await users.read('a')

        expect(found.state).to.equal('stale')
        expect(text(found)).to.equal('value')
        expect(found.lease).to.not.equal(undefined)
        expect(found.entry!.freshFor).to.be.at.most(0)
      })

      it('leaves after that', async () => {
        await fill(users, 'a', 'value', { freshFor: 1, staleFor: 1 })

        await until(async () => (await usersElsewhere.peek('a')) === undefined)

        expect((await users.read('a')).state).to.equal('missing')
      })

      it('is replaced as a whole', async () => {
        await fill(users, 'a', 'value', { tags: ['x'], freshFor: Infinity, staleFor: 7 })
        const lease = await users.lease('a')

        await users.write('a', lease, bytes('other'), life)

        const { entry } = await usersElsewhere.read('a')
        expect(text(entry)).to.equal('other')
        expect(entry!.tags).to.deep.equal([])
        expect(entry!.staleFor).to.equal(0)
      })
    })

    describe('the fence', () => {
      const invalidating: Record<string, (tier: Tier) => Promise<unknown>> = {
        invalidate: (other) => other.space('users').invalidate('a'),
        expire: (other) => other.space('users').expire('a'),
        clear: (other) => other.space('users').clear(),
        put: (other) => other.space('users').put('a', bytes('put'), life),
        'the invalidation of a tag': (other) => other.invalidateTags(['y', 'x']),
      }

      for (const [what, forget] of Object.entries(invalidating)) {
        it(`keeps a load from writing that began before ${what} here`, async () => {
          const { lease } = await users.read('a')

          await forget(tier)

          expect(await users.write('a', lease!, bytes('old'), { ...life, tags: ['x'] })).to.equal(false)
          expect(text(await users.read('a'))).to.equal(what === 'put' ? 'put' : undefined)
        })

        it(`keeps from every reader what began before ${what} in another process`, async () => {
          const { lease } = await users.read('a')

          await forget(elsewhere)
          const stored = await users.write('a', lease!, bytes('old'), { ...life, tags: ['x'] })

          if (can.leases) expect(stored).to.equal(false)
          for (const space of [users, usersElsewhere]) expect(text(await space.peek('a'))).to.not.equal('old')
        })

        it(`lets a load write that begins after ${what}`, async () => {
          await fill(users, 'a', 'before', { tags: ['x'] })
          await forget(elsewhere)
          const lease = await usersElsewhere.lease('a')

          expect(await usersElsewhere.write('a', lease, bytes('new'), { ...life, tags: ['x'] })).to.equal(true)

          expect(text(await users.read('a'))).to.equal('new')
        })

        it(`shows nothing that was written before ${what}`, async () => {
          await fill(users, 'a', 'before', { tags: ['x'] })

          await forget(elsewhere)

          for (const space of [users, usersElsewhere]) {
            const { state, entry } = await space.read('a')
            expect(state === 'fresh' && text(entry) === 'before').to.equal(false)
          }
        })
      }

      it('lets only what is invalidated go', async () => {
        await fill(users, 'a', '1', { tags: ['x'] })
        await fill(users, 'b', '2', { tags: ['y'] })
        await fill(tier.space('posts'), 'a', '3', { tags: ['x', 'y'] })
        await fill(tier.space('user'), 's', '4')

        await elsewhere.invalidateTags(['x'])
        expect(text(await users.peek('a'))).to.equal(undefined)
        expect(text(await users.peek('b'))).to.equal('2')
        expect(text(await tier.space('posts').peek('a'))).to.equal(undefined)
        await usersElsewhere.clear()
        expect(text(await users.peek('b'))).to.equal(undefined)
        expect(text(await tier.space('user').peek('s'))).to.equal('4')
      })

      it('stops an older load when a newer one has the lease', async () => {
        const { lease: older } = await users.read('a')
        const newer = await users.lease('a')

        expect(await users.write('a', newer, bytes('newer'), life)).to.equal(true)
        expect(await users.write('a', older!, bytes('older'), life)).to.equal(false)

        expect(text(await usersElsewhere.read('a'))).to.equal('newer')
      })

      it('lets a lease write once', async () => {
        const lease = await fill(users, 'a', 'value')

        expect(await users.write('a', lease, bytes('again'), life)).to.equal(false)
      })

      it('believes no token that it has not given', async () => {
        await users.read('a')

        expect(await users.write('a', { token: 'AAAAAAAAAAAAAAAA' }, bytes('x'), life)).to.equal(false)
      })

      it('lets what is put win over everything that began before', async () => {
        await fill(users, 'a', 'value')
        const lease = await users.lease('a')

        await users.put('a', bytes('put'), { ...life, tags: ['x'] })

        expect(await users.write('a', lease, bytes('older'), life)).to.equal(false)
        expect(text(await usersElsewhere.read('a'))).to.equal('put')
        await elsewhere.invalidateTags(['x'])
        expect(text(await users.peek('a'))).to.equal(undefined)
      })
    })

    describe('invalidate and expire', () => {
      it('say whether it was there', async () => {
        expect(await users.invalidate('a')).to.equal(false)
        expect(await users.expire('a')).to.equal(false)
        await fill(users, 'a', 'value', { staleFor: 1_000 })
        expect(await users.expire('a')).to.equal(true)
        expect(await usersElsewhere.invalidate('a')).to.equal(true)
        expect(await users.invalidate('a')).to.equal(false)
      })

      it('make an entry stale as of now, for the window that it has', async () => {
        await fill(users, 'a', 'value', { staleFor: 30_000, freshFor: Infinity, tags: ['x'] })

        await usersElsewhere.expire('a')

        const { state, entry } = await users.read('a')
        expect(state).to.equal('stale')
        expect(text(entry)).to.equal('value')
        expect(entry!.tags).to.deep.equal(['x'])
        expect(entry!.freshFor).to.be.within(-20_000, 0)
      })

      it('leave nothing of an entry that has no such window', async () => {
        await fill(users, 'a', 'value')

        await usersElsewhere.expire('a')

        expect((await users.read('a')).state).to.equal('missing')
      })
    })

    describe('an entry that cannot be read', () => {
      it('is taken out, and whoever found it may load', async () => {
        await fill(users, 'a', 'of another version')
        const { entry } = await users.read('a')

        const found = await users.discard('a', entry!)

        expect(found.state).to.equal('missing')
        expect(await users.write('a', found.lease!, bytes('new'), life)).to.equal(true)
      })

      it('is left alone if it has been replaced meanwhile', async () => {
        await fill(users, 'a', 'of another version')
        const { entry } = await users.read('a')
        await usersElsewhere.put('a', bytes('new'), life)

        expect(text(await users.discard('a', entry!))).to.equal('new')
      })
    })

    describe('a signal', () => {
      it('that has fired starts nothing', async () => {
        const reason = new Error('gone')

        expect(await rejection(users.read('a', { signal: AbortSignal.abort(reason) }))).to.equal(reason)
        expect((await usersElsewhere.read('a')).lease).to.not.equal(undefined)
      })

      it('ends a read at once, and a lease that comes too late is given back', async () => {
        const leaving = new AbortController()
        const reading = users.read('a', { signal: leaving.signal })
        const reason = new Error('gone')
        leaving.abort(reason)

        expect(await rejection(reading)).to.equal(reason)
        await until(async () => (await usersElsewhere.read('a')).lease !== undefined)
      })
    })

    describe('what it is told', () => {
      for (const [what, wrong, message] of [
        ['no time', { freshFor: 0 }, 'freshFor must be more than 0 milliseconds, but got: 0'],
        ['a window that is no number', { freshFor: 1, staleFor: -1 }, 'staleFor must be a number of milliseconds'],
        ['a tag that is no string', { freshFor: 1, tags: [1] }, 'a tag must be a string, but got: 1'],
        [
          'too many tags',
          { freshFor: 1, tags: Array.from({ length: 1001 }, (_, index) => `${index}`) },
          'tags must be at most 1000',
        ],
      ] as const) {
        it(`is refused where it is ${what}`, async () => {
          const { lease } = await users.read('a')

          const error = await rejection(users.write('a', lease!, bytes('x'), wrong as never))

          expect(String(error)).to.contain(message)
        })
      }

      it('may be a thousand tags', async () => {
        await fill(users, 'a', 'value', { tags: Array.from({ length: 1000 }, (_, index) => `tag ${index}`) })
        expect(text(await users.peek('a'))).to.equal('value')

        await elsewhere.invalidateTags(['tag 999'])

        expect(text(await users.peek('a'))).to.equal(undefined)
      })

      it('may be no tags at all', async () => {
        await fill(users, 'a', 'value')

        await tier.invalidateTags([])

        expect(text(await users.peek('a'))).to.equal('value')
      })
    })

    it('does nothing more once it is closed', async () => {
      await tier.close()

      expect(await rejection(users.read('a'))).to.be.instanceOf(Error)
      expect(await rejection(users.invalidate('a'))).to.be.instanceOf(Error)
      await tier.close()
    })

    it('never shows what was invalidated, in whatever order things happen', async () => {
      const random = seededRandom(11)
      const spaces = [users, usersElsewhere]
      const keys = ['a', 'b', 'c']
      const version = new Map(keys.map((key) => [key, 0]))
      const out: { space: TierSpace; key: string; lease: Lease; version: number }[] = []
      const forget = (which: readonly string[]): void => {
        for (const key of which) version.set(key, version.get(key)! + 1)
      }

      for (let step = 0; step < 400; step++) {
        const space = spaces[Math.floor(random() * 2)]!
        const key = keys[Math.floor(random() * 3)]!
        const chance = random()
        if (chance < 0.45) {
          const found = await space.read(key)
          if (found.state === 'fresh') expect(Number(text(found))).to.equal(version.get(key))
          if (found.lease !== undefined) out.push({ space, key, lease: found.lease, version: version.get(key)! })
        } else if (chance < 0.75) {
          const [load] = out.splice(Math.floor(random() * out.length), 1)
          if (load === undefined) continue
          if (random() < 0.2) await load.space.release(load.key, load.lease)
          else {
            const tags = ['all', load.key]
            await load.space.write(load.key, load.lease, bytes(String(load.version)), { ...life, tags })
          }
        } else if (chance < 0.85) {
          forget([key])
          await space.invalidate(key)
        } else if (chance < 0.9) {
          forget([key])
          await (space === users ? tier : elsewhere).invalidateTags([key])
        } else if (chance < 0.93) {
          forget(keys)
          await (space === users ? tier : elsewhere).invalidateTags(['all', 'none'])
        } else if (chance < 0.96) {
          forget(keys)
          await space.clear()
        } else {
          forget([key])
          await space.put(key, bytes(String(version.get(key))), { ...life, tags: ['all', key] })
        }
      }
    })

    it('says what it can do', () => {
      expect(tier.capabilities).to.deep.equal(can)
    })

    if (can.leases) testLeases(() => ({ tier, elsewhere, users, usersElsewhere, backend }), fill)
    if (can.backplane) testBackplane(() => ({ tier, elsewhere, users, usersElsewhere, backend }), fill)
  })
}

interface Setting {
  tier: Tier
  elsewhere: Tier
  users: TierSpace
  usersElsewhere: TierSpace
  backend: Backend
}

type Fill = (space: TierSpace, key: string, value: string, more?: object) => Promise<Lease>

function testLeases(setting: () => Setting, fill: Fill): void {
  describe('leases', () => {
    it('are had by one at a time', async () => {
      const { users, usersElsewhere } = setting()
      const reads = await Promise.all(
        Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? users : usersElsewhere).read('a')),
      )

      expect(reads.filter(({ lease }) => lease !== undefined)).to.have.length(1)
    })

    it('let those who wait have what the holder writes', async () => {
      const { users, usersElsewhere } = setting()
      const { lease } = await users.read('a')
      const waits = Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? users : usersElsewhere).wait('a', { timeout: 10_000 }),
      )

      await users.write('a', lease!, bytes('value'), life)

      for (const found of await Promise.all(waits)) expect(text(found)).to.equal('value')
    })

    it('go to one of those who wait when the holder gives up', async () => {
      const { users, usersElsewhere } = setting()
      const { lease } = await users.read('a')
      const waits = Array.from({ length: 5 }, () => usersElsewhere.wait('a', { timeout: 10_000 }))

      await users.release('a', lease!)
      const next = await Promise.race(waits)

      expect(next.state).to.equal('missing')
      expect(await usersElsewhere.write('a', next.lease!, bytes('second'), life)).to.equal(true)
      const found = await Promise.all(waits)
      expect(found.filter((one) => one.lease !== undefined)).to.have.length(1)
      expect(found.filter((one) => text(one) === 'second')).to.have.length(4)
    })

    for (const [what, forget] of [
      ['invalidate', (space: TierSpace) => space.invalidate('a')],
      ['clear', (space: TierSpace) => space.clear()],
      ['expire', (space: TierSpace) => space.expire('a')],
    ] as const) {
      it(`are to be had at once after ${what}, for a load that begins after it`, async () => {
        const { users, usersElsewhere } = setting()
        await users.read('a')

        await forget(users)

        expect((await usersElsewhere.read('a')).lease).to.not.equal(undefined)
      })
    }

    it('are not given up by one who no longer has them', async () => {
      const { users, usersElsewhere } = setting()
      const { lease: first } = await users.read('a')
      const second = await usersElsewhere.lease('a')

      await users.release('a', first!)

      expect((await users.read('a')).lease).to.equal(undefined)
      expect(await usersElsewhere.write('a', second, bytes('value'), life)).to.equal(true)
    })

    it('end a wait with nothing when the time is up', async () => {
      const { users, usersElsewhere } = setting()
      await users.read('a')

      const found = await usersElsewhere.wait('a', { timeout: 10 })

      expect(found).to.deep.equal({ state: 'missing', entry: undefined, lease: undefined })
    })

    it('let a waiting caller leave', async () => {
      const { users, usersElsewhere } = setting()
      await users.read('a')
      const leaving = new AbortController()
      const waiting = usersElsewhere.wait('a', { timeout: 60_000, signal: leaving.signal })
      const reason = new Error('gone')

      leaving.abort(reason)

      expect(await rejection(waiting)).to.equal(reason)
    })

    it('show those without one what is stale', async () => {
      const { users, usersElsewhere } = setting()
      await fill(users, 'a', 'value', { staleFor: 60_000 })
      await users.expire('a')
      await users.read('a')

      const found = await usersElsewhere.read('a')

      expect(found.state).to.equal('stale')
      expect(found.lease).to.equal(undefined)
      expect(text(found)).to.equal('value')
    })

    it('are not taken by a look', async () => {
      const { users } = setting()
      await users.peek('a')

      expect((await users.read('a')).lease).to.not.equal(undefined)
    })
  })
}

function testBackplane(setting: () => Setting, fill: Fill): void {
  describe('the backplane', () => {
    /** Listens until there is a connection. */
    async function listen(tier: Tier): Promise<{ events: TierEvent[]; end: () => void }> {
      const events: TierEvent[] = []
      const end = tier.subscribe((event) => events.push(event))
      await until(() => tier.connected)
      await until(() => events.length > 0)
      expect(events).to.deep.equal([{ type: 'gap' }])
      events.length = 0
      return { events, end }
    }

    it('tells other processes what is old, and not the one that did it', async () => {
      const { tier, elsewhere, users } = setting()
      const own = await listen(tier)
      const other = await listen(elsewhere)

      await users.invalidate('a')
      await users.expire('b')
      await users.put('c', bytes('value'), life)
      await tier.invalidateTags(['x', 'y'])
      await users.clear()
      await users.write('d', await users.lease('d'), bytes('value'), { ...life, announce: true })
      await fill(users, 'e', 'nobody is told of a hole that is filled')
      await users.invalidate('last')
      const keys = (): string[] => other.events.flatMap((event) => (event.type === 'keys' ? event.keys : []))
      const missed = (): boolean => other.events.some(({ type }) => type === 'gap' || type === 'lost')
      await until(() => (keys().length >= 5 && other.events.length >= 7) || missed())

      expect(missed()).to.equal(false)
      expect(keys().toSorted()).to.deep.equal(['a', 'b', 'c', 'd', 'last'])
      expect(other.events.every((event) => event.type !== 'keys' || event.space === 'users')).to.equal(true)
      // What concerns several parts of a tier may be told once for each.
      expect(other.events).to.deep.include.members([
        { type: 'tags', tags: ['x', 'y'] },
        { type: 'clear', space: 'users' },
      ])
      expect(own.events).to.deep.equal([])
    })

    it('tells nobody any more who has ended it', async () => {
      const { elsewhere, users } = setting()
      const first = await listen(elsewhere)
      const second: TierEvent[] = []
      elsewhere.subscribe((event) => second.push(event))
      first.end()

      await users.invalidate('a')
      await until(() => second.some((event) => event.type === 'keys'))

      expect(first.events).to.deep.equal([])
    })
  })
}
