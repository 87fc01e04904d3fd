import { expect } from 'chai'

import { redisTier, type IoRedisLike, type RedisTierOptions } from '../../src/redis/index.ts'
import { type Connect, clients, clusterClients } from '../support/redis-clients.ts'
import { RedisServer, redisPrograms } from '../support/redis-server.ts'
import { type Backend, describeTier } from './describe-tier.ts'

let spaces = 0

async function backendOf(port: number, connect: Connect, options: RedisTierOptions): Promise<Backend> {
  const prefix = `test ${++spaces}`
  const closing: (() => void)[] = []
  return {
    async open() {
      const { client, close } = await connect(port)
      closing.push(close)
      return redisTier(client, { prefix, checkEvery: 200, ...options })
    },
    async close() {
      for (const close of closing) close()
    },
  }
}

if (redisPrograms.length === 0) it.skip('redisTier: redis-server is not installed')

for (const program of redisPrograms) {
  describe(`redisTier over ${program}`, () => {
    let server: RedisServer

    before(async () => {
      server = await RedisServer.start(program)
    })

    after(() => server.stop())

    for (const [name, connect] of Object.entries(clients)) {
      describeTier(name, () => backendOf(server.port, connect, {}))
    }
    describeTier('keys with several hash tags', () => backendOf(server.port, clients['ioredis']!, { shards: 5 }))

    it('lets those who wait look by themselves where they cannot subscribe', async () => {
      const { client, close } = await clients['ioredis']!(server.port)
      const prefix = `test ${++spaces}`
      const withoutMessages = {
        callBuffer: (...words: never[]) => (client as IoRedisLike).callBuffer(...words),
        on: () => {},
        off: () => {},
        duplicate: () => {
          throw new Error('no connections of one’s own')
        },
      }
      const tier = redisTier(client, { prefix })
      const elsewhere = redisTier(withoutMessages, { prefix })
      const { lease } = await tier.space('users').read('a')
      const waiting = elsewhere.space('users').wait('a', { timeout: 10_000 })

      await tier.space('users').write('a', lease!, Buffer.from('value'), { freshFor: 60_000 })

      expect((await waiting).state).to.equal('fresh')
      expect(elsewhere.connected).to.equal(false)
      await tier.close()
      await elsewhere.close()
      close()
    })

    describe('round trips', () => {
      /** How many commands clients have sent since, apart from those of the test and of new connections. */
      const commandsOf = async (action: () => Promise<unknown>): Promise<number> => {
        const { command, close } = await clients['ioredis']!(server.port)
        await command('CONFIG', 'RESETSTAT')
        await action()
        const stats = String(await command('INFO', 'commandstats'))
        close()
        const calls = Array.from(stats.matchAll(/cmdstat_(eval|evalsha):calls=(\d+)/g), ([, , count]) => Number(count))
        return calls.reduce((sum, count) => sum + count, 0)
      }

      it('are one for a hit, with tags or without, and two for a miss and its write', async () => {
        const { client, close } = await clients['ioredis']!(server.port)
        const tier = redisTier(client, { prefix: `test ${++spaces}` })
        const users = tier.space('users')
        const miss = async (key: string, tags: string[]): Promise<void> => {
          const { lease } = await users.read(key)
          await users.write(key, lease!, Buffer.from('value'), { freshFor: 60_000, tags })
        }
        await miss('warm', [])

        expect(await commandsOf(() => miss('a', []))).to.equal(2)
        expect(await commandsOf(() => miss('b', ['x', 'y']))).to.equal(2)
        expect(await commandsOf(() => users.read('a'))).to.equal(1)
        expect(await commandsOf(() => users.read('b'))).to.equal(1)
        expect(await commandsOf(() => users.invalidate('a'))).to.equal(1)
        expect(await commandsOf(() => tier.invalidateTags(['x', 'y', 'z']))).to.equal(1)
        expect(await commandsOf(() => users.clear())).to.equal(1)
        await tier.close()
        close()
      })
    })
  })

  describe(`redisTier over a cluster of ${program}`, function () {
    this.timeout(60_000)
    const nodes: RedisServer[] = []

    before(async () => {
      for (let node = 0; node < 2; node++) {
        // Nodes cut the link between them, and what is published meanwhile, when one is silent for half of this: a machine
        // that is busy must not look like that.
        nodes.push(await RedisServer.start(program, '--cluster-enabled', 'yes', '--cluster-node-timeout', '60000'))
      }
      const connections = await Promise.all(nodes.map(({ port }) => clients['ioredis']!(port)))
      const [first, second] = connections
      await first!.command('CLUSTER', 'ADDSLOTSRANGE', '0', '8000')
      await second!.command('CLUSTER', 'ADDSLOTSRANGE', '8001', '16383')
      await first!.command('CLUSTER', 'MEET', '127.0.0.1', String(nodes[1]!.port))
      for (const { command } of connections) {
        const ready = async (): Promise<boolean> => {
          const info = String(await command('CLUSTER', 'INFO'))
          return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:2')
        }
        while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, 20))
      }
      for (const { close } of connections) close()
    })

    after(async () => {
      for (const node of nodes) await node.stop()
    })

    for (const [name, connect] of Object.entries(clusterClients)) {
      describeTier(name, () => backendOf(nodes[0]!.port, connect, { shards: 4 }))
    }
  })
}

describe('redisTier', () => {
  const client = { callBuffer: async () => [], duplicate: () => client, on: () => client, off: () => client }
  for (const [make, message] of [
    [() => redisTier({} as never), 'client must be a client of ioredis, iovalkey or node-redis (npm install ioredis)'],
    [() => redisTier(undefined as never), 'but got: undefined'],
    [() => redisTier(client, { prefix: '{a}' }), 'prefix must be a string that is not empty and has no braces'],
    [() => redisTier(client, { prefix: '' }), 'prefix must be a string that is not empty and has no braces'],
    [() => redisTier(client, { shards: 0 }), 'shards must be a positive integer, but got: 0'],
    [() => redisTier(client, { leaseTtl: 1.5 }), 'leaseTtl must be a positive integer, but got: 1.5'],
    [() => redisTier(client, { checkEvery: -1 }), 'checkEvery must be a positive integer, but got: -1'],
    [() => redisTier(client, { maxMarks: 0 }), 'maxMarks must be a positive integer, but got: 0'],
    [() => redisTier(client, { backplane: 'none' as never }), "backplane must be 'pubsub' or 'tracking'"],
    [
      () => redisTier({ ...client, isCluster: true } as never, { backplane: 'tracking' }),
      "backplane must be 'pubsub' where the client is of a cluster",
    ],
    [
      () =>
        redisTier({ ...client, callBuffer: 1, sendCommand: () => {}, slots: [] } as never, { backplane: 'tracking' }),
      "backplane must be 'pubsub' where the client is of a cluster",
    ],
    [() => redisTier(client, { maxTracked: 0 }), 'maxTracked must be a positive integer, but got: 0'],
    [() => redisTier(client, { onError: 1 } as never), 'onError must be a function, but got: 1'],
    [() => redisTier(client, { ttl: 1 } as never), 'an option of redisTier must be one of prefix, shards'],
  ] as const) {
    it(`says: ${message}`, () => {
      expect(make).to.throw(message)
    })
  }
})
