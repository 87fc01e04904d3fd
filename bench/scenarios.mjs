/**
 * What is measured: one object a scenario.
 *
 * `setup` says what the subject is to be made with, `loads` how many loads one operation must cause (it is counted, and
 * a subject that causes more or fewer is not reported), `prepare` runs before the warm-up. `baseline(uncached,
 * n)` and `subject(call, n, cache)` do `n` operations each and resolve to the milliseconds that they took.
 *
 * Every loop is spelled out, however alike they look: two loops made by one function would share what the engine has
 * learned of their call site, and each would then be measured with the other's callee in it. And their parameters are
 * plain names: one destructured parameter in an async function makes a loop of 35 ns a tenth slower.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { seededDraws, zipfDraws } from './draws.mjs'

const { performance } = globalThis
const minute = 60_000

/** `count` different strings; each has been a Map key before, so that no loop pays for building or hashing one. */
function strings(count, prefix = 'user') {
  const keys = Array.from({ length: count }, (_, i) => `${prefix}:${i}`)
  return [...new Set(keys)]
}

const loadKey = (key) => key

/** The unit: `await` of an async function that is not cached. */
async function awaitOne(uncached, n) {
  const start = performance.now()
  for (let i = 0; i < n; i++) await uncached('user:1')
  return performance.now() - start
}

/** A hit on one string. */
async function hitOne(call, n) {
  const start = performance.now()
  for (let i = 0; i < n; i++) await call('user:1')
  return performance.now() - start
}

const prepareOne = ({ call }) => call('user:1')

/** A scenario of hits over many keys, in the order of `draws`, whose length is a power of two. */
function hitsOver(title, keys, draws) {
  const mask = draws.length - 1
  return {
    title,
    setup: { args: 'string', max: keys.length, load: loadKey },
    loads: 0,
    async prepare({ call }) {
      for (const key of keys) await call(key)
    },
    baseline: awaitOne,
    async subject(call, n) {
      const start = performance.now()
      for (let i = 0; i < n; i++) await call(keys[draws[i & mask]])
      return performance.now() - start
    },
  }
}

/** A scenario of misses: keys that have just been cleared, so that nothing is evicted. */
function missesOf(title, max) {
  const keys = strings(1_000)
  return {
    title,
    setup: { args: 'string', max, load: loadKey },
    needs: ['clear'],
    step: keys.length,
    loads: 1,
    baseline: awaitOne,
    async subject(call, n, cache) {
      let ms = 0
      for (let done = 0; done < n; done += keys.length) {
        await cache.clear()
        const start = performance.now()
        for (let i = 0; i < keys.length; i++) await call(keys[i])
        ms += performance.now() - start
      }
      return ms
    },
  }
}

const storage = new AsyncLocalStorage()

