import { asyncShelfOf, type AsyncShelf, type Reading } from './async-shelf.ts'
import { frontOf, type Behind } from './behind.ts'
import { wrongType } from './check.ts'
import { Counters, type Stats } from './counters.ts'
import type { EngineOptions, ErrorListener } from './engine-options.ts'
import type { Entry } from './entry.ts'
import { ClosedError } from './errors.ts'
import type { Flight } from './flight.ts'
import { Freshness } from './freshness.ts'
import { isItsOwnKey } from './key-shortcuts.ts'
import { enterSpace, isThenable, type AnyStore, type Space } from './space.ts'
import type { AnyPredicate } from './store-types.ts'
import { departuresOf, statsOf, type Departures } from './statistics.ts'
import { SyncShelf } from './sync-shelf.ts'
import { listOf, type TagBook, type TagSet } from './tagging.ts'
import { warn } from './warn.ts'

/** A result that is there at once where the store answers at once, and a promise where it does not. */
export type MaybePromise<T> = T | Promise<T>

/** What one function has in its store, and all that can be asked of it and done to it but loading. */
export class Room<V, Args extends readonly unknown[]> {
  readonly store: AnyStore
  readonly space: Space
  readonly freshness: Freshness<V, Args>
  readonly counters: Counters = new Counters()
  closed = false
  /** What stands behind the store, if anything does. */
  readonly behind: Behind | undefined
  readonly #when: ((value: V, ...args: Args) => boolean) | undefined
  readonly #tags: EngineOptions<V, Args>['tags']
  readonly #reading: Reading
  readonly #onError: ErrorListener
  readonly #shelf: SyncShelf
  /** What the space had counted when the statistics were last reset. */
  #resetAt: Departures = { evictions: 0, expirations: 0, invalidations: 0 }
  /** Gives the place in the store up. */
  readonly leave: () => void

  constructor(store: AnyStore, options: EngineOptions<V, Args>) {
    this.store = store
    this.freshness = new Freshness(options)
    this.#when = options.when
    this.#tags = options.tags
    this.#reading = { grace: this.freshness.grace, book: options.tags?.tags }
    this.#onError = options.onError ?? ((error) => warn(error, options.name))
    const front = frontOf(store)
    if (front !== undefined && options.name === undefined) {
      throw wrongType('name', 'given to a function that has a tier', undefined)
    }
    const entered = enterSpace(
      front?.l1 ?? store,
      options.name,
      options.shareKeys ?? false,
      this.freshness.clock,
      store,
    )
    this.space = entered.space
    this.leave = entered.leave
    this.#shelf = new SyncShelf(entered.space)
    this.behind = front?.enter(this)
  }

  get book(): TagBook | undefined {
    return this.#tags?.tags
  }

  /** The shelf of an asynchronous store, or `undefined` where the store answers at once. */
  get asyncShelf(): AsyncShelf | undefined {
    return this.space.kind === 'async' ? asyncShelfOf(this.space) : undefined
  }

  /** Learns whether the store is asynchronous, which a store that fails keeps to itself. */
  learnKind(key: unknown, answer?: unknown): void {
    try {
      this.space.isAsync(key, answer)
    } catch (error) {
      this.storeFailed(error)
    }
  }

  /**
   * Puts what a load has given into the store, unless it is not to be kept. Never throws: failures of the store and of
   * the options' own functions are reported.
   *
   * @param loadMs how long the load took
   */
  keep(flight: Flight<V, Args>, value: V, loadMs: number): void {
    try {
      this.space.isAsync(flight.key)
      const entry =
        flight.skipped || this.space.isHeld(flight.storeKey)
          ? undefined
          : this.#entry(value, flight.args, flight, loadMs)
      // The functions that were just asked are the user's, and may have invalidated what they were asked about.
      if (flight.revoked) return
      this.behind?.keep(flight, entry)
      void this.#replace(this.space.storeKey(flight.key), entry)
    } catch (error) {
      this.report(error)
    }
  }

