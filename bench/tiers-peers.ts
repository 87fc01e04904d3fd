/**
 * `npm run bench:tiers:peers`: two tiers, memory and Redis, of this and of other packages, over the same server. Each is
 * measured beside what the client that it uses takes for the same by hand, within one run; the median of their ratios
 * counts. Needs redis-server.
 */
import { Redis } from 'ioredis'
import { createClient } from 'redis'

import { cached, lru, tiered } from '../src/index.ts'
import { redisTier, type RedisClient } from '../src/redis/index.ts'
import { RedisServer } from '../test/support/redis-server.ts'
import { compare, heading, type Call } from './blocks.ts'

type Load = (key: string) => Promise<unknown>

/** A cache, and what the client behind it does by hand. */
interface Subject {
  get(key: string): Promise<unknown>
  read(key: string): Promise<string | null>
  write(key: string, text: string): Promise<unknown>
  close(): Promise<unknown>
}

/** @param max how many entries the first tier holds */
type Create = (port: number, max: number, load: Load) => Promise<Subject>

const user = { id: 42, name: 'Ada', tags: ['a', 'b'], since: 1_700_000_000, address: { city: 'London', zip: 'NW1' } }
const keys = Array.from({ length: 500 }, (_, index) => `user ${index}`)

/** Without a bound on how long Redis may take, which the others do not have. */
const polycache = (client: RedisClient, name: string, max: number, load: Load): Pick<Subject, 'get' | 'close'> => {
  const tier = redisTier(client, { prefix: name })
  const get = cached(tiered(lru<string>({ max }), tier, { l2Timeout: 10_000 }), {
    name: `${name}${max}`,
    ttl: 3_600_000,
  })(load)
  return {
    get,
    close: async () => {
      await get.close()
      await tier.close()
    },
  }
}

const overIoredis: Create = async (port, max, load) => {
  const client = new Redis({ port, host: '127.0.0.1' })
  const { get, close } = polycache(client, 'io', max, load)
  return {
    get,
    read: (key) => client.get(key),
    write: (key, text) => client.set(key, text, 'PX', 3_600_000),
    close: () => close().then(() => client.disconnect()),
  }
}

const overNodeRedis: Create = async (port, max, load) => {
  const client = await createClient({ url: `redis://127.0.0.1:${port}` }).connect()
  const { get, close } = polycache(client, 'node', max, load)
  return {
    get,
    read: (key) => client.get(key),
    write: (key, text) => client.set(key, text, { PX: 3_600_000 }),
    close: () => close().then(() => client.destroy()),
  }
}

/** What a row is made of, told from the cache: what is measured, and beside what. */
interface Row {
  readonly name: string
  /** How many entries the first tier holds; with one, each of many keys is found in the second only. */
  readonly max: number
  readonly calls: number
  readonly atOnce: number
  readonly isMiss?: true
  /** Whether it is about the first tier, which not all have. */
  readonly inMemory?: true
  subject(subject: Subject): Call
  baseline(subject: Subject): Call
}

const nextOf = (): (() => string) => {
  let turn = 0
  return () => keys[turn++ % keys.length]!
}

const byHand =
  ({ read }: Subject): Call =>
  async () =>
    JSON.parse((await read('bare'))!) as unknown

const hits = ({ get }: Subject): Call => {
  const next = nextOf()
  return () => get(next())
}

let fresh = 0
const text = JSON.stringify(user)

const rows: readonly Row[] = [
  {
    name: 'hit in memory : an async function',
    max: 1_000,
    calls: 20_000,
    atOnce: 1,
    inMemory: true,
    subject: hits,
    baseline: () => async () => user,
  },
  { name: 'hit in Redis : GET and JSON.parse', max: 1, calls: 200, atOnce: 1, subject: hits, baseline: byHand },
  { name: 'the same, 50 at once', max: 1, calls: 500, atOnce: 50, subject: hits, baseline: byHand },
  {
    name: 'miss and load : GET, load, SET',
    max: 1_000,
    calls: 100,
    atOnce: 1,
    isMiss: true,
    subject:
      ({ get }) =>
      () =>
        get(`fresh ${fresh++}`),
    baseline:
      ({ read, write }) =>
      async () => {
        await read(`bare ${fresh++}`)
        await write(`bare ${fresh}`, text)
      },
  },
]

// What has no types is imported by names that the compiler does not follow. Packages of compare/ are found from a file there.
const untyped: Record<'processes' | 'tiers', string> = {
  processes: './processes.mjs',
  tiers: './compare/adapters/tiers.mjs',
}
const { installPeers } = (await import(untyped.processes)) as { installPeers(): void }
installPeers()
const peers = (await import(untyped.tiers)) as Record<string, Create>
const subjects: Record<string, Create> = {
  'polycache (ioredis)': overIoredis,
  'bentocache (ioredis)': peers['bentocache']!,
  'polycache (node-redis)': overNodeRedis,
  'cacheable (node-redis)': peers['cacheable']!,
  'keyv (node-redis)': peers['keyv']!,
}

const server = await RedisServer.start('redis-server')
for (const row of rows) {
  heading(row.name)
  for (const [name, create] of Object.entries(subjects)) {
    if (row.inMemory === true && name.startsWith('keyv')) continue
    let loads = 0
    const subject = await create(server.port, row.max, async () => {
      loads++
      return { ...user }
    })
    await subject.write('bare', text)
    for (const key of keys) await subject.get(key)
    const before = loads
    const calls = await compare(name, row.subject(subject), row.baseline(subject), row.calls, row.atOnce)
    const expected = row.isMiss === true ? calls : 0
    if (loads - before !== expected) console.log(`  ${name} has loaded ${loads - before} times, not ${expected}`)
    await subject.close()
  }
}
await server.stop()
process.exit()