/** All scenarios by name, in the order of the report. They are functions so that a process prepares only its own. */
export const scenarios = {
  hit: () => ({
    title: 'hit, one hot string key',
    setup: { args: 'string', max: 1_000, load: loadKey },
    loads: 0,
    prepare: prepareOne,
    baseline: awaitOne,
    subject: hitOne,
  }),

  'hit-unbounded': () => ({
    title: 'hit, unbounded',
    setup: { args: 'string', load: loadKey },
    loads: 0,
    prepare: prepareOne,
    baseline: awaitOne,
    subject: hitOne,
  }),

  'hit-ttl': () => ({
    title: 'hit with ttl and jitter',
    setup: { args: 'string', max: 1_000, ttl: 10 * minute, jitter: minute, load: loadKey },
    loads: 0,
    prepare: prepareOne,
    baseline: awaitOne,
    subject: hitOne,
  }),

  'hit-tags': () => ({
    title: 'hit, 3 tags on each entry',
    setup: { args: 'string', max: 1_000, tags: (key) => [key, 'tenant:7', 'users'], load: loadKey },
    needs: ['tags'],
    loads: 0,
    prepare: prepareOne,
    baseline: awaitOne,
    subject: hitOne,
  }),

  'stale-hit': () => ({
    title: 'stale hit, 1,000 for each refresh',
    setup: {
      args: 'string',
      max: 1_000,
      ttl: 10 * minute,
      staleWhileRevalidate: minute,
      // It ends when the hits that are served meanwhile are over.
      load: (key) => new Promise((resolve) => setImmediate(resolve, key)),
    },
    needs: ['expire'],
    step: 1_000,
    loads: 1 / 1_000,
    prepare: prepareOne,
    baseline: awaitOne,
    async subject(call, n, cache) {
      let ms = 0
      for (let done = 0; done < n; done += 1_000) {
        cache.expire('user:1')
        const start = performance.now()
        for (let i = 0; i < 1_000; i++) await call('user:1')
        // The refresh ends, and what it gives is put in.
        await new Promise((resolve) => setImmediate(resolve))
        ms += performance.now() - start
      }
      return ms
    },
  }),

  'hit-als': () => ({
    title: 'hit inside AsyncLocalStorage.run',
    setup: { args: 'string', max: 1_000, load: loadKey },
    loads: 0,
    prepare: prepareOne,
    baseline: (uncached, n) =>
      storage.run({ request: 1 }, async () => {
        const start = performance.now()
        for (let i = 0; i < n; i++) await uncached('user:1')
        return performance.now() - start
      }),
    subject: (call, n) =>
      storage.run({ request: 1 }, async () => {
        const start = performance.now()
        for (let i = 0; i < n; i++) await call('user:1')
        return performance.now() - start
      }),
  }),

  'hit-zipf': () => hitsOver('hit, 1,000 keys, Zipf', strings(1_000), zipfDraws(1_000, 1 << 16)),

  'hit-100k': () => hitsOver('hit, 100,000 keys, uniform', strings(100_000), seededDraws(100_000, 1 << 18)),

  'hit-two-args': () => ({
    title: 'hit, two primitive arguments',
    setup: { args: 'two', max: 1_000, load: (tenant, id) => `${tenant}/${id}` },
    loads: 0,
    prepare: ({ call }) => call('tenant', 42),
    baseline: awaitOne,
    async subject(call, n) {
      const start = performance.now()
      for (let i = 0; i < n; i++) await call('tenant', 42)
      return performance.now() - start
    },
  }),

  'hit-object': () => ({
    title: 'hit, a fresh equal object of 4 fields',
    setup: { args: 'object', max: 1_000, load: (query) => query.id },
    loads: 0,
    prepare: ({ call }) => call({ id: 'user:1', tenant: 'acme', limit: 20, active: true }),
    baseline: awaitOne,
    async subject(call, n) {
      const start = performance.now()
      for (let i = 0; i < n; i++) await call({ id: 'user:1', tenant: 'acme', limit: 20, active: true })
      return performance.now() - start
    },
  }),

  concurrent: () => {
    const keys = strings(100)
    return {
      title: '100 hits in one Promise.all',
      unit: '100 uncached calls in one Promise.all',
      setup: { args: 'string', max: 1_000, load: loadKey },
      loads: 0,
      prepare: ({ call }) => Promise.all(keys.map((key) => call(key))),
      async baseline(uncached, n) {
        const start = performance.now()
        for (let i = 0; i < n; i++) await Promise.all(keys.map((key) => uncached(key)))
        return performance.now() - start
      },
      async subject(call, n) {
        const start = performance.now()
        for (let i = 0; i < n; i++) await Promise.all(keys.map((key) => call(key)))
        return performance.now() - start
      },
    }
  },

  stampede: () => {
    const callers = Array.from({ length: 1_000 }, (_, i) => i)
    // More keys than the cache has room for: by the time that one comes again, it has long been evicted.
    const keys = strings(4_000)
    let next = 0
    return {
      title: 'stampede: 1,000 callers, one cold key',
      unit: '1,000 uncached calls in one Promise.all',
      setup: { args: 'string', max: 1_000, load: loadKey },
      loads: 1,
      async baseline(uncached, n) {
        const start = performance.now()
        for (let i = 0; i < n; i++) await Promise.all(callers.map(() => uncached('user:1')))
        return performance.now() - start
      },
      async subject(call, n) {
        const start = performance.now()
        for (let i = 0; i < n; i++) {
          const key = keys[next]
          next = (next + 1) % keys.length
          await Promise.all(callers.map(() => call(key)))
        }
        return performance.now() - start
      },
    }
  },

  miss: () => missesOf('miss, load returns at once', 1_000),

  'miss-unbounded': () => missesOf('miss, unbounded', undefined),

  'fill-evict': () => {
    const keys = strings(2_000)
    let next = 0
    return {
      title: 'fill and evict, 2,000 keys through 1,000',
      setup: { args: 'string', max: 1_000, load: loadKey },
      loads: 1,
      baseline: awaitOne,
      async subject(call, n) {
        const start = performance.now()
        for (let i = 0; i < n; i++) {
          await call(keys[next])
          if (++next === keys.length) next = 0
        }
        return performance.now() - start
      },
    }
  },

  invalidate: () => {
    const keys = strings(100)
    let next = 0
    return {
      title: 'invalidate and reload',
      setup: { args: 'string', max: 1_000, load: loadKey },
      needs: ['invalidate'],
      loads: 1,
      async prepare({ call }) {
        for (const key of keys) await call(key)
      },
      baseline: awaitOne,
      async subject(call, n, cache) {
        const invalidate = cache.invalidate
        const awaits = cache.awaitsControls
        const start = performance.now()
        for (let i = 0; i < n; i++) {
          const key = keys[next]
          if (++next === keys.length) next = 0
          if (awaits) await invalidate(key)
          else invalidate(key)
          await call(key)
        }
        return performance.now() - start
      },
    }
  },

  clear: () => {
    const keys = strings(1_000)
    return {
      title: 'clear, 1,000 entries (per clear)',
      setup: { args: 'string', max: 1_000, load: loadKey },
      needs: ['clear'],
      loads: keys.length,
      baseline: awaitOne,
      async subject(call, n, cache) {
        let ms = 0
        for (let i = 0; i < n; i++) {
          for (let k = 0; k < keys.length; k++) await call(keys[k])
          const start = performance.now()
          if (cache.awaitsControls) await cache.clear()
          else cache.clear()
          ms += performance.now() - start
        }
        return ms
      },
    }
  },

  expiry: () => {
    const keys = strings(1_000)
    return {
      title: 'ttl expiry: the entry has expired each time',
      setup: { args: 'string', max: 1_000, ttl: 2, load: loadKey },
      step: keys.length,
      loads: 1,
      async prepare({ call }) {
        for (const key of keys) await call(key)
      },
      baseline: awaitOne,
      async subject(call, n) {
        let ms = 0
        for (let done = 0; done < n; done += keys.length) {
          // All of them outlive their two milliseconds, which are counted from the end of the load.
          await new Promise((resolve) => setTimeout(resolve, 6))
          const start = performance.now()
          for (let i = 0; i < keys.length; i++) await call(keys[i])
          ms += performance.now() - start
        }
        return ms
      },
    }
  },

  stats: () => {
    const keys = strings(1_000)
    let seen = 0
    return {
      title: 'stats()',
      setup: { args: 'string', max: 1_000, stats: true, load: loadKey },
      needs: ['stats'],
      loads: 0,
      async prepare({ call }) {
        for (const key of keys) await call(key)
      },
      baseline: awaitOne,
      async subject(_call, n, cache) {
        const stats = cache.stats
        const start = performance.now()
        for (let i = 0; i < n; i++) seen += stats().misses
        const ms = performance.now() - start
        if (seen <= 0) throw new Error('stats() counted no miss')
        return ms
      },
    }
  },

  memory: () => ({
    title: 'bytes per entry at 100,000',
    bytes: true,
    keys: strings(100_000),
    setup: { args: 'string', max: 100_000, load: () => true },
  }),
}