  /** Reads the entry of an asynchronous store, fresh or not. A store that fails has nothing. */
  async read(storeKey: string): Promise<Entry<V> | undefined> {
    try {
      return (await this.asyncShelf!.read(storeKey, this.#reading)) as Entry<V> | undefined
    } catch (error) {
      this.storeFailed(error)
      return undefined
    }
  }

  /** What a store that answers at once has under a key, fresh or not; nothing where it fails. */
  old(storeKey: unknown): Entry<V> | undefined {
    try {
      return this.space.peek(storeKey) as Entry<V> | undefined
    } catch (error) {
      this.storeFailed(error)
      return undefined
    }
  }

  /** The fresh entry that is on its way to an asynchronous store, as a hit. */
  findOnItsWay(storeKey: unknown): Entry<V> | undefined {
    const entry = this.asyncShelf!.onItsWay(storeKey as string) as Entry<V> | undefined
    if (entry === undefined || !this.freshness.use(entry)) return undefined
    this.writeUse(storeKey as string, entry)
    this.counters.hits++
    return entry
  }

  /** Forgets a key and says whether it was there. A load that is running may no longer write. */
  invalidate(key: unknown): MaybePromise<boolean> {
    this.assertOpen(key)
    return this.forget(key)
  }

  /** As {@link invalidate}, also when this has been closed. */
  forget(key: unknown): MaybePromise<boolean> {
    const storeKey = this.#raiseFence(key)
    if (this.asyncShelf !== undefined) return this.#countInvalidation(this.asyncShelf.remove(storeKey as string))
    return this.#onBoth(
      () => {
        const entry = this.#guarded(() => this.#shelf.remove(storeKey, 'invalidated'))
        return entry !== undefined && this.freshness.isOfUse(entry as Entry<V>)
      },
      (behind) => behind.invalidate(storeKey),
    )
  }

  /** Forgets the entries for which `predicate` says so, and gives their number. Fences all loads that are running. */
  invalidateWhere(predicate: AnyPredicate): MaybePromise<number> {
    this.assertOpen(undefined)
    this.learnKind('')
    if (this.behind !== undefined) {
      throw new TypeError('invalidateWhere cannot look through a tier: invalidate by tags, or clear')
    }
    this.space.revokeAll()
    const shelf = this.asyncShelf
    if (shelf === undefined) return this.#guarded(() => this.#shelf.removeWhere(predicate))
    return this.#watched(
      shelf.removeWhere(predicate, this.#reading).then((removed) => {
        this.space.census.invalidations += removed
        return removed
      }),
    )
  }

  /** Makes a key's entry stale and says whether it was there. A load that is running may no longer write. */
  expire(key: unknown): MaybePromise<boolean> {
    const storeKey = this.#fence(key)
    if (this.asyncShelf !== undefined)
      return this.#countInvalidation(this.asyncShelf.expire(storeKey as string, this.freshness.grace))
    return this.#onBoth(
      () => {
        const entry = this.#guarded(() => this.#shelf.peek(storeKey)) as Entry<V> | undefined
        if (entry === undefined || !this.freshness.isFresh(entry)) return false
        entry.expire(this.freshness.clock.now())
        this.space.census.invalidations++
        return true
      },
      (behind) => behind.expire(storeKey),
    )
  }

  /** Looks whether there is a fresh entry. Counts nothing, and changes no order in a store that has `peek`. */
  has(key: unknown): MaybePromise<boolean> {
    const entry = this.#look(key)
    return entry instanceof Promise ? this.#watched(entry.then((found) => found !== undefined)) : entry !== undefined
  }

  /** Looks at the value of a fresh entry, as {@link has} does. */
  peek(key: unknown): MaybePromise<V | undefined> {
    const entry = this.#look(key)
    return entry instanceof Promise ? this.#watched(entry.then((found) => found?.value)) : entry?.value
  }

  /** Puts a value in without a load. Loads that are running may no longer write. */
  set(key: unknown, args: Args, value: V): MaybePromise<void> {
    if (isThenable(value)) throw wrongType('value', 'a value, and not the promise of one', value)
    const storeKey = this.#fence(key)
    const entry = this.#entry(value, args)
    if (this.behind === undefined) return this.#replace(storeKey, entry)
    return this.#onBoth(
      () => void this.#replace(storeKey, entry),
      (behind) => behind.put(storeKey, entry),
    )
  }

  /** Forgets all entries of this space. Loads that are running may no longer write. */
  clear(): MaybePromise<void> {
    this.assertOpen(undefined)
    return this.empty()
  }

  /** As {@link clear}, also when this has been closed. */
  empty(): MaybePromise<void> {
    this.learnKind('')
    const old = this.space.generation
    this.space.renew()
    if (this.asyncShelf !== undefined) return this.#watched(this.asyncShelf.clear())
    return this.#onBoth(
      () => this.#guarded(() => this.#shelf.clear(old)),
      (behind) => behind.clear(),
    )
  }

  promote(storeKey: unknown, entry: Entry<V>): void {
    try {
      if (!this.space.isHeld(storeKey)) this.#shelve(storeKey, entry)
    } catch (error) {
      this.storeFailed(error)
    }
  }

  drop(storeKey: unknown, only?: Entry<V>): void {
    try {
      if (only === undefined || this.#shelf.peek(storeKey) === only) this.#shelf.remove(storeKey, 'invalidated')
    } catch (error) {
      this.storeFailed(error)
    }
  }

  dropAll(): void {
    const old = this.space.generation
    this.space.renew()
    try {
      this.#shelf.clear(old)
    } catch (error) {
      this.storeFailed(error)
    }
  }

  stats(): Stats {
    return statsOf(this, this.#resetAt)
  }

  resetStats(): void {
    if (this.space.kind !== 'async') this.space.census.size()
    this.#resetAt = departuresOf(this.space.census)
    this.counters.reset()
  }

  /** Takes out an entry that a call has found to have had its time. */
  dropExpired(storeKey: unknown): void {
    try {
      this.#shelf.remove(storeKey, 'expired')
    } catch (error) {
      this.storeFailed(error)
    }
  }

  storeFailed(error: unknown): void {
    this.counters.storeFailures++
    this.report(error)
  }

  /** Tells of a failure that no caller sees. A listener that fails itself is reported as a process warning. */
  report(error: unknown): void {
    try {
      warnIfItRejects(this.#onError(error))
    } catch (listenerError) {
      warn(listenerError)
    }
  }

  /** The entry for a value, or `undefined` if it is not to be kept. */
  #entry(value: V, args: Args, flight?: Flight<V, Args>, loadMs?: number): Entry<V> | undefined {
    if (this.#when !== undefined && !this.#when(value, ...args)) return undefined
    let tags: TagSet | undefined
    if (this.#tags !== undefined) {
      const names = typeof this.#tags === 'function' ? this.#tags(value, ...args) : []
      const book = this.#tags.tags
      tags = book.take([...listOf(names), ...(flight?.tags ?? [])], flight === undefined ? book.stamp() : flight.stamp)
      if (tags === undefined) return undefined
    }
    return this.freshness.entry(value, flight?.promise, this.space.generation, args, flight?.ttl, loadMs, tags)
  }

  /** Puts the newest entry of a key in, or takes the older one out where the newest is not to be kept. */
  #replace(storeKey: unknown, entry: Entry<V> | undefined): MaybePromise<void> {
    const shelf = this.asyncShelf
    if (shelf !== undefined) {
      if (entry === undefined) return this.#watched(shelf.remove(storeKey as string).then(() => {}))
      this.counters.stores++
      const writing = this.#watched(shelf.write(storeKey as string, entry))
      writing.catch(() => {
        // Unless the counts were reset meanwhile.
        if (this.counters.stores > 0) this.counters.stores--
      })
      return writing
    }
    try {
      if (entry === undefined) this.#shelf.remove(storeKey, 'invalidated')
      else this.#shelve(storeKey, entry)
    } catch (error) {
      this.counters.storeFailures++
      throw error
    }
    if (entry !== undefined) this.counters.stores++
  }

  /** Writes to a store that answers at once. */
  #shelve(storeKey: unknown, entry: Entry<V>): void {
    if (typeof storeKey === 'string' && !isItsOwnKey(storeKey)) entry.generation = entry.generation?.whole.textual
    this.#shelf.write(storeKey, entry)
  }

  /** Changes the store and what is behind it. What is behind it is asked first, so that it is whatever the store does. */
  #onBoth<R extends boolean | void>(here: () => R, there: (behind: Behind) => Promise<unknown>): MaybePromise<R> {
    if (this.behind === undefined) return here()
    const changed = this.#watched(there(this.behind))
    const both = async (): Promise<R> => {
      const done = here()
      const also = await changed
      return (done === false ? also === true : done) as R
    }
    const result = both()
    result.catch(() => {})
    return result
  }

  /** Raises the fence: from here on no load of this key that is running may write. Gives the key's form in the store. */
  #fence(key: unknown): unknown {
    this.assertOpen(key)
    return this.#raiseFence(key)
  }

  #raiseFence(key: unknown): unknown {
    this.learnKind(key)
    const storeKey = this.space.storeKey(key)
    this.space.revoke(storeKey)
    return storeKey
  }

  /** With a tti, a use of an entry moves its end, and the store must hear of it. */
  writeUse(storeKey: string, entry: Entry<V>): void {
    if (this.freshness.tti !== Infinity) void this.#watched(this.asyncShelf!.write(storeKey, entry))
  }

  #look(key: unknown): MaybePromise<Entry<V> | undefined> {
    this.assertOpen(key)
    const ifFresh = (entry: Entry | undefined): Entry<V> | undefined =>
      entry !== undefined && this.freshness.isFresh(entry as Entry<V>) ? (entry as Entry<V>) : undefined
    if (this.space.isAsync(key)) {
      return this.asyncShelf!.read(this.space.storeKey(key) as string, this.#reading).then(ifFresh)
    }
    const storeKey = this.space.storeKey(key)
    if (this.behind === undefined) return ifFresh(this.#guarded(() => this.space.peek(storeKey)))
    return Promise.resolve(ifFresh(this.old(storeKey)) ?? this.behind.peek(storeKey))
  }

  /** Throws a `ClosedError` when this has been closed. */
  assertOpen(key: unknown): void {
    if (this.closed) throw new ClosedError('this has been closed, and takes no calls any more', key)
  }

  #countInvalidation(wasThere: Promise<boolean>): Promise<boolean> {
    return this.#watched(
      wasThere.then((answer) => {
        if (answer) this.space.census.invalidations++
        return answer
      }),
    )
  }

  /** Counts a failure of a store that answers at once, and lets it through to the caller. */
  #guarded<R>(operation: () => R): R {
    try {
      return operation()
    } catch (error) {
      this.counters.storeFailures++
      throw error
    }
  }

  /** Counts and reports a failure of an asynchronous store, since nobody may be waiting for the promise. */
  #watched<R>(operation: Promise<R>): Promise<R> {
    operation.catch((error: unknown) => this.storeFailed(error))
    return operation
  }
}

/** A listener may be an async function all the same. */
function warnIfItRejects(told: unknown): void {
  if (isThenable(told)) told.then(undefined, warn)
}
