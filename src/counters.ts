/** What has happened to one function or cache, as {@link Stats} at one moment. */
export interface Stats {
  /** Calls that found a fresh entry. */
  readonly hits: number
  /** Calls that began a load. `refresh` and `with({ fresh: true })` always do. */
  readonly misses: number
  /** Calls that were served an old value. */
  readonly staleHits: number
  /** Calls that waited for a load that was running. Every call is one of hit, miss, stale hit and join. */
  readonly joins: number
  /** Loads begun. */
  readonly loads: number
  /** Loads that failed. */
  readonly loadFailures: number
  /** Milliseconds that ended loads took, in all, by the function's clock. */
  readonly loadMs: number
  /** Values that were put into the store, by a load or by `set`. */
  readonly stores: number
  /** Entries that the store dropped by itself, for room. */
  readonly evictions: number
  /** Entries that left because their time had come. */
  readonly expirations: number
  /** Entries that were forgotten by `invalidate`, `expire`, `clear` or the store's own `delete` and `clear`. */
  readonly invalidations: number
  /** Operations of the store that failed. */
  readonly storeFailures: number
  /** Entries in the store now, of this function alone; `undefined` where the store cannot tell. */
  readonly size: number | undefined
  /** The most entries that the store keeps, of all functions; `undefined` where it does not say. */
  readonly max: number | undefined
  /** The share of calls that were answered from the store, fresh or stale: 0 to 1, and 0 before the first call. */
  readonly hitRate: number
}

/** The counters that one function keeps; each is written where the thing happens. */
export class Counters {
  hits = 0
  misses = 0
  staleHits = 0
  joins = 0
  loads = 0
  loadFailures = 0
  loadMs = 0
  stores = 0
  storeFailures = 0

  snapshot(): Pick<Stats, (keyof Counters & keyof Stats) | 'hitRate'> {
    const { hits, misses, staleHits, joins, loads, loadFailures, loadMs, stores, storeFailures } = this
    const calls = hits + staleHits + misses + joins
    const hitRate = calls === 0 ? 0 : (hits + staleHits) / calls
    return { hits, misses, staleHits, joins, loads, loadFailures, loadMs, stores, storeFailures, hitRate }
  }

  reset(): void {
    Object.assign(this, new Counters())
  }
}
