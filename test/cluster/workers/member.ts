/**
 * One process of a cluster: a cached function over a tier that all share, in front of files that are its origin. It does
 * what it is told, and ends by itself once nothing is left to do.
 */
import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'

import { Redis } from 'ioredis'

import { cached, lru, Tags, tiered, type Tier } from '../../../src/index.ts'
import { lmdbTier } from '../../../src/lmdb/index.ts'
import { redisTier } from '../../../src/redis/index.ts'
import { turnsOf } from '../turns.ts'

/** What a process is told when it is started, as its only argument. */
export interface Setting {
  readonly kind: 'redis' | 'lmdb'
  /** The port of Redis, or the path of the file. */
  readonly at: string
  /** The folder of the origin: a file for each key, with its version in it. */
  readonly origin: string
  readonly checkEvery: number
  readonly blindTtl: number
  readonly leaseTtl: number
  readonly l2Timeout: number
}

const { kind, at, origin, checkEvery, blindTtl, leaseTtl, l2Timeout } = JSON.parse(process.argv[2]!) as Setting
/** What has been reported lately. */
const reports: string[] = []
const onError = (error: unknown): void => {
  reports.push(String(error))
  if (reports.length > 5) reports.shift()
}
let closeClient = (): void => {}

function open(): Tier {
  if (kind === 'lmdb') return lmdbTier({ path: at, leaseTtl, pollEvery: 5, onError })
  const client = new Redis({ port: Number(at), host: '127.0.0.1', retryStrategy: () => 20, maxRetriesPerRequest: 1 })
  client.on('error', onError)
  closeClient = () => client.disconnect()
  return redisTier(client, { leaseTtl, checkEvery, onError })
}

const files = '/proc/self/fd'
const tier = open()
const tags = new Tags()
let loads = 0
const get = cached(tiered(lru<string>({ max: 1_000 }), tier, { blindTtl, l2Timeout, leaseWait: 2 * leaseTtl }), {
  name: 'get',
  ttl: 60_000,
  tags: tags.of((_: number, key: string) => [`tag of ${key}`]),
  onError,
})(async (key: string) => {
  loads++
  const version = Number(await readFile(join(origin, key), 'utf8'))
  await turnsOf(10)
  return version
})

/** What it can be asked, by name. */
const commands: Record<string, (key: string, count: number) => Promise<unknown>> = {
  get: (key) => get(key),
  async many(key, count) {
    const values = await Promise.all(Array.from({ length: count }, () => get(key)))
    return { values: [...new Set(values)], count: values.length, loads }
  },
  invalidate: (key) => get.invalidate(key),
  async invalidateTag(key) {
    tags.invalidate(`tag of ${key}`)
    await tags.settled()
  },
  stats: async () => get.stats(),
  reports: async () => reports,
  /** What it holds on to: bytes of the heap, and files and connections where the system tells. */
  async footprint() {
    globalThis.gc!()
    await turnsOf(2)
    globalThis.gc!()
    return { heap: process.memoryUsage().heapUsed, files: existsSync(files) ? readdirSync(files).length : 0 }
  },
  async end() {
    await get.close()
    await tier.close()
    closeClient()
    process.disconnect()
  },
}

process.on('message', ({ id, command, key, count }: { id: number; command: string; key: string; count: number }) => {
  const reply = (answer: object): void => void (process.connected && process.send!({ id, ...answer }))
  commands[command]!(key, count).then(
    (result) => reply({ result }),
    (error: unknown) => reply({ error: String(error) }),
  )
})
process.send!({ ready: true })
