import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

import { expect } from 'chai'

import { seededRandom } from '../../src/random.ts'
import { CutProxy } from '../support/cut-proxy.ts'
import { clients } from '../support/redis-clients.ts'
import { RedisServer, redisPrograms } from '../support/redis-server.ts'
import { playChaos, type Fault } from './chaos.ts'
import { turnsOf } from './turns.ts'

/*
 * CLUSTER_MS    milliseconds that each history goes on; default 4,000
 * CLUSTER_SEED  the seed of chance; default a new one each time, in the name of each history. What happens at which
 *               moment is not in its hand.
 */
const lasts = Number(process.env['CLUSTER_MS'] ?? 4_000)
const seed = Number(process.env['CLUSTER_SEED'] ?? Date.now() % 2 ** 31)

const checkEvery = 200
const blindTtl = 200
/** After how long a server that hangs counts as lost. */
const hang = 1_000
/** What messages and a loaded machine take. */
const slack = 500

describe('four processes that are killed while their backend suffers', function () {
  this.timeout(lasts + 60_000)
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'polycache-chaos-'))
  })

  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const play = async (kind: 'redis' | 'lmdb', at: string, bound: number, faults: Fault[]) => {
    const random = seededRandom(seed)
    const setting = { kind, at, origin: folder, checkEvery, blindTtl, leaseTtl: 500, l2Timeout: 50 }
    try {
      const counts = await playChaos({ setting, random, keys: 100, lasts, bound, faults })
      expect(counts['reads']).to.be.at.least(100)
      expect(counts['writes']).to.be.at.least(10)
      expect(counts['kills']).to.be.at.least(1)
    } catch (error) {
      throw new Error(`${String(error)}; to play it again: CLUSTER_SEED=${seed} CLUSTER_MS=${lasts}`, { cause: error })
    }
  }

  it(`read nothing that was invalidated, over lmdbTier, by the seed ${seed}`, async () => {
    await play('lmdb', join(folder, 'cache.mdb'), slack, [])
  })

  for (const program of redisPrograms) {
    it(`read nothing that was invalidated, over redisTier over ${program}, by the seed ${seed}`, async () => {
      const server = await RedisServer.start(program, '--appendonly', 'yes')
      const command = async (...words: string[]): Promise<void> => {
        const { command: send, close } = await clients['ioredis']!(server.port)
        await send(...words).catch(() => {})
        close()
      }
      const proxy = await CutProxy.start(server.port)
      const faults: Fault[] = [
        async (random) => {
          server.signal('SIGSTOP')
          await turnsOf(random() < 0.5 ? 100 : hang)
          server.signal('SIGCONT')
        },
        async () => {
          await server.kill()
          await turnsOf(50)
          await server.start()
        },
        () => server.startAnew(),
        async () => proxy.cut(),
        async () => {
          await command('FLUSHALL')
          await command('SCRIPT', 'FLUSH')
        },
        () => command('CLIENT', 'KILL', 'TYPE', 'pubsub'),
        () => command('CLIENT', 'KILL', 'TYPE', 'normal'),
      ]
      try {
        await play('redis', String(proxy.port), hang + 2 * checkEvery + blindTtl + slack, faults)
        expect(proxy.connections, 'connections when all processes have ended').to.equal(0)
      } finally {
        await proxy.stop()
        await server.stop()
      }
    })
  }
})
