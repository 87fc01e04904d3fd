import { asyncShelfOf, type AsyncShelf } from './async-shelf.ts'
import { frontOf, type Behind } from './behind.ts'
import { wrongType } from './check.ts'
import { Counters, type Stats } from './counters.ts'
import type { EngineOptions, ErrorListener } from './engine-options.ts'
import type { Entry } from './entry.ts'
import type { Flight } from './flight.ts'
import { Freshness } from './freshness.ts'
import { isItsOwnKey } from './key-shortcuts.ts'
import type { Reading } from './plain-entry.ts'
import { enterSpace, isThenable, type AnyStore, type Space } from './space.ts'
import { departuresOf, statsOf, type Departures } from './statistics.ts'
import { SyncShelf } from './sync-shelf.ts'
import { listOf, type TagBook, type TagSet } from './tagging.ts'
import { warn } from './warn.ts'

/** A result that is there at once where the store answers at once, and a promise where it does not. */
export type MaybePromise<T> = T | Promise<T>

/** What one function has in its store: what goes in, what is read, what is counted. */
export class Stock<V, Args extends readonly unknown[]> {
  readonly store: AnyStore
  readonly space: Space
  readonly freshness: Freshness<V, Args>
  readonly counters: Counters = new Counters()
  closed = false
  /** What stands behind the store, if anything does. */
  readonly behind: Behind | undefined
  readonly #when: ((value: V, ...args: Args) => boolean) | undefined
  readonly #tags: EngineOptions<V, Args>['tags']
  readonly reading: Reading
  readonly #onError: ErrorListener
  protected readonly shelf: SyncShelf
  /** What the space had counted when the statistics were last reset. */
  #resetAt: Departures = { evictions: 0, expirations: 0, invalidations: 0 }
  /** Gives the place in the store up. */
  readonly leave: () => void

  /** @param title what warnings are to call it by, where it has no name */
  constructor(store: AnyStore, options: EngineOptions<V, Args>, title?: string) {
    this.store = store
    this.freshness = new Freshness(options)
    this.#when = options.when
    this.#tags = options.tags
    this.reading = { grace: this.freshness.grace, book: options.tags?.tags }
    this.#onError = options.onError ?? ((error) => warn(error, options.name ?? title))
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
    this.shelf = new SyncShelf(entered.space)
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
          : this.entryFor(value, flight.args, flight, loadMs)
      // The functions that were just asked are the user's, and may have invalidated what they were asked about.
      if (flight.revoked) return
      this.behind?.keep(flight, entry)
      void this.replace(this.space.storeKey(flight.key), entry)
    } catch (error) {
      this.report(error)
    }
  }

  /** Reads the entry of an asynchronous store, fresh or not. A store that fails has nothing. */
  async read(storeKey: string): Promise<Entry<V> | undefined> {
    try {
      return (await this.asyncShelf!.read(storeKey, this.reading)) as Entry<V> | undefined
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

  /** With a tti, a use of an entry moves its end, and the store must hear of it. */
  writeUse(storeKey: string, entry: Entry<V>): void {
    if (this.freshness.tti !== Infinity) void this.watched(this.asyncShelf!.write(storeKey, entry))
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
      if (only === undefined || this.shelf.peek(storeKey) === only) this.shelf.remove(storeKey, 'invalidated')
    } catch (error) {
      this.storeFailed(error)
    }
  }

  dropAll(): void {
    const old = this.space.generation
    this.space.renew()
    try {
      this.shelf.clear(old)
    } catch (error) {
      this.storeFailed(error)
    }
  }

  /** Takes out an entry that a call has found to have had its time. */
  dropExpired(storeKey: unknown): void {
    try {
      this.shelf.remove(storeKey, 'expired')
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
  protected entryFor(value: V, args: Args, flight?: Flight<V, Args>, loadMs?: number): Entry<V> | undefined {
    if (this.#when !== undefined && !kept(this.#when(value, ...args))) return undefined
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
  protected replace(storeKey: unknown, entry: Entry<V> | undefined): MaybePromise<void> {
    const shelf = this.asyncShelf
    if (shelf !== undefined) {
      if (entry === undefined) return this.watched(shelf.remove(storeKey as string).then(() => {}))
      this.counters.stores++
      const writing = this.watched(shelf.write(storeKey as string, entry))
      writing.catch(() => {
        // Unless the counts were reset meanwhile.
        if (this.counters.stores > 0) this.counters.stores--
      })
      return writing
    }
    try {
      if (entry === undefined) this.shelf.remove(storeKey, 'invalidated')
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
    this.shelf.write(storeKey, entry)
  }

  /** Counts a failure of a store that answers at once, and lets it through to the caller. */
  protected guarded<R>(operation: () => R): R {
    try {
      return operation()
    } catch (error) {
      this.counters.storeFailures++
      throw error
    }
  }

  /** Counts and reports a failure of an asynchronous store, since nobody may be waiting for the promise. */
  protected watched<R>(operation: Promise<R>): Promise<R> {
    operation.catch((error: unknown) => this.storeFailed(error))
    return operation
  }
}

/** A listener may be an async function all the same. */
function warnIfItRejects(told: unknown): void {
  if (isThenable(told)) told.then(undefined, warn)
}

/** Reads what `when` gives. A promise would be true whatever comes of it. */
function kept(answer: unknown): boolean {
  if (!isThenable(answer)) return Boolean(answer)
  answer.then(undefined, () => {})
  throw wrongType('what when gives', 'true or false', answer)
}
