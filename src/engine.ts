import { AsyncLocalStorage } from 'node:async_hooks'
import { duration, wrongType } from './check.ts'
import type { Counters } from './counters.ts'
import type { EngineOptions } from './engine-options.ts'
import type { Entry } from './entry.ts'
import { ClosedError, ReentrantLoadError } from './errors.ts'
import { begin, Flight, type Load } from './flight.ts'
import type { Freshness, Ttl } from './freshness.ts'
import { hitPath, unreadable, type HitPath } from './hit-path.ts'
import { isInside, run, type InContext, type Steps } from './reentry.ts'
import { Room } from './room.ts'
import { isThenable, type AnyStore, type Space } from './space.ts'
import { waitFor } from './waiting.ts'

/** What one call may ask for. */
export interface CallOptions<V, Args extends readonly unknown[]> {
  /** Ends this caller's wait, and nobody else's, with `signal.reason`. */
  signal?: AbortSignal
  /** Milliseconds that the value is fresh, in place of the function's `ttl`, if this call begins the load. */
  ttl?: Ttl<V, Args>
  /** Whether to load anew whatever the store has. Default: `false`. */
  fresh?: boolean
}

/** How long a failed load is left alone where there is an old value to be served, unless `errorTtl` says it. */
const restAfterFailure = 1_000

/**
 * One load per key, over any store.
 *
 * A call is `hitPath.find`, and where that finds nothing, at once {@link miss}: all that is off the hit path.
 */
