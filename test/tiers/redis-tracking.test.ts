import { expect } from 'chai'
import { Redis } from 'ioredis'

import { cached, lru, tiered, type Cached } from '../../src/index.ts'
import { redisTier, type RedisTierOptions, type Tier } from '../../src/redis/index.ts'
import { type Connection, clients } from '../support/redis-clients.ts'
import { RedisServer, redisPrograms } from '../support/redis-server.ts'
import { describeTier } from './describe-tier.ts'

let prefixes = 0
const life = { freshFor: 60_000 }
const bytes = (text: string): Uint8Array => Buffer.from(text)
/** Waits for what only time brings. */
const until = async (condition: () => unknown): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}

for (const program of redisPrograms) {
  describe(`redisTier that lets ${program} track keys`, () => {
    let server: RedisServer

    before(async () => {
      server = await RedisServer.start(program)
    })

    after(() => server.stop())

    for (const [name, connect] of Object.entries(clients)) {
      describeTier(name, async () => {
        const prefix = `test ${++prefixes}`
        const closing: (() => void)[] = []
        return {
          async open() {
            const { client, close } = await connect(server.port)
            closing.push(close)
            return redisTier(client, { prefix, checkEvery: 200, backplane: 'tracking', shards: 2 })
          },
          async close() {
            for (const close of closing) close()
          },
        }
      })

      describe(name, () => {
        /** A process: a client, a tier and a function of its own. */
        interface Process {
          readonly connection: Connection
          readonly tier: Tier
          readonly errors: unknown[]
          readonly get: Cached<(id: string) => Promise<string>, any>
          loads: number
        }
        let prefix: string
        let redis: Redis
        let one: Process
        let two: Process
        const processes: Process[] = []

        const start = async (options: RedisTierOptions = {}): Promise<Process> => {
          const connection = await connect(server.port)
          const errors: unknown[] = []
          const onError = (error: unknown): void => void errors.push(error)
          const tier = redisTier(connection.client, {
            prefix,
            checkEvery: 200,
            backplane: 'tracking',
            onError,
            ...options,
          })
          const store = tiered(lru<string>({ max: 100 }), tier, { l2Timeout: 5_000 })
          const get = cached(store, { name: 'user', ttl: 60_000, onError })(async (id: string) => {
            process.loads++
            return `${id} ${process.loads}`
          })
          const process: Process = { connection, tier, errors, get, loads: 0 }
          processes.push(process)
          await until(() => tier.connected)
          return process
        }
        const entryOf = async (id: string): Promise<string> => {
          const [found] = await redis.keys(`{${prefix}:*e:user:${id}`)
          return found!
        }
        const copies = ({ get }: Process): string[] => Array.from(get.store.l1.keys() as Iterable<string>)

        beforeEach(async () => {
          prefix = `test ${++prefixes}`
          redis = new Redis({ port: server.port, host: '127.0.0.1' })
          ;[one, two] = [await start(), await start()]
        })

        afterEach(async () => {
          for (const { get, tier, connection } of processes.splice(0)) {
            await get.close()
            await tier.close()
            connection.close()
          }
          redis.disconnect()
        })

        it('drops copies of what somebody else deletes', async () => {
          await one.get('a')
          expect(await two.get('a')).to.equal('a 1')

          await redis.del(await entryOf('a'))
          await until(() => copies(one).length + copies(two).length === 0)

          expect(await two.get('a')).to.equal('a 1')
          expect(await one.get('a')).to.equal('a 1')
          expect([one.loads, two.loads]).to.deep.equal([1, 1])
        })

        it('drops copies of what ends on the server before its time', async () => {
          await one.get('a')
          await two.get('a')

          await redis.pexpire(await entryOf('a'), 1)

          await until(() => copies(one).length + copies(two).length === 0)
        })

        it('drops copies of what somebody else has written over', async () => {
          await one.get('a')
          await two.get('a')

          await redis.set(await entryOf('a'), 'something else')

          await until(() => copies(one).length + copies(two).length === 0)
          expect(await two.get('a')).to.equal('a 1')
        })

        it('drops all copies when the server is emptied', async () => {
          for (const id of ['a', 'b', 'c']) {
            await one.get(id)
            await two.get(id)
          }
          await redis.flushall()
          const { loads } = one

          await until(async () => {
            await one.get('a')
            return one.loads > loads
          })
        })

        it('keeps copies of what it has written itself, whatever is told of that', async () => {
          const events: unknown[] = []
          one.tier.subscribe((event) => events.push(event))
          await until(() => events.length > 0)

          for (let round = 0; round < 20; round++) {
            await one.get(`${round}`)
            await one.get.set([`${round}`], 'put')
            if (round % 3 === 0) await one.get.invalidate(`${round}`)
            if (round % 3 === 0) await one.get(`${round}`)
          }
          // What the server has told of these came before what it tells of this one.
          await two.get('last')
          await one.get('last')
          await redis.del(await entryOf('last'))
          await until(() => events.length > 1)

          expect(events).to.deep.equal([{ type: 'gap' }, { type: 'keys', space: 'user', keys: ['last'] }])
          expect(copies(one)).to.have.length(20)
        })

        it('tells of what a read has shown that was under way when it changed', async () => {
          const events: unknown[] = []
          const users = one.tier.space('raw')
          const { lease } = await users.read('a')
          await users.write('a', lease!, bytes('1'), life)
          two.tier.subscribe((event) => events.push(event))
          await until(() => events.length > 0)
          const [entry] = await redis.keys(`{${prefix}:*e:raw:a`)

          for (let round = 0; round < 50; round++) {
            await users.put('a', bytes(`${round}`), life)
            events.length = 0
            const [found] = await Promise.all([two.tier.space('raw').read('a'), redis.del(entry!)])
            if (found.state === 'fresh') await until(() => events.length > 0)
            if (found.lease !== undefined) await two.tier.space('raw').release('a', found.lease)
          }
        })

        it('tells of a gap when the connection was lost, and goes on after that', async () => {
          await one.get('a')
          const events: string[] = []
          one.tier.subscribe(({ type }) => events.push(type))
          await until(() => events.length > 0)

          await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
          await until(() => events.includes('lost') && events.at(-1) === 'gap')
          const before = events.length
          await one.get('a')
          await redis.del(await entryOf('a'))

          await until(() => events.length > before)
          expect(events.at(-1)).to.equal('keys')
          await until(() => copies(one).length === 0)
        })

        it('knows of so many copies, and drops the oldest beyond that', async () => {
          const three = await start({ maxTracked: 10 })

          for (let id = 0; id < 30; id++) await three.get(`${id}`)

          await until(() => copies(three).length <= 10)
          expect(copies(three)).to.have.length(10)
          expect(copies(three).at(-1)).to.contain('29')
        })

        it('says so where the server does not do it, and hears of other tiers nevertheless', async () => {
          await redis.call('ACL', 'SETUSER', 'default', '-client|tracking')
          try {
            const three = await start()

            expect(three.errors).to.have.length(1)
            expect(three.errors[0]).to.be.instanceOf(Error).with.property('message').that.contains('tracks no keys')
            await one.get('a')
            await three.get('a')
            await one.get.invalidate('a')
            await until(() => copies(three).length === 0)
          } finally {
            await redis.call('ACL', 'SETUSER', 'default', '+client|tracking')
          }
        })
      })
    }

    it('drops copies of what it evicts', async () => {
      const small = await RedisServer.start(program, '--maxmemory', '4mb', '--maxmemory-policy', 'allkeys-lru')
      const connection = await clients['ioredis']!(small.port)
      const tier = redisTier(connection.client, { backplane: 'tracking' })
      const gone = new Set<string>()
      tier.subscribe((event) => {
        // What the tier itself keeps there may be evicted too, and that is a gap: then no copy counts any more.
        for (const key of event.type === 'keys' ? event.keys : event.type === 'gap' ? ['0'] : []) gone.add(key)
      })
      await until(() => tier.connected)
      const users = tier.space('user')
      await users.put('0', Buffer.alloc(20_000), life)

      gone.clear()
      for (let id = 1; !gone.has('0'); id++) await users.put(`${id}`, Buffer.alloc(20_000), life)

      expect((await users.read('0')).state).to.equal('missing')
      await tier.close()
      connection.close()
      await small.stop()
    })

    it('knows keys by the prefix that the client puts before them', async () => {
      const client = new Redis({ port: server.port, host: '127.0.0.1', keyPrefix: 'app:' })
      const tier = redisTier(client, { prefix: `test ${++prefixes}`, backplane: 'tracking' })
      const events: unknown[] = []
      tier.subscribe((event) => events.push(event))
      await until(() => tier.connected)
      await tier.space('user').put('a', bytes('value'), life)

      const other = new Redis({ port: server.port, host: '127.0.0.1' })
      await other.del(`app:{test ${prefixes}:1.0}:e:user:a`)

      await until(() => events.length > 1)
      expect(events[1]).to.deep.equal({ type: 'keys', space: 'user', keys: ['a'] })
      await tier.close()
      client.disconnect()
      other.disconnect()
    })
  })
}
