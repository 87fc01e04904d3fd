/** Run in a project into which the package has been installed: each import path, from an ES module. */
import assert from 'node:assert/strict'

import * as main from 'polycache'
import { toolCache } from 'polycache/agents'
import { batched } from 'polycache/batched'
import { argsKey } from 'polycache/keys'
import * as policies from 'polycache/policies'
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

assert.equal(policies.lru, lru, 'the same function by every path')
assert.equal(argsKey('42'), '42')
assert.equal(typeof new ManualClock().now(), 'number')
assert.equal(typeof describeStore, 'function')
