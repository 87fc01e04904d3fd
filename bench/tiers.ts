/**
 * `npm run bench:tiers`: what a hit in a second tier costs, beside a bare read by the same client, and what the codec
 * takes for the same value. Blocks of both follow each other within one run, and the median of their ratios counts.
 * Needs redis-server.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Redis } from 'ioredis'
import { createClient } from 'redis'

import { Envelope } from '../src/codec/envelope.ts'
import { keyvTier } from '../src/keyv/index.ts'
import { lmdbTier } from '../src/lmdb/index.ts'
import { redisTier } from '../src/redis/index.ts'
import type { Tier } from '../src/tiers/tier.ts'
import { RedisServer } from '../test/support/redis-server.ts'
import { compare, heading, type Call } from './blocks.ts'

const user = { id: 42, name: 'Ada', tags: ['a', 'b'], since: new Date(0), address: { city: 'London', zip: 'NW1' } }
const envelope = new Envelope()
const sealed = Buffer.from(envelope.seal({ kind: 'value', value: user }))

/** A key with an entry of the user, with tags or without. */
async function hit(tier: Tier, tags: string[] = []): Promise<Call> {
  const users = tier.space('users')
  const key = `user ${tags.length}`
  await users.write(key, await users.lease(key), sealed, { freshFor: 3_600_000, tags })
  return () => users.read(key)
}

heading()
await compare('opening an envelope : JSON.parse', () => envelope.open(sealed), jsonParse(), 2_000)
await compare(
  'sealing one : JSON.stringify',
  () => envelope.seal({ kind: 'value', value: user }),
  jsonStringify(),
  2_000,
)

const server = await RedisServer.start('redis-server')
const io = new Redis({ port: server.port, host: '127.0.0.1' })
const node = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect()
await io.set('bare', sealed)
const nodeBuffers = node.withTypeMapping({ ['$'.charCodeAt(0)]: Buffer })
for (const [name, client, get] of [
  ['ioredis', io, () => io.getBuffer('bare')],
  ['node-redis', node, () => nodeBuffers.get('bare')],
] as const) {
  const tier = redisTier(client, { prefix: name })
  const plain = await hit(tier)
  const tagged = await hit(tier, ['a', 'b'])
  await compare(`redis (${name}): hit : GET`, plain, get, 200)
  await compare(`redis (${name}): hit with two tags : GET`, tagged, get, 200)
  await compare(`redis (${name}): hit : GET, 50 at once`, plain, get, 500, 50)
  await tier.close()
}
io.disconnect()
node.destroy()
await server.stop()

const folder = mkdtempSync(join(tmpdir(), 'polycache-bench-'))
const file = lmdbTier({ path: join(folder, 'cache.mdb') })
const nothing = async (): Promise<void> => {}
await compare('lmdb: hit : an async function', await hit(file), nothing, 2_000)
await compare('lmdb: hit with two tags : an async function', await hit(file, ['a', 'b']), nothing, 2_000)
const users = file.space('users')
const miss = async (): Promise<void> => {
  const key = String(Math.random())
  const { lease } = await users.read(key)
  await users.write(key, lease!, sealed, { freshFor: 3_600_000 })
}
await compare('lmdb: miss and write : an async function', miss, nothing, 50)
await file.close()
rmSync(folder, { recursive: true })

const rows = new Map<string, string>()
const keyv = keyvTier({
  get: async (key) => rows.get(key),
  set: async (key, value) => rows.set(key, value),
  delete: async (key) => rows.delete(key),
})
await compare('keyv (a Map): hit : an async function', await hit(keyv), nothing, 2_000)

function jsonParse(): Call {
  const text = JSON.stringify(user)
  return () => JSON.parse(text) as unknown
}

function jsonStringify(): Call {
  return () => JSON.stringify(user)
}
