/** Run in a project into which the package has been installed: each import path, from an ES module. */
import assert from 'node:assert/strict'

import * as main from 'polycache'
import { toolCache } from 'polycache/agents'
import { batched } from 'polycache/batched'
import { argsKey } from 'polycache/keys'
import { keyvTier } from 'polycache/keyv'
import { lmdbTier } from 'polycache/lmdb'
import * as policies from 'polycache/policies'
import { redisTier } from 'polycache/redis'
import { fromBytes, toBytes } from 'polycache/snapshot'
import { ManualClock, describeStore } from 'polycache/testing'

const { cached, lru } = main

let loads = 0
const load = async (id) => `user ${id}, load ${++loads}`
const getUser = cached(lru({ max: 10 }), (id) => id)(load)

assert.deepEqual(await Promise.all([getUser('42'), getUser('42')]), ['user 42, load 1', 'user 42, load 1'])
assert.equal(await getUser('42'), 'user 42, load 1')
assert.equal(await getUser('43'), 'user 43, load 2')

const getMany = batched(lru({ max: 10 }))(async (ids) => ids.map((id) => `user ${id} of ${ids.length}`))
assert.deepEqual(await Promise.all([getMany('42'), getMany('43')]), ['user 42 of 2', 'user 43 of 2'])

let reads = 0
const tools = toolCache({ store: lru({ max: 10 }) }).wrap(
  { read: async (id) => `${id}, read ${++reads}` },
  { read: {} },
)
assert.deepEqual([await tools.read('42'), await tools.read('42')], ['42, read 1', '42, read 1'])

const restored = await cached(new Map())(load).restore(fromBytes(toBytes(getUser.dump())))
assert.deepEqual(restored, { restored: 2, expired: 0, skipped: 0, unreadable: 0 })

assert.equal(policies.lru, lru, 'the same function by every path')
assert.equal(argsKey('42'), '42')
assert.equal(typeof new ManualClock().now(), 'number')
assert.equal(typeof describeStore, 'function')

// None of the packages behind the tiers is installed here.
assert.throws(() => lmdbTier({ path: 'cache.mdb' }), /lmdbTier needs the package lmdb: npm install lmdb/)
assert.throws(() => redisTier({}), /npm install ioredis/)
assert.throws(() => keyvTier({}), /npm install keyv/)
const rows = new Map()
const rowsLikeKeyv = {
  get: async (key) => rows.get(key),
  set: async (key, value) => rows.set(key, value),
  delete: async (key) => rows.delete(key),
}
const tier = keyvTier(rowsLikeKeyv)
const users = tier.space('users')
const { lease } = await users.read('42')
assert.equal(await users.write('42', lease, Buffer.from('user'), { freshFor: 1000 }), true)
assert.equal((await users.read('42')).state, 'fresh')
await tier.close()
