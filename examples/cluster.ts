/**
 * `npm run example:cluster`: four processes behind one port, and 1,000 requests at once for a page that nobody has loaded
 * yet. One process loads it; all others wait for that, and answer.
 *
 * With `REDIS_URL` the processes share a Redis or Valkey server, and a file otherwise.
 */
import cluster from 'node:cluster'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'

import { Redis } from 'ioredis'

import { cached, lru, tiered, type Tier } from '../src/index.ts'
import { lmdbTier } from '../src/lmdb/index.ts'
import { redisTier } from '../src/redis/index.ts'

const workers = 4
const requests = 1_000

/** The tier that all processes share, and what gives back what it was made of. */
function openTier(): { tier: Tier; close: () => void } {
  const url = process.env['REDIS_URL']
  if (url === undefined) return { tier: lmdbTier({ path: process.env['CACHE_FILE']! }), close: () => {} }
  const client = new Redis(url)
  return { tier: redisTier(client, { prefix: process.env['CACHE_PREFIX']! }), close: () => client.disconnect() }
}

/** One of the processes that answer. */
async function serve(): Promise<void> {
  const { tier, close } = openTier()
  // Four processes that start at once keep a small machine busy, which is no reason to load twice.
  const store = tiered(lru<string>({ max: 1_000 }), tier, { l2Timeout: 2_000 })
  const getPage = cached(store, { name: 'page', ttl: 60_000 })(async (url: string) => {
    process.send!('a load')
    await delay(100)
    return { url, loadedBy: process.pid }
  })
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const page = await getPage(request.url!)
    response.setHeader('connection', 'close')
    response.end(JSON.stringify({ ...page, servedBy: process.pid }))
  }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(process, 'message')
  server.close()
  await once(server, 'close')
  await getPage.close()
  await tier.close()
  close()
  process.disconnect()
}

/** The process that starts the others and asks them. */
async function ask(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'polycache-example-'))
  let loads = 0
  const ports = await Promise.all(
    Array.from({ length: workers }, async () => {
      const worker = cluster.fork({ CACHE_FILE: join(folder, 'cache.mdb'), CACHE_PREFIX: folder })
      worker.on('message', () => loads++)
      const [{ port }] = (await once(worker, 'listening')) as [{ port: number }]
      return port
    }),
  )

  const answers = await Promise.all(
    Array.from({ length: requests }, async () => {
      const response = await fetch(`http://127.0.0.1:${ports[0]}/cold`)
      return (await response.json()) as { servedBy: number; loadedBy: number }
    }),
  )
  const served = new Set(answers.map(({ servedBy }) => servedBy)).size
  const loaders = new Set(answers.map(({ loadedBy }) => loadedBy)).size
  console.log(`${answers.length} requests answered by ${served} processes, from ${loads} load of ${loaders} process`)

  const all = Object.values(cluster.workers!)
  await Promise.all(
    all.map(async (worker) => {
      const exit = once(worker!, 'exit')
      worker!.send('end')
      await exit
    }),
  )
  rmSync(folder, { recursive: true, force: true })
}

await (cluster.isPrimary ? ask() : serve())
