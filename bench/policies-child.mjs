/** One process: one store at one size, each block between two blocks of polycache's `lru`. */
import { zipfDraws } from './draws.mjs'
import { Block, interleave } from './measure.mjs'
import { makerOf } from './policy-subjects.mjs'

const { subject, size, entry, budgetMs, warmMs, blockMs } = JSON.parse(process.argv[2])
const drawn = 1 << 18
const value = { some: 'value' }

let made = 0
const freshKeys = (count) => Array.from({ length: count }, () => `user:${made++}`)

function used() {
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** A store with that many of its keys, which are the first of `keys`. */
function filled(make, keys) {
  const store = make(size)
  for (let at = 0; at < size; at++) store.set(keys[at], value)
  return store
}

/** Reads of keys that are there, some of them popular. */
function gets(store, keys, order) {
  let next = 0
  return async (n) => {
    let hits = 0
    const start = performance.now()
    for (let i = 0; i < n; i++) if (store.get(keys[order[next++ & (drawn - 1)]]) !== undefined) hits++
    const ms = performance.now() - start
    if (hits !== n) throw new Error(`${n - hits} of ${n} keys were not there`)
    return ms
  }
}

/** Keys that come for the first time: for each, another has to leave. */
function evictions(store) {
  return async (n) => {
    const keys = freshKeys(n)
    const start = performance.now()
    for (let i = 0; i < n; i++) store.set(keys[i], value)
    return performance.now() - start
  }
}

/** Nine reads to one write, of twice as many keys as there is room for. */
function mix(store, keys, order) {
  let next = 0
  return async (n) => {
    let hits = 0
    const start = performance.now()
    for (let i = 0; i < n; i++) {
      const key = keys[order[next++ & (drawn - 1)]]
      if (i % 10 === 9) store.set(key, value)
      else if (store.get(key) !== undefined) hits++
    }
    const ms = performance.now() - start
    if (n > 1_000 && hits === 0) throw new Error('no key was ever there')
    return ms
  }
}

async function compared(baseline, loop) {
  const blocks = [new Block(baseline), new Block(loop)]
  for (const block of blocks) await block.warm(warmMs, blockMs)
  const { ratio, ns, unitNs } = await interleave(...blocks, budgetMs)
  return { ratio, ns, unitNs }
}

async function measure() {
  const make = await makerOf(subject, entry)
  const makeLru = await makerOf('lru', entry)
  const keys = freshKeys(2 * size)
  const popular = zipfDraws(size, drawn)
  const popularOfAll = zipfDraws(2 * size, drawn)

  const before = used()
  const store = filled(make, keys)
  const bytes = (used() - before) / size
  const lru = filled(makeLru, keys)

  const get = await compared(gets(lru, keys, popular), gets(store, keys, popular))
  const mixed = await compared(mix(lru, keys, popularOfAll), mix(store, keys, popularOfAll))
  const evict = await compared(evictions(lru), evictions(store))
  return { get, mix: mixed, evict, bytes }
}

const result = await measure().catch((error) => ({ failed: error.message }))
process.send(result, () => process.exit(0))
