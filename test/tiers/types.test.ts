import { expectTypeOf } from 'expect-type'
import { Cluster, Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { Keyv } from 'keyv'
import { createClient, createCluster } from 'redis'

import { Envelope } from '../../src/codec/envelope.ts'
import { keyvTier } from '../../src/keyv/index.ts'
import { lmdbTier } from '../../src/lmdb/index.ts'
import { redisTier } from '../../src/redis/index.ts'
import type { Lease, Tier, TierEntry, TierEvent, TierRead, TierSpace } from '../../src/tiers/tier.ts'

/* Compiling is the test; nothing here runs. */
export function typesOfTiers(): void {
  expectTypeOf(redisTier(new Redis())).toEqualTypeOf<Tier>()
  expectTypeOf(redisTier(new Cluster([]))).toEqualTypeOf<Tier>()
  expectTypeOf(redisTier(new Valkey())).toEqualTypeOf<Tier>()
  expectTypeOf(redisTier(createClient())).toEqualTypeOf<Tier>()
  expectTypeOf(redisTier(createClient({ RESP: 2 }), { prefix: 'p', shards: 8 })).toEqualTypeOf<Tier>()
  expectTypeOf(redisTier(createCluster({ rootNodes: [] }))).toEqualTypeOf<Tier>()
  expectTypeOf(lmdbTier({ path: 'cache.mdb', maxBytes: 2 ** 30, durable: true })).toEqualTypeOf<Tier>()
  expectTypeOf(keyvTier(new Keyv())).toEqualTypeOf<Tier>()

  // @ts-expect-error -- a Map is no client
  redisTier(new Map())
  // @ts-expect-error -- no such option
  redisTier(new Redis(), { ttl: 1 })
  // @ts-expect-error -- there must be a path
  lmdbTier({ maxBytes: 2 ** 30 })
  // @ts-expect-error -- a Keyv instance has get, set and delete
  keyvTier({ get: async () => 1 })
}

export function typesOfReads(found: TierRead, space: TierSpace, event: TierEvent): void {
  if (found.state === 'fresh') {
    expectTypeOf(found.entry).toEqualTypeOf<TierEntry>()
    expectTypeOf(found.lease).toEqualTypeOf<undefined>()
  } else if (found.state === 'stale') {
    expectTypeOf(found.entry).toEqualTypeOf<TierEntry>()
    expectTypeOf(found.lease).toEqualTypeOf<Lease | undefined>()
  } else {
    expectTypeOf(found.entry).toEqualTypeOf<undefined>()
  }
  if (event.type === 'keys') expectTypeOf(event.keys).toEqualTypeOf<readonly string[]>()
  // @ts-expect-error -- an entry lives for some time
  void space.put('a', new Uint8Array(), {})
  // @ts-expect-error -- a wait has an end
  void space.wait('a', {})
  // @ts-expect-error -- a write has a lease
  void space.write('a', new Uint8Array(), { freshFor: 1 })

  const opened = new Envelope().open(new Uint8Array())
  if (opened.kind === 'unreadable') expectTypeOf(opened.why).toBeString()
  else expectTypeOf(opened.value).toBeUnknown()
}