export class Engine<V, Args extends readonly unknown[]> {
  readonly room: Room<V, Args>
  readonly hitPath: HitPath<V>
  readonly #space: Space
  readonly #counters: Counters
  readonly #freshness: Freshness<V, Args>
  readonly #inContext: InContext | undefined
  readonly #errorTtl: EngineOptions<V, Args>['errorTtl']
  readonly #timeout: number | undefined
  readonly #softTimeout: number | undefined
  #closing: Promise<void> | undefined
  readonly #steps: Steps<Flight<V, Args>, V> = {
    begin,
    landed: (flight, value) => this.#landed(flight, value),
    failed: (flight, error) => this.#failed(flight, error),
  }

  constructor(store: AnyStore, options: EngineOptions<V, Args>) {
    this.room = new Room(store, options)
    this.hitPath = hitPath(this.room)
    this.#space = this.room.space
    this.#counters = this.room.counters
    this.#freshness = this.room.freshness
    this.#inContext = options.context === 'isolated' ? AsyncLocalStorage.snapshot() : undefined
    this.#errorTtl = options.errorTtl
    this.#timeout = options.timeout
    this.#softTimeout = options.softTimeout
  }

  /** Goes on with a call for which the hit path found nothing more to do: serves what may be served, joins or loads. */
  miss(key: unknown, load: Load<V>, self: unknown, args: Args, options?: CallOptions<V, Args>): Promise<V> {
    try {
      const { found } = this.hitPath
      const storeKey = this.#enter(key)
      const fresh = options?.fresh === true
      let old: Entry<V> | undefined
      if (fresh) old = this.#supersede(storeKey)
      else {
        const isAsync = this.#space.kind === 'async'
        const onItsWay = isAsync ? this.room.findOnItsWay(storeKey) : undefined
        if (onItsWay !== undefined) return onItsWay.settled()
        // What an asynchronous store had when a load began that is still in the air has not been invalidated since.
        old = (isAsync ? this.#space.flights.get(storeKey)?.old : this.#space.own(found)) as Entry<V> | undefined
        const served = isAsync && old === undefined ? undefined : this.#served(old, storeKey, 1)
        if (served === true) {
          if (isAsync && this.#freshness.isFresh(old!)) this.room.writeUse(storeKey as string, old!)
          if (this.#isDue(old!, storeKey)) {
            this.#loadBehind(new Flight(this, key, storeKey, load, self, args, options?.ttl, old))
          }
          return old!.settled()
        }
        if (served !== undefined) return Promise.reject(served.error)
      }
      let flight = this.#space.flights.get(storeKey) as Flight<V, Args> | undefined
      if (flight === undefined) {
        flight = new Flight(this, key, storeKey, load, self, args, options?.ttl, old)
        this.#space.flights.add(flight)
        flight.fresh = fresh
        flight.listeners = 1
        flight.promise = this.#space.kind === 'async' ? this.#readOrLoad(flight) : this.#load(flight)
        if (flight.ended) flight.promise.catch(ignore)
        return this.#wait(flight, options)
      }
      if (isInside(flight)) throw reentrant(key)
      const mayBeServed = flight.fresh && (old !== undefined || this.#space.kind === 'async')
      if (!mayBeServed) this.#join(flight)
      return this.#wait(flight, options, mayBeServed ? this.#beside(flight, old) : undefined)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Goes on with a call of a function that returns at once, as {@link miss} does for one that returns a promise. */
  missNow(key: unknown, load: Load<V>, self: unknown, args: Args, options?: CallOptions<V, Args>): V {
    const { found: given } = this.hitPath
    const storeKey = this.#enter(key)
    if (this.#space.kind === 'async') throw wrongType('store', 'one that answers at once', this.room.store)
    const fresh = options?.fresh === true
    const found = this.#space.own(given) as Entry<V> | undefined
    if (!fresh) {
      const served = this.#served(found, storeKey, 1)
      if (served === true) return found!.value
      if (served !== undefined) throw served.error
    }
    const superseded = this.#supersede(storeKey)
    const flight = new Flight<V, Args>(this, key, storeKey, load, self, args, options?.ttl, found ?? superseded)
    this.#space.flights.add(flight)
    flight.fresh = fresh
    flight.listeners = 1
    this.#begun(flight)
    try {
      const value = begin(flight)
      if (isThenable(value)) {
        Promise.resolve(value).catch(ignore)
        throw wrongType('what the function returns', 'a value (use cached for a promise)', value)
      }
      this.#landed(flight, value)
      return value
    } catch (error) {
      const standIn = this.#failed(flight, error)
      if (standIn !== undefined) return standIn.value
      throw error
    }
  }

  /** Ends it: no call is taken any more. Loads that are running are awaited, or aborted and not kept. */
  close(wait: boolean): Promise<void> {
    if (this.#closing === undefined) {
      this.room.closed = true
      this.hitPath.shut()
      this.#closing = this.#end(wait)
    }
    return this.#closing
  }

  async #end(wait: boolean): Promise<void> {
    const flights = [...this.#space.flights, ...this.#space.revoked].filter((flight) => flight.owner === this)
    if (wait) {
      // A load that closes its own function in its first step has no promise before that is over.
      await undefined
      await Promise.allSettled(flights.map((flight) => flight.promise))
    } else {
      const reason = new ClosedError('this was closed while the load ran', undefined)
      for (const flight of flights) {
        this.#space.revokeFlight(flight)
        flight.abort(reason)
      }
    }
    await this.room.asyncShelf?.idle()
    this.room.leave()
  }

  /** What every call that is no hit begins with. Gives the key's form in the store. */
  #enter(key: unknown): unknown {
    const { found } = this.hitPath
    this.hitPath.found = undefined
    const space = this.#space
    if (this.room.closed) throw new ClosedError('this has been closed, and takes no calls any more', key)
    // Where the store is found to be asynchronous only now, the hit path has just asked it for nothing.
    if (isThenable(found)) Promise.resolve(found).catch(ignore)
    if (space.kind === 'unknown' && found !== unreadable) this.room.learnKind(key, found)
    if (space.kind === 'async') this.hitPath.shut()
    const storeKey = space.storeKey(key)
    if (space.revoked.size > 0)
      for (const revoked of space.revoked) if (revoked.storeKey === storeKey && isInside(revoked)) throw reentrant(key)
    return storeKey
  }

  /**
   * Whether calls can be answered from what is there; if so, they are counted. Gives the failure that answers them where
   * that is the answer. An entry that is of no more use is taken out.
   */
  #served(old: Entry<V> | undefined, storeKey: unknown, calls: number): true | { readonly error: unknown } | undefined {
    const freshness = this.#freshness
    const { failures } = this.#space
    if (old === undefined && !failures.any) return undefined
    const now = freshness.clock.now()
    const failure = failures.get(storeKey, now)
    if (old !== undefined) {
      if (freshness.isFresh(old)) {
        freshness.touch(old, now)
        this.#counters.hits += calls
        return true
      }
      if (freshness.mayServe(old, now) || (failure !== undefined && freshness.mayStandIn(old, now))) {
        this.#counters.staleHits += calls
        return true
      }
      if (!freshness.mayStandIn(old, now) && this.#space.kind !== 'async') this.room.dropExpired(storeKey)
    }
    if (failure?.answers !== true) return undefined
    this.#counters.hits += calls
    return failure
  }

  /** Whether an entry that was served is to be refreshed now, by a load of its own. */
  #isDue(served: Entry<V>, storeKey: unknown): boolean {
    const now = this.#freshness.clock.now()
    const { failures, flights } = this.#space
    return (
      // A call that was reading an asynchronous store when this was closed is still answered.
      !this.room.closed &&
      this.#freshness.wantsRefresh(served, now) &&
      flights.get(storeKey) === undefined &&
      failures.get(storeKey, now) === undefined
    )
  }

  /** Begins a load that nobody waits for. */
  #loadBehind(flight: Flight<V, Args>): void {
    flight.background = true
    flight.pinned = true
    this.#space.flights.add(flight)
    flight.promise = this.#load(flight)
    flight.promise.catch(ignore)
  }

  /** Revokes the load in the air for a key, in favour of one that begins now. Gives the entry that is to be replaced. */
  #supersede(storeKey: unknown): Entry<V> | undefined {
    const flight = this.#space.flights.get(storeKey)
    if (flight !== undefined && isInside(flight)) throw reentrant(flight.key)
    this.#space.revoke(storeKey)
    return this.#space.kind === 'async' ? undefined : this.room.old(storeKey)
  }

  /** Counts one more caller of a flight. While the store is being read, nobody knows yet what the caller will be. */
  #join(flight: Flight<V, Args>): void {
    flight.listeners++
    if (flight.askers > 0) flight.askers++
    else this.#counters.joins++
  }

  /** @param outcome what the caller waits for: the end of the flight, if nothing else is said */
  #wait(
    flight: Flight<V, Args>,
    options: CallOptions<V, Args> | undefined,
    outcome: Promise<V> = flight.promise!,
  ): Promise<V> {
    const signal = options?.signal
    if (signal === undefined && this.#timeout === undefined && this.#softTimeout === undefined) {
      flight.pinned = true
      return outcome
    }
    return waitFor(flight, outcome, {
      signal,
      timeout: this.#timeout,
      softTimeout: this.#softTimeout,
      old: () => (options?.fresh === true ? undefined : this.#forSlowness(flight.old)),
      abandoned: (reason) => this.#abandon(flight, reason),
    })
  }

  /**
   * What a caller gets who comes while a load runs that was to be fresh at any price, and would not pay it: the old value
   * where that may be served, at once or in the place of a failure.
   */
  async #beside(flight: Flight<V, Args>, known: Entry<V> | undefined): Promise<V> {
    let old = known
    if (this.#space.kind === 'async') {
      // One read does for all: whatever changes what there is takes the flight out.
      flight.reading ??= this.room.read(flight.storeKey as string)
      old = await flight.reading
      if (!flight.revoked) flight.old = old
      const served = old === undefined ? undefined : this.#served(old, flight.storeKey, 1)
      if (served !== undefined) {
        if (served !== true) throw served.error
        if (!flight.revoked && this.#freshness.isFresh(old!)) this.room.writeUse(flight.storeKey as string, old!)
        return old!.value
      }
    }
    this.#join(flight)
    try {
      return await flight.promise!
    } catch (error) {
      if (this.#forFailure(old) === undefined) throw error
      return old!.value
    }
  }

  /** Reads an asynchronous store, and loads where that gives nothing to be served. */
  async #readOrLoad(flight: Flight<V, Args>): Promise<V> {
    if (!flight.fresh) {
      flight.askers = 1
      const { storeKey } = flight
      flight.reading = this.room.read(storeKey as string)
      const old = await flight.reading
      const { askers } = flight
      flight.askers = 0
      const served = this.#served(old, storeKey, askers)
      if (served !== undefined) {
        this.#space.remove(flight)
        flight.ended = true
        if (served !== true) throw served.error
        if (!flight.revoked) {
          if (this.#freshness.isFresh(old!)) this.room.writeUse(storeKey as string, old!)
          if (this.#isDue(old!, storeKey)) this.#loadBehind(flight.again(old))
        }
        return old!.value
      }
      if (!flight.revoked) flight.old = old
      this.#counters.joins += askers - 1
      if (flight.aborted) {
        this.#counters.misses++
        this.#space.remove(flight)
        throw flight.signal.reason as Error
      }
    }
    return this.#load(flight)
  }

  /** Begins the load of a flight. What comes of it is dealt with before any caller hears of it. */
  #load(flight: Flight<V, Args>): Promise<V> {
    this.#begun(flight)
    return run(flight, this.#steps, this.#inContext)
  }

  #begun(flight: Flight<V, Args>): void {
    if (!flight.background) this.#counters.misses++
    this.#counters.loads++
    flight.startedAt = this.#freshness.clock.now()
  }

  #landed(flight: Flight<V, Args>, value: V): void {
    const loadMs = this.#took(flight)
    if (!flight.revoked) {
      this.#space.failures.delete(flight.storeKey)
      this.room.keep(flight, value, loadMs)
    }
    this.#ended(flight)
  }

  /** Gives what is served in the place of the failure, if anything is. */
  #failed(flight: Flight<V, Args>, error: unknown): Entry<V> | undefined {
    this.#took(flight)
    this.#counters.loadFailures++
    // Whoever waits has a handler of its own, but maybe nobody does any longer.
    flight.promise?.catch(ignore)
    if (!flight.revoked) this.#remember(flight, error)
    const standIn = flight.revoked || flight.fresh ? undefined : this.#forFailure(flight.old)
    if ((standIn !== undefined || flight.listeners <= 0) && !flight.aborted) this.room.report(error)
    this.#ended(flight)
    return standIn
  }

  /** Leaves a load that has failed alone for a while. */
  #remember(flight: Flight<V, Args>, error: unknown): void {
    const errorTtl = this.#errorTtl
    let rest = flight.old === undefined && this.#freshness.grace === 0 ? 0 : restAfterFailure
    try {
      if (typeof errorTtl === 'function') rest = duration('what errorTtl gives', errorTtl(error, ...flight.args))
      else if (errorTtl !== undefined) rest = errorTtl
    } catch (mistake) {
      this.room.report(mistake)
    }
    // The function that was just asked is the user's, and may have invalidated what it was asked about.
    if (rest === 0 || flight.revoked) return
    const now = this.#freshness.clock.now()
    this.#space.failures.add(flight.storeKey, { error, until: now + rest, answers: errorTtl !== undefined }, now)
  }

  /** The old value, if it may be served in the place of a failure. */
  #forFailure(old: Entry<V> | undefined): Entry<V> | undefined {
    const freshness = this.#freshness
    return old !== undefined && freshness.mayStandIn(old, freshness.clock.now()) ? old : undefined
  }

  /** The old value, if it may be served in the place of a load that is slow. */
  #forSlowness(old: Entry<V> | undefined): Entry<V> | undefined {
    if (old === undefined) return undefined
    const { grace, clock } = this.#freshness
    return grace === 0 || clock.now() - old.endsAt < grace ? old : undefined
  }

  /** Counts the time that a load took, and gives it. */
  #took(flight: Flight<V, Args>): number {
    const ms = this.#freshness.clock.now() - flight.startedAt
    this.#counters.loadMs += ms
    return ms
  }

  #ended(flight: Flight<V, Args>): void {
    this.#space.remove(flight)
    flight.ended = true
  }

  /** The last caller has left: nobody wants the load any more. */
  #abandon(flight: Flight<V, Args>, reason: unknown): void {
    if (flight.ended) return
    this.#space.revokeFlight(flight)
    flight.abort(reason)
  }
}

function reentrant(key: unknown): ReentrantLoadError {
  return new ReentrantLoadError('a load has called its own function with its own key, and would wait for itself', key)
}

function ignore(): void {}
