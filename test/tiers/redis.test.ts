import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient } from 'redis'

import { redisTier, type RedisClient, type RedisTierOptions } from '../../src/redis/index.ts'
import { RedisServer, redisPrograms } from '../support/redis-server.ts'
import { type Backend, describeTier } from './describe-tier.ts'

/** How each client is made and closed. */
export const clients: Record<string, (port: number) => Promise<{ client: RedisClient; close: () => void }>> = {
  async ioredis(port) {
    const client = new Redis({ port, host: '127.0.0.1' })
    client.on('error', () => {})
    return { client, close: () => client.disconnect() }
  },
  async 'node-redis'(port) {
    const client = createClient({ url: `redis://127.0.0.1:${port}` })
    client.on('error', () => {})
    await client.connect()
    return { client, close: () => client.destroy() }
  },
  async iovalkey(port) {
    const client = new Valkey({ port, host: '127.0.0.1' })
    client.on('error', () => {})
    return { client, close: () => client.disconnect() }
  },
}

if (redisPrograms.length === 0) it.skip('redisTier: redis-server is not installed')

for (const program of redisPrograms) {
  describe(`redisTier over ${program}`, () => {
    let server: RedisServer
    let spaces = 0

    before(async () => {
      server = await RedisServer.start(program)
    })

    after(() => server.stop())

    for (const [name, connect] of Object.entries(clients)) {
      describeTier(name, () => backendOf(connect, {}))
    }
    describeTier('keys spread over several hash tags', () => backendOf(clients['ioredis']!, { shards: 5 }))

    async function backendOf(
      connect: (port: number) => Promise<{ client: RedisClient; close: () => void }>,
      options: RedisTierOptions,
    ): Promise<Backend> {
      const prefix = `test ${++spaces}`
      const closing: (() => void)[] = []
      return {
        async open() {
          const { client, close } = await connect(server.port)
          closing.push(close)
          return redisTier(client, { prefix, checkEvery: 50, ...options })
        },
        async close() {
          for (const close of closing) close()
        },
      }
    }
  })
}
