/** Run in a project into which the package has been installed: each import path, from a CommonJS module. */
const assert = require('node:assert/strict')

const { cached, lru } = require('polycache')
const { toolCache } = require('polycache/agents')
const { batched } = require('polycache/batched')
const { argsKey } = require('polycache/keys')
const { keyvTier } = require('polycache/keyv')
const { lmdbTier } = require('polycache/lmdb')
const policies = require('polycache/policies')
const { redisTier } = require('polycache/redis')
const { fromBytes, toBytes } = require('polycache/snapshot')
const { ManualClock, describeStore } = require('polycache/testing')

let loads = 0
const getUser = cached(lru({ max: 10 }), (id) => id)(async (id) => `user ${id}, load ${++loads}`)

assert.equal(typeof toolCache({ store: lru({ max: 10 }) }).wrap, 'function')
assert.equal(policies.lru, lru, 'the same function by every path')
assert.equal(argsKey('42'), '42')
assert.equal(typeof new ManualClock().now(), 'number')
assert.equal(typeof describeStore, 'function')
assert.equal(typeof keyvTier, 'function')
assert.equal(typeof toBytes(fromBytes([])).next, 'function')
assert.throws(() => lmdbTier({ path: 'cache.mdb' }), /lmdbTier needs the package lmdb: npm install lmdb/)
assert.throws(() => redisTier({}), /npm install ioredis/)
assert.equal(require('polycache/package.json').name, 'polycache')

async function main() {
  const getMany = batched(lru({ max: 10 }))(async (ids) => ids.map((id) => `user ${id} of ${ids.length}`))
  assert.deepEqual(await getMany.many(['42', '43']), ['user 42 of 2', 'user 43 of 2'])
  assert.deepEqual(await Promise.all([getUser('42'), getUser('42')]), ['user 42, load 1', 'user 42, load 1'])
}

void main()
