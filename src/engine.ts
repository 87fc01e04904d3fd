import { AsyncLocalStorage } from 'node:async_hooks'
import { wrongType } from './check.ts'
import type { Counters } from './counters.ts'
import type { EngineOptions } from './engine-options.ts'
import { Entry } from './entry.ts'
import { ClosedError, ReentrantLoadError } from './errors.ts'
import { begin, Flight, type Load } from './flight.ts'
import type { Freshness, Ttl } from './freshness.ts'
import { hitPath, unreadable, type HitPath } from './hit-path.ts'
import { isInside, run, type InContext, type Steps } from './reentry.ts'
import { Room } from './room.ts'
import { isThenable, type AnyStore, type Space } from './space.ts'

/** What one call may ask for. */
export interface CallOptions<V, Args extends readonly unknown[]> {
  /** Ends this caller's wait, and nobody else's, with `signal.reason`. */
  signal?: AbortSignal
  /** Milliseconds that the value is fresh, in place of the function's `ttl`, if this call begins the load. */
  ttl?: Ttl<V, Args>
  /** Whether to load anew whatever the store has. Default: `false`. */
  fresh?: boolean
}

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
  #closing: Promise<void> | undefined
  readonly #steps: Steps<Flight<V, Args>, V> = {
    begin,
    landed: (flight, value) => this.#landed(flight, value),
    failed: (flight) => this.#failed(flight),
  }

  constructor(store: AnyStore, options: EngineOptions<V, Args>) {
    this.room = new Room(store, options)
    this.hitPath = hitPath(this.room)
    this.#space = this.room.space
    this.#counters = this.room.counters
    this.#freshness = this.room.freshness
    this.#inContext = options.context === 'isolated' ? AsyncLocalStorage.snapshot() : undefined
  }

  /** Goes on with a call for which the hit path found nothing: joins the load in the air, or begins one. */
  miss(key: unknown, load: Load<V>, self: unknown, args: Args, options?: CallOptions<V, Args>): Promise<V> {
    try {
      const storeKey = this.#enter(key)
      if (options?.fresh === true) this.#supersede(storeKey)
      else if (this.#space.kind === 'async') {
        const onItsWay = this.room.findOnItsWay(storeKey)
        if (onItsWay !== undefined) return onItsWay.settled()
      }
      let flight = this.#space.flights.get(storeKey) as Flight<V, Args> | undefined
      if (flight !== undefined) this.#join(flight)
      else {
        flight = new Flight(this, key, storeKey, load, self, args, options?.ttl)
        this.#space.flights.add(flight)
        flight.promise = this.#space.kind === 'async' ? this.#readOrLoad(flight, options?.fresh) : this.#load(flight)
        if (flight.ended) flight.promise.catch(ignore)
      }
      const signal = options?.signal
      if (signal === undefined) return flight.wait()
      const begun = flight
      return begun.waitUntil(signal, (reason) => this.#abandon(begun, reason))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Goes on with a call of a function that returns at once, as {@link miss} does for one that returns a promise. */
  missNow(key: unknown, load: Load<V>, self: unknown, args: Args, options?: CallOptions<V, Args>): V {
    const storeKey = this.#enter(key)
    if (this.#space.kind === 'async') throw wrongType('store', 'one that answers at once', this.room.store)
    this.#supersede(storeKey)
    const flight = new Flight<V, Args>(this, key, storeKey, load, self, args, options?.ttl)
    this.#space.flights.add(flight)
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
      this.#failed(flight)
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
    if (found instanceof Entry && found.generation?.whole === space.generation) this.room.dropExpired(storeKey)
    return storeKey
  }

  /** Revokes the load in the air for a key, in favour of one that begins now. */
  #supersede(storeKey: unknown): void {
    const flight = this.#space.flights.get(storeKey)
    if (flight !== undefined && isInside(flight)) throw reentrant(flight.key)
    this.#space.revoke(storeKey)
  }

  /** Counts one more caller of a flight. While the store is being read, nobody knows yet what the caller will be. */
  #join(flight: Flight<V, Args>): void {
    if (isInside(flight)) throw reentrant(flight.key)
    if (flight.askers > 0) flight.askers++
    else this.#counters.joins++
  }

  /** Reads an asynchronous store, and loads where that gives nothing fresh. */
  async #readOrLoad(flight: Flight<V, Args>, fresh: boolean | undefined): Promise<V> {
    if (fresh !== true) {
      flight.askers = 1
      const entry = await this.room.readFresh(flight)
      const { askers } = flight
      flight.askers = 0
      const counters = this.#counters
      if (entry !== undefined) {
        counters.hits += askers
        this.#space.remove(flight)
        return entry.value
      }
      counters.joins += askers - 1
      if (flight.aborted) {
        counters.misses++
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
    this.#counters.misses++
    this.#counters.loads++
    flight.startedAt = this.#freshness.clock.now()
  }

  #landed(flight: Flight<V, Args>, value: V): void {
    this.#counters.loadMs += this.#freshness.clock.now() - flight.startedAt
    if (!flight.revoked) this.room.keep(flight, value)
    this.#ended(flight)
  }

  #failed(flight: Flight<V, Args>): void {
    this.#counters.loadMs += this.#freshness.clock.now() - flight.startedAt
    this.#counters.loadFailures++
    // Whoever waits has a handler of its own, but maybe nobody does any longer.
    flight.promise?.catch(ignore)
    this.#ended(flight)
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
