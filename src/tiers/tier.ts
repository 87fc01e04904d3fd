/**
 * What stands behind a cache and outlives its process: the words that an engine and a backend have in common.
 *
 * A tier knows keys, bytes and times, and nothing of values. All times are milliseconds, and all are spans: whoever
 * stores an entry also keeps the clock that it is measured by, so processes need not agree on the time.
 *
 * Calls on one key that overlap may take effect in either order, whichever was made first: an engine makes those of which
 * the order matters, `put` and what invalidates, one after the other. `write` needs no order, as it is fenced.
 *
 * Every method that returns a promise rejects when the backend fails, with the backend's own error; what had been stored
 * before is then still there, or gone. None of them throws synchronously, and none waits longer than the client behind
 * it does: an engine that will not wait passes a signal.
 */

/** The right to load one key and to store the result, as long as nothing has invalidated the key since. */
export interface Lease {
  /** Different for each lease that was ever granted. */
  readonly token: string
}

/** How long an entry is to live and what it belongs to. */
export interface Life {
  /** Milliseconds from now in which it is fresh: more than 0, `Infinity` for ever. */
  readonly freshFor: number
  /**
   * Milliseconds after that in which it is kept for those who may be served stale: the longer of
   * `staleWhileRevalidate` and `staleIfError`. Default: 0.
   */
  readonly staleFor?: number | undefined
  /** The tags that it can be invalidated by, up to {@link maxTags}. Default: none. */
  readonly tags?: readonly string[] | undefined
  /**
   * Whether other processes are to drop what they have of this key in their first tier, as after a refresh. Default:
   * `false`: a load that fills a hole tells nobody but those who wait for it.
   */
  readonly announce?: boolean | undefined
}

/** The most tags that one entry has, and that one call invalidates together. */
export const maxTags = 1_000

/** What a tier keeps under a key. */
export interface TierEntry {
  readonly bytes: Uint8Array
  readonly tags: readonly string[]
  /** Milliseconds since it was stored. */
  readonly age: number
  /** Milliseconds that it is still fresh; 0 or less when it has been stale for so long; `Infinity`. */
  readonly freshFor: number
  /** The span after its freshness in which it is kept, as it was given. */
  readonly staleFor: number
  /** Tells what is stored from anything that is stored later, for {@link TierSpace.discard}. */
  readonly id: string
}

/**
 * What a call finds.
 *
 * - `fresh`: the entry.
 * - `stale`: an entry whose freshness is over, and perhaps the lease to load a new one. No lease: another load runs.
 * - `missing` with a lease: the caller loads, then writes or releases.
 * - `missing` without: another process loads; {@link TierSpace.wait} waits for it.
 */
export type TierRead =
  | { readonly state: 'fresh'; readonly entry: TierEntry; readonly lease: undefined }
  | { readonly state: 'stale'; readonly entry: TierEntry; readonly lease: Lease | undefined }
  | { readonly state: 'missing'; readonly entry: undefined; readonly lease: Lease | undefined }

/** How one read or wait is done. */
export interface ReadOptions {
  /** Ends the call at once, with `signal.reason`. A lease that is granted to it later is given back. */
  readonly signal?: AbortSignal | undefined
}

/** How one wait is done. */
export interface WaitOptions extends ReadOptions {
  /** The most milliseconds to wait: `leaseWait`. */
  readonly timeout: number
}

/** The room of one function in a tier. Keys of different names never meet. */
export interface TierSpace {
  readonly name: string

  /**
   * Looks, and takes the lease if there is nothing fresh and nobody has it. One round trip.
   *
   * A tier without leases always grants one, so that many processes may load one key together.
   */
  read(key: string, options?: ReadOptions): Promise<TierRead>

  /** Looks, and takes no lease. One round trip. */
  peek(key: string): Promise<TierEntry | undefined>

  /**
   * Waits for the load of another process: until there is something fresh, or the lease is to be had because the other
   * has failed, was invalidated or died. After `timeout` it gives what it has found last.
   *
   * Begins with a pause, as it is called after a read.
   */
  wait(key: string, options: WaitOptions): Promise<TierRead>

  /**
   * Takes the lease, whoever has it: a load that began earlier, here or in another process, may no longer write. For
   * `refresh`. What is stored stays and is served meanwhile. One round trip.
   */
  lease(key: string): Promise<Lease>

  /**
   * Stores what the holder of a lease has loaded, and gives the lease up. One round trip.
   *
   * @returns `false` when nothing was stored, because after the lease was granted the key, its space or one of the tags
   * was invalidated, somebody else took the lease, it ran out while its holder was out of reach, or the backend has
   * forgotten it
   */
  write(key: string, lease: Lease, bytes: Uint8Array, life: Life): Promise<boolean>

  /** Gives a lease up after a load that failed, so that the next who waits may load. Gives up nobody else's. */
  release(key: string, lease: Lease): Promise<void>

  /**
   * Stores without a lease; wins over every load that began earlier. Other processes drop their copies. When this rejects,
   * what was stored before is owed an invalidation.
   */
  put(key: string, bytes: Uint8Array, life: Life): Promise<void>

  /** Makes an entry stale as of now: its window of `staleFor` begins. Loads that began earlier may no longer write. */
  expire(key: string): Promise<boolean>

  /**
   * Forgets a key, here and in the first tiers of other processes. Loads that began earlier may no longer write.
   *
   * When this rejects, the tier owes the invalidation: it is repeated until it succeeds, and before anything else is
   * read through this tier. The same holds for `expire`, `clear` and `invalidateTags`.
   *
   * @returns whether it was there
   */
  invalidate(key: string): Promise<boolean>

  /** Forgets all keys of this space, in one step however many they are. */
  clear(): Promise<void>

  /** Takes out an entry that could not be read, if it is still the same, and goes on as {@link read}. */
  discard(key: string, entry: TierEntry, options?: ReadOptions): Promise<TierRead>
}

/** What another process has done, or what may have been missed. */
export type TierEvent =
  /** Copies of these keys of the named space are old. */
  | { readonly type: 'keys'; readonly space: string; readonly keys: readonly string[] }
  /** Copies with any of these tags, of any space, are old. */
  | { readonly type: 'tags'; readonly tags: readonly string[] }
  /** All copies of the named space are old. */
  | { readonly type: 'clear'; readonly space: string }
  /** From now on events are missed: what is copied can no longer be known to be current. */
  | { readonly type: 'lost' }
  /** Events arrive again, and some may have been missed: every copy made until now is to be treated as stale. */
  | { readonly type: 'gap' }

/** What a tier can do. */
export interface TierCapabilities {
  /** Whether one process loads while the others wait. */
  readonly leases: boolean
  /** Whether invalidations reach the first tiers of other processes. */
  readonly backplane: boolean
}

/** A second tier: a cache behind the caches of many processes. */
export interface Tier {
  readonly capabilities: TierCapabilities
  /** Whether events of other processes arrive: `false` before the first, and after one is `lost`. */
  readonly connected: boolean

  /** The room of a function. The same name gives the same room, in every process. */
  space(name: string): TierSpace

  /** Invalidates whatever has one of the tags, in any space. O(1) in the number of entries. */
  invalidateTags(tags: readonly string[]): Promise<void>

  /**
   * Begins to tell of what other processes do; never of what was done through this tier. A `gap` comes first.
   *
   * @returns what ends it
   */
  subscribe(listener: (event: TierEvent) => void): () => void

  /** Gives back what the tier itself has opened; leases that it holds end. What the user opened stays open. */
  close(): Promise<void>
}
