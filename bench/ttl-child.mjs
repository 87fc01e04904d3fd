/** One process: the `ttl` policy, or what it is seen beside, at one size. All times are nanoseconds per operation. */
import { seededDraws } from './draws.mjs'
import { macrotask, median } from './measure.mjs'

const { subject, size, entry, budgetMs, idleMs } = JSON.parse(process.argv[2])
const minute = 60_000
const expires = subject === 'polycache ttl' || subject === 'ttlcache'

/**
 * Each entry's own lifetime is its value, so that all subjects get the same deadlines. `left` is told of each entry
 * that leaves: asking a store for its size might make it look for expired ones.
 */
const makers = {
  async 'polycache ttl'() {
    const { cached, ttl } = await import(entry)
    return (max, left) => {
      const store = ttl({ max, onRemoval: left })
      const byLifetime = cached(store, { ttl: (lifetime) => lifetime })(async () => minute)
      return {
        set: (key, lifetime) => byLifetime.set([key], lifetime),
        delete: (key) => byLifetime.invalidate(key),
        size: () => store.size,
        close: () => byLifetime.close?.({ wait: false }),
      }
    }
  },
  async ttlcache() {
    const { TTLCache } = await import('@isaacs/ttlcache')
    return (max, left) => {
      const store = new TTLCache({ max, dispose: left })
      return {
        set: (key, lifetime) => store.set(key, lifetime, { ttl: lifetime }),
        delete: (key) => store.delete(key),
        size: () => store.size,
        close: () => store.cancelTimer(),
      }
    }
  },
  /**
   * What the keys cost in a table alone, and a list that says which came first: how much of the growth is that of memory
   * further from the processor.
   */
  async Map() {
    return (max) => {
      const store = new Map()
      const keys = []
      let next = 0
      return {
        set(key, lifetime) {
          if (store.size === max) store.delete(keys[next])
          keys[next] = key
          next = next + 1 === max ? 0 : next + 1
          store.set(key, lifetime)
        },
        delete: (key) => store.delete(key),
        size: () => store.size,
        close: () => store.clear(),
      }
    }
  },
  /** No expiry at all. */
  async 'lru-cache'() {
    const { LRUCache } = await import('lru-cache')
    return (max) => {
      const store = new LRUCache({ max })
      return {
        set: (key, lifetime) => store.set(key, lifetime),
        delete: (key) => store.delete(key),
        size: () => store.size,
        close: () => store.clear(),
      }
    }
  },
}

const jitter = seededDraws(minute, 1 << 20)
let drawn = 0
/** A lifetime of `base` milliseconds and up to `spread` more, in whole milliseconds. */
const lifetime = (base, spread) => base + Math.floor((spread / minute) * jitter[drawn++ & (jitter.length - 1)])

let made = 0
const freshKeys = (count) => Array.from({ length: count }, () => `user:${made++}`)

const batch = Math.min(1_000, size / 10)

/** Rounds of `round`, which resolves to the milliseconds of one batch, by name; the medians as ns per operation. */
async function rounds(round) {
  const found = new Map()
  const start = performance.now()
  for (let i = 0; i < 5 || performance.now() - start < budgetMs; i++) {
    for (const [name, ms] of Object.entries(await round())) {
      found.set(name, [...(found.get(name) ?? []), (ms * 1e6) / batch])
    }
    await macrotask()
  }
  return Object.fromEntries([...found].map(([name, all]) => [name, median(all)]))
}

function used() {
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function measure() {
  const make = await makers[subject]()

  const warm = make(1_000, () => {})
  for (const key of freshKeys(20_000)) warm.set(key, lifetime(10 * minute, minute))
  for (let i = 1; i <= 1_000; i++) warm.delete(`user:${made - i}`)
  warm.close()
  await macrotask()

  // Room for more than there is: nothing is evicted.
  const keys = freshKeys(size)
  const order = seededDraws(size, 1 << 20)
  const roomy = make(size * 2, () => {})
  const before = used()
  for (const key of keys) roomy.set(key, lifetime(10 * minute, minute))
  await macrotask()
  const bytes = (used() - before) / size
  let next = 0
  const changing = await rounds(() => {
    // Places that are drawn twice in a batch would delete nothing the second time.
    const places = new Set()
    while (places.size < batch) places.add(order[next++ & (order.length - 1)])
    const leaving = [...places].map((place) => keys[place])
    const coming = freshKeys(batch)
    let deleted = 0
    const start = performance.now()
    for (let i = 0; i < batch; i++) if (roomy.delete(leaving[i])) deleted++
    const middle = performance.now()
    for (let i = 0; i < batch; i++) roomy.set(coming[i], lifetime(10 * minute, minute))
    const end = performance.now()
    if (deleted !== batch) throw new Error(`${deleted} of ${batch} entries were there to be deleted`)
    for (const [i, place] of [...places].entries()) keys[place] = coming[i]
    return { delete: middle - start, set: end - middle }
  })
  if (roomy.size() !== size) throw new Error(`${roomy.size()} entries instead of ${size}`)
  roomy.close()

  const full = make(size, () => {})
  for (const key of freshKeys(size)) full.set(key, lifetime(10 * minute, minute))
  const evicting = await rounds(() => {
    const coming = freshKeys(batch)
    const start = performance.now()
    for (let i = 0; i < batch; i++) full.set(coming[i], lifetime(10 * minute, minute))
    return { evict: performance.now() - start }
  })
  if (full.size() !== size) throw new Error(`${full.size()} entries instead of ${size}`)
  full.close()

  return { ...changing, ...evicting, bytes, ...(expires ? { idle: await idleSecond(make) } : {}) }
}

/** Idle but for a few entries that end: 100 a second, the same at every size, so that timers have to run. */
async function idleSecond(make) {
  let left = 0
  const store = make(size * 2, () => left++)
  for (const key of freshKeys(size)) store.set(key, lifetime(60 * minute, 60 * minute))
  globalThis.gc()
  const ending = Math.round(idleMs / 10)
  for (const key of freshKeys(ending)) store.set(key, lifetime(500, idleMs))
  await new Promise((resolve) => setTimeout(resolve, 500))
  const cpu = process.cpuUsage()
  const start = performance.now()
  await new Promise((resolve) => setTimeout(resolve, idleMs))
  const { user, system } = process.cpuUsage(cpu)
  const ns = ((user + system) * 1e6) / (performance.now() - start)
  await new Promise((resolve) => setTimeout(resolve, 100))
  if (left !== ending) throw new Error(`${left} entries left while idle, ${ending} were due`)
  store.close()
  return ns
}

const result = await measure().catch((error) => ({ failed: error.message }))
process.send(result, () => process.exit(0))
