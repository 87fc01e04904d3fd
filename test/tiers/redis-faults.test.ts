import process from 'node:process'

import { expect } from 'chai'
import fc from 'fast-check'

import { seededRandom } from '../../src/random.ts'
import { redisTier, type RedisTierOptions } from '../../src/redis/index.ts'
import type { Tier, TierEvent, TierSpace } from '../../src/tiers/tier.ts'
import { clients, type Connection } from '../support/redis-clients.ts'
import { RedisServer, redisPrograms } from '../support/redis-server.ts'
import { rejection } from '../support/rejection.ts'
import { playHistory } from './history.ts'

const seeds = [Number(process.env['HISTORY_SEED'] ?? Math.floor(Math.random() * 2 ** 31))]
const life = { freshFor: 60_000 }
const bytes = Buffer.from('value')
const until = async (condition: () => unknown): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}
/** Tries until the server answers again. */
const again = async <T>(action: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await action()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}
const stateOf = async (space: TierSpace, key: string): Promise<string> =>
  (await space.peek(key)) ? 'there' : 'missing'

if (redisPrograms.length === 0) it.skip('redisTier and what goes wrong: redis-server is not installed')

for (const program of redisPrograms) {
  for (const clientName of Object.keys(clients)) {
    describe(`redisTier over ${clientName}, when ${program}`, function () {
      this.timeout(30_000 + Number(process.env['HISTORY_MS'] ?? 0))
      let server: RedisServer
      let tier: Tier
      let elsewhere: Tier
      let users: TierSpace
      let usersElsewhere: TierSpace
      let connection: Connection
      const opened: { close(): unknown }[] = []
      const errors: unknown[] = []

      const open = async (options: RedisTierOptions = {}): Promise<[Tier, Connection]> => {
        const made = await clients[clientName]!(server.port)
        const onError = (error: unknown): void => void errors.push(error)
        const one = redisTier(made.client, { prefix: 'p', checkEvery: 100, onError, ...options })
        opened.push(one, made)
        return [one, made]
      }
      const fill = async (key: string, more: object = {}): Promise<void> => {
        const lease = await users.lease(key)
        expect(await users.write(key, lease, bytes, { ...life, ...more })).to.equal(true)
      }
      const listen = async (one: Tier): Promise<TierEvent[]> => {
        const events: TierEvent[] = []
        one.subscribe((event) => events.push(event))
        await until(() => one.connected && events.length > 0)
        events.length = 0
        return events
      }
      const command = (...words: string[]): Promise<unknown> => connection.command(...words)

      beforeEach(async () => {
        errors.length = 0
        server = await RedisServer.start(program)
        ;[tier, connection] = await open()
        ;[elsewhere] = await open()
        users = tier.space('users')
        usersElsewhere = elsewhere.space('users')
      })

      afterEach(async () => {
        for (const one of opened.splice(0)) await one.close()
        await server.stop()
      })

      it('forgets its scripts, goes on', async () => {
        await fill('a')
        await command('SCRIPT', 'FLUSH')

        expect((await users.read('a')).state).to.equal('fresh')
        await command('SCRIPT', 'FLUSH')
        expect(await usersElsewhere.invalidate('a')).to.equal(true)
        await command('SCRIPT', 'FLUSH')
        const { lease } = await users.read('a')
        await command('SCRIPT', 'FLUSH')
        expect(await users.write('a', lease!, bytes, life)).to.equal(true)
      })

      it('is restarted without its data, lets no load write that began before', async () => {
        await fill('a')
        const { lease } = await users.read('b')
        await server.kill()
        await server.start()

        expect(await again(() => users.write('b', lease!, bytes, life))).to.equal(false)
        expect(await again(() => stateOf(usersElsewhere, 'a'))).to.equal('missing')
        await fill('a')
        expect(await stateOf(usersElsewhere, 'a')).to.equal('there')
      })

      it('is restarted with old data, brings back nothing that was invalidated', async () => {
        await fill('key')
        await fill('tagged', { tags: ['x'] })
        await fill('expired', { staleFor: 60_000 })
        const { lease } = await users.read('loading')
        await command('SAVE')
        await users.invalidate('key')
        await tier.invalidateTags(['x'])
        await users.expire('expired')
        await users.invalidate('loading')
        await server.kill()
        await server.start()

        // Only the second process looks first: it must not believe what it sees.
        for (const key of ['key', 'tagged', 'expired']) {
          expect(await again(() => stateOf(usersElsewhere, key)), key).to.equal('missing')
        }
        expect(await again(() => users.write('loading', lease!, bytes, life))).to.equal(false)
        await fill('key')
        expect(await stateOf(usersElsewhere, 'key')).to.equal('there')
      })

      it('is away, rejects an invalidation, and owes it until it is back', async () => {
        await fill('a')
        await fill('b', { tags: ['x'] })
        await fill('c', { staleFor: 60_000 })
        await fill('d')
        await command('SAVE')
        await server.kill()
        await until(async () => (await rejection(command('PING')).catch(() => undefined)) !== undefined)

        const failed = await Promise.all([
          rejection(users.invalidate('a')),
          rejection(tier.invalidateTags(['x'])),
          rejection(users.expire('c')),
          rejection(users.put('d', Buffer.from('new'), life)),
          rejection(users.read('a')),
        ])
        for (const error of failed) expect(error).to.be.instanceOf(Error)
        await server.start()

        for (const key of ['a', 'b', 'c', 'd']) expect(await again(() => stateOf(users, key)), key).to.equal('missing')
        for (const key of ['a', 'b', 'c', 'd'])
          expect(await again(() => stateOf(usersElsewhere, key))).to.equal('missing')
      })

      it('is away, pays what it owes by itself when it is back', async () => {
        const events = await listen(elsewhere)
        await fill('a')
        await command('SAVE')
        await server.kill()
        await until(async () => (await rejection(command('PING')).catch(() => undefined)) !== undefined)
        await rejection(users.invalidate('a'))
        await server.start()

        // Nobody asks the first tier for anything.
        await until(
          () => events.some((event) => event.type === 'keys') || events.filter((e) => e.type === 'gap').length > 0,
        )
        expect(await again(() => stateOf(usersElsewhere, 'a'))).to.equal('missing')
      })

      it('hangs, tells that events are lost, and then that some may have been missed', async () => {
        await fill('a')
        const events = await listen(tier)
        server.signal('SIGSTOP')
        await until(() => events.length > 0)
        expect(events).to.deep.equal([{ type: 'lost' }])
        expect(tier.connected).to.equal(false)

        const reason = new Error('too slow')
        expect(await rejection(users.read('a', { signal: AbortSignal.abort(reason) }))).to.equal(reason)
        const leaving = new AbortController()
        const reading = users.read('b', { signal: leaving.signal })
        leaving.abort(reason)
        expect(await rejection(reading)).to.equal(reason)
        const invalidating = elsewhere.space('users').invalidate('a')
        server.signal('SIGCONT')

        await invalidating
        expect(await stateOf(users, 'a')).to.equal('missing')
        await until(() => events.some(({ type }) => type === 'gap'))
        expect(tier.connected).to.equal(true)
        await until(async () => (await usersElsewhere.read('b')).lease !== undefined)
      })

      it('cuts the connection of the backplane, tells of the gap', async () => {
        const events = await listen(tier)
        await command('CLIENT', 'KILL', 'TYPE', 'pubsub')
        await usersElsewhere.invalidate('a')

        await until(() => events.at(-1)?.type === 'gap')
        expect(events[0]).to.deep.equal({ type: 'lost' })
        events.length = 0
        await usersElsewhere.invalidate('b')
        await until(() => events.length > 0)
        expect(events).to.deep.equal([{ type: 'keys', space: 'users', keys: ['b'] }])
      })

      it('cuts all connections in the middle of things, loses no invalidation', async () => {
        const events = await listen(elsewhere)
        for (let round = 0; round < 5; round++) {
          await again(() => fill(`k${round}`))
          events.length = 0
          const cut = command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no').catch(() => {})
          const invalidated = users.invalidate(`k${round}`).then(
            () => true,
            () => false,
          )
          await cut
          const returned = await invalidated

          // Whether or not it said so, the process that invalidated it does not see it again.
          expect(await again(() => stateOf(users, `k${round}`))).to.equal('missing')
          if (returned) expect(await again(() => stateOf(usersElsewhere, `k${round}`))).to.equal('missing')
        }
      })

      it('lost a message on the way, tells of the gap at the next one, or without one a little later', async () => {
        const events = await listen(tier)
        const [fence] = (await command('KEYS', '*:f')) as [unknown]
        await command('HINCRBY', String(fence), 'sent', '1')
        await usersElsewhere.invalidate('a')
        await until(() => events.some(({ type }) => type === 'gap'))

        events.length = 0
        await command('HINCRBY', String(fence), 'sent', '1')
        await until(() => events.some(({ type }) => type === 'gap'))
        expect(events).to.deep.equal([{ type: 'gap' }])
      })

      for (const seed of seeds) {
        it(`suffers all of it at once, shows nothing that was invalidated (seed ${seed}; HISTORY_SEED replays it)`, async () => {
          const random = seededRandom(seed)
          const [third] = await open()
          const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, random() * 60))
          const bad: (() => Promise<unknown>)[] = [
            () => command('SAVE'),
            () => command('SCRIPT', 'FLUSH'),
            () => command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no'),
            () => command('CLIENT', 'KILL', 'TYPE', 'pubsub'),
            () => command('FLUSHALL'),
            async () => {
              server.signal('SIGSTOP')
              await pause()
              server.signal('SIGCONT')
            },
            async () => {
              await server.kill()
              await pause()
              await server.start()
            },
          ]
          const fault = async (): Promise<void> => {
            await pause()
            await bad[Math.floor(random() * bad.length)]!().catch(() => {})
          }

          const counts = await playHistory({
            tiers: [tier, elsewhere, third],
            random,
            lasts: Number(process.env['HISTORY_MS'] ?? 2_000),
            fault,
          })

          // A history in which nothing happens shows nothing.
          for (const what of ['fresh', 'loads', 'writes', 'invalidations', 'faults']) {
            expect(counts[what], JSON.stringify(counts)).to.be.greaterThan(5)
          }
        })
      }

      it('is given messages of somebody else, tells nothing of them', async () => {
        const events = await listen(tier)
        for (const text of [
          '',
          'text',
          '[]',
          '{}',
          '["x",0,"1","key","users","a"]',
          '["x",7,1,"key","users","a"]',
          '["x",0,1,"key",1,2]',
          '["x",0,1,"tags",[1]]',
          '["x",0,1,"clear"]',
          '["x",0,1,"forged","users"]',
        ]) {
          // prettier-ignore
          await command('PUBLISH', 'p:backplane', text)
        }
        await usersElsewhere.invalidate('a')
        await until(() => events.length > 0)

        expect(events).to.deep.equal([{ type: 'keys', space: 'users', keys: ['a'] }])
      })

      for (const [what, destroy] of [
        ['the fence', async () => command('DEL', ...((await command('KEYS', '*:f')) as unknown[]).map(String))],
        ['everything', async () => command('FLUSHALL')],
      ] as const) {
        it(`has evicted ${what}, brings back nothing that was invalidated`, async () => {
          await fill('a', { tags: ['x'] })
          await fill('b')
          const { lease } = await users.read('c')
          await tier.invalidateTags(['x'])

          await destroy()

          for (const key of ['a', 'b']) expect(await stateOf(usersElsewhere, key)).to.equal('missing')
          expect(await users.write('c', lease!, bytes, life)).to.equal(false)
          await fill('b')
          expect(await stateOf(usersElsewhere, 'b')).to.equal('there')
        })
      }

      it('has many marks, forgets old ones rather than what they invalidated', async () => {
        const [few] = await open({ prefix: 'few', maxMarks: 10 })
        const [other] = await open({ prefix: 'few', maxMarks: 10 })
        const space = few.space('users')
        const put = (key: string, tags: string[]): Promise<void> => space.put(key, bytes, { ...life, tags })
        await put('dead', ['t0'])
        await put('old', [])
        for (let tag = 0; tag < 12; tag++) await few.invalidateTags([`t${tag}`])
        await put('young', ['t0', 't20'])
        for (let tag = 12; tag < 16; tag++) await few.invalidateTags([`t${tag}`])
        expect(await stateOf(other.space('users'), 'young')).to.equal('there')
        await few.invalidateTags(['t0'])
        expect(await stateOf(other.space('users'), 'young')).to.equal('missing')
        await put('next', ['t30'])

        for (let tag = 30; tag < 60; tag++) await few.invalidateTags([`t${tag}`])

        for (const key of ['dead', 'old', 'young', 'next']) {
          expect(await stateOf(other.space('users'), key), key).to.equal('missing')
        }
        const [fence] = (await command('KEYS', '{few*:f')) as [unknown]
        expect(Number(await command('HLEN', String(fence)))).to.be.at.most(20)

        // Where the older marks are lost, what they may have invalidated is.
        await put('last', [])
        for (let tag = 70; tag < 80; tag++) await few.invalidateTags([`t${tag}`])
        await command('DEL', String(fence).replace(/f$/, 'm'))
        expect(await stateOf(other.space('users'), 'last')).to.equal('missing')
      })

      describe('has a value that is damaged or of somebody else', () => {
        const keyOf = async (): Promise<string> => String(((await command('KEYS', '*e:users:a')) as unknown[])[0])

        for (const [what, forge] of [
          ['a text', (key: string) => command('SET', key, 'a text of somebody else '.repeat(10))],
          ['nothing', (key: string) => command('SET', key, '')],
          ['a list', async (key: string) => [await command('DEL', key), await command('RPUSH', key, 'x')]],
          ['a part', (key: string) => command('SETRANGE', key, '60', '\u0000\u007f')],
          ['tags without an end', (key: string) => command('SETRANGE', key, '62', '~~~~')],
        ] as const) {
          it(`takes ${what} for a miss, and goes on`, async () => {
            await fill('a', { tags: ['x', 'y'] })
            await forge(await keyOf())

            expect(await stateOf(usersElsewhere, 'a')).to.equal('missing')
            const { state, lease } = await users.read('a')
            expect(state).to.equal('missing')
            expect(await users.write('a', lease!, bytes, life)).to.equal(true)
            expect(await stateOf(usersElsewhere, 'a')).to.equal('there')
          })
        }

        it('says where it was', async () => {
          await fill('a', { tags: ['x', 'y'] })
          await command('SETRANGE', await keyOf(), '70', '~')

          expect((await users.read('a')).state).to.equal('missing')

          expect(String(errors[0])).to.match(/the entry in Redis under ".*e:users:a" was damaged/)
        })

        it('takes a lease of another kind for none', async () => {
          const { lease } = await users.read('a')
          const key = String(((await command('KEYS', '*l:users:a')) as unknown[])[0])
          for (const forge of [
            () => command('SET', key, 'text'),
            async () => [await command('DEL', key), await command('RPUSH', key, 'x')],
          ]) {
            await forge()
            expect(await users.write('a', lease!, bytes, life)).to.equal(false)
            expect((await users.read('a')).lease).to.not.equal(undefined)
          }
        })

        it('gives what was written or nothing, whatever bytes of the head were changed', async () => {
          await fill('a', { tags: ['x', 'y'], staleFor: 1_000 })
          const key = await keyOf()
          const whole = await users.peek('a')
          const length = Number(await command('STRLEN', key))
          await command('RENAME', key, 'whole')
          await fc.assert(
            fc.asyncProperty(
              fc.array(fc.tuple(fc.nat(length - bytes.length - 1), fc.nat(127)), { minLength: 1, maxLength: 3 }),
              fc.boolean(),
              async (changes, looks) => {
                await command('COPY', 'whole', key, 'REPLACE')
                for (const [at, byte] of changes) await command('SETRANGE', key, String(at), String.fromCharCode(byte))

                const found = looks ? await users.peek('a') : (await users.read('a')).entry

                if (found === undefined) return
                expect(Buffer.from(found.bytes).equals(Buffer.from(whole!.bytes))).to.equal(true)
                expect(found.tags).to.deep.equal(whole!.tags)
                expect(found.staleFor).to.equal(whole!.staleFor)
              },
            ),
            { numRuns: 150 },
          )
        })
      })
    })
  }
}
