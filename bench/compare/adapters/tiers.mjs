import { createClient } from '@keyv/redis'
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis'
import { Cacheable, createKeyv } from 'cacheable'
import KeyvRedis from '@keyv/redis'
import { Redis } from 'ioredis'
import Keyv from 'keyv'

/**
 * Caches of two tiers, memory and Redis, of other packages.
 *
 * Each is given the port of Redis, how many entries the first tier holds, and the load, and gives `get(key)`, the bare
 * `read` and `write` of the client that it uses, and what closes it all.
 */
const hour = 3_600_000

export async function bentocache(port, max, load) {
  const client = new Redis({ port, host: '127.0.0.1' })
  const bento = new BentoCache({
    default: 'both',
    prefix: `bento${max}`,
    stores: {
      both: bentostore()
        .useL1Layer(memoryDriver({ serialize: false, maxItems: max }))
        .useL2Layer(redisDriver({ connection: client }))
        .useBus(redisBusDriver({ connection: { port, host: '127.0.0.1' } })),
    },
  })
  return {
    get: (key) => bento.getOrSet({ key, ttl: hour, factory: () => load(key) }),
    read: (key) => client.get(key),
    write: (key, text) => client.set(key, text, 'PX', hour),
    close: () => bento.disconnectAll(),
  }
}

async function keyvRedis(port, namespace) {
  const client = createClient({ url: `redis://127.0.0.1:${port}` })
  await client.connect()
  const store = new KeyvRedis(client, { namespace })
  return {
    store,
    read: (key) => client.get(key),
    write: (key, text) => client.set(key, text, { PX: hour }),
  }
}

export async function cacheable(port, max, load) {
  const { store, read, write } = await keyvRedis(port, `cacheable${max}`)
  const cache = new Cacheable({ primary: createKeyv({ lruSize: max }), secondary: new Keyv({ store }), ttl: hour })
  return {
    get: (key) => cache.getOrSet(key, () => load(key)),
    read,
    write,
    close: () => cache.disconnect(),
  }
}

/** Without a first tier, and without one load for all: what is read through it by hand. */
export async function keyv(port, max, load) {
  const { store, read, write } = await keyvRedis(port, `keyv${max}`)
  const cache = new Keyv({ store, ttl: hour })
  return {
    async get(key) {
      const found = await cache.get(key)
      if (found !== undefined) return found
      const value = await load(key)
      await cache.set(key, value)
      return value
    },
    read,
    write,
    close: () => cache.disconnect(),
  }
}
