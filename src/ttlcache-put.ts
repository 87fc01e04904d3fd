import type { Store } from './types.ts'

/** A TTLCache of @isaacs/ttlcache, as far as it must be known to be written to. */
interface TtlCacheLike extends Store<unknown, unknown> {
  readonly ttl?: number
  readonly max: number
  readonly immortalKeys: Set<unknown>
  set(key: unknown, value: unknown, options?: { readonly ttl: number }): unknown
  has(key: unknown): boolean
}

function isTtlCache(store: object): store is TtlCacheLike {
  const { immortalKeys, purgeToCapacity } = store as { immortalKeys?: unknown; purgeToCapacity?: unknown }
  return immortalKeys instanceof Set && typeof purgeToCapacity === 'function'
}

/**
 * Gives the way in which something is put into a store that answers at once: its `set`, but for the two in which a
 * ttlcache would not do as it is. One without a `ttl` of its own takes nothing, and one that is full of entries without
 * an end looks for one to drop for ever.
 */
export function putterOf(store: Store<unknown, unknown>): (key: unknown, value: unknown) => unknown {
  if (!isTtlCache(store)) return (key, value) => store.set(key, value)
  return (key, value) => {
    const { ttl = Infinity, immortalKeys } = store
    if (ttl === Infinity && immortalKeys.size >= store.max && !store.has(key)) {
      for (const oldest of immortalKeys) {
        store.delete(oldest)
        break
      }
    }
    return store.set(key, value, { ttl })
  }
}
