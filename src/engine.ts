import type { EngineInFront } from './behind.ts'
import { wrongType } from './check.ts'
import { Callers, type CallOptions } from './callers.ts'
import type { Counters } from './counters.ts'
import type { EngineOptions } from './engine-options.ts'
import { stillAlive, type Entry } from './entry.ts'
import { ClosedError, ReentrantLoadError } from './errors.ts'
import { Flight, type Load } from './flight.ts'
import { begin } from './load-context.ts'
import type { Freshness } from './freshness.ts'
import { hitPath, unreadable, type HitPath } from './hit-path.ts'
import { Loads } from './loads.ts'
import { OldValues } from './old-values.ts'
import { isInside } from './reentry.ts'
import { Room } from './room.ts'
import { isThenable, type AnyStore, type Space } from './space.ts'
import type { TagBook } from './tagging.ts'

/**
 * One load per key, over any store.
 *
 * A call is `hitPath.find`, and where that finds nothing, at once {@link miss}: all that is off the hit path.
 */
export class Engine<V, Args extends readonly unknown[]> {
  readonly room: Room<V, Args>
  readonly hitPath: HitPath<V>
  readonly options: EngineOptions<V, Args>
  /** What ends with this: begun in the step in which this is closed, and waited for. */
  readonly parts: ((wait: boolean) => unknown)[] = []
  /** What is still to be done when this is closed and no load is running any more. */
  readonly endings: (() => unknown)[] = []
  /** Called when the place in the store has been given up, and another may take it. */
  left: (() => void) | undefined = undefined
  readonly #space: Space
  readonly #counters: Counters
  readonly #freshness: Freshness<V, Args>
  readonly #oldValues: OldValues<V, Args>
  readonly #loads: Loads<V, Args>
  readonly #callers: Callers<V, Args>
  readonly #book: TagBook | undefined
  /** What the tier is given, where there is one. */
  readonly #inFront: EngineInFront
  #closing: Promise<void> | undefined

  /** @param title what warnings are to call it by, where it has no name */
  constructor(store: AnyStore, options: EngineOptions<V, Args>, title?: string) {
    this.options = options
    this.room = new Room(store, options, title)
    this.hitPath = hitPath(this.room)
    this.#space = this.room.space
    this.#counters = this.room.counters
    this.#freshness = this.room.freshness
    this.#oldValues = new OldValues(this.room, options.errorTtl)
    this.#loads = new Loads(this.room, this.#oldValues, options)
    this.#callers = new Callers(this.room, this.#oldValues, options)
    this.#book = options.tags?.tags
    this.#inFront = {
      run: (flight) => this.#loads.run(flight),
      loadBehind: (flight) => this.#loadBehind(flight),
      serve: (old, storeKey, calls) => this.#oldValues.serve(old, storeKey, calls),
      isDue: (served, storeKey) => this.#oldValues.isDue(served, storeKey),
    }
  }

  /** Answers a call that comes while what it is to get is being refreshed, if that is all there is to it. */
  serveWhileRefreshed(key: unknown): Promise<V> | undefined {
    const old = this.#oldValues.whileRefreshed(this.hitPath.found, key)
    if (old === undefined) return undefined
    this.hitPath.found = undefined
    return old.settled()
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
        old = this.#space.own(isAsync ? this.#space.flights.get(storeKey)?.old : found) as Entry<V> | undefined
        const served = isAsync && old === undefined ? undefined : this.#oldValues.serve(old, storeKey, 1)
        if (served === true) {
          if (isAsync && this.#freshness.isFresh(old!)) this.room.writeUse(storeKey as string, old!)
          if (this.#oldValues.isDue(old!, storeKey)) {
            this.#loadBehind(new Flight(this.room, key, storeKey, load, self, args, options?.ttl, old))
          }
          return old!.settled()
        }
        if (served !== undefined) return Promise.reject(served.error)
      }
      let flight = this.#joinable(storeKey)
      if (flight === undefined) {
        flight = new Flight(this.room, key, storeKey, load, self, args, options?.ttl, old)
        this.#space.flights.add(flight)
        if (fresh) flight.purpose = 'fresh'
        flight.listeners = 1
        if (this.#book !== undefined) flight.stamp = this.#book.stamp()
        flight.promise = this.#begin(flight)
        if (flight.ended) flight.promise.catch(ignore)
        return this.#callers.wait(flight, options)
      }
      if (isInside(flight)) throw reentrant(key)
      if (flight.fresh && (old !== undefined || this.#space.kind === 'async')) {
        return this.#callers.waitBeside(flight, old, options)
      }
      flight.listeners++
      this.#callers.join(flight)
      return this.#callers.wait(flight, options)
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
      const served = this.#oldValues.serve(found, storeKey, 1)
      if (served === true) return found!.value
      if (served !== undefined) throw served.error
    }
    const superseded = this.#supersede(storeKey)
    const flight = new Flight<V, Args>(this.room, key, storeKey, load, self, args, options?.ttl, found ?? superseded)
    this.#space.flights.add(flight)
    if (fresh) flight.purpose = 'fresh'
    flight.listeners = 1
    this.#loads.begun(flight)
    try {
      const value = begin(flight)
      if (isThenable(value)) {
        Promise.resolve(value).catch(ignore)
        throw wrongType('what the function returns', 'a value (use cached for a promise)', value)
      }
      this.#loads.landed(flight, value)
      return value
    } catch (error) {
      const standIn = this.#loads.failed(flight, error)
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
    const flights = [...this.#space.flights, ...this.#space.revoked].filter((flight) => flight.isUsedBy(this.room))
    const parts = Promise.allSettled(this.parts.map(async (part) => part(wait)))
    if (wait) {
      // A load that closes its own function in its first step has no promise before that is over.
      await undefined
      await Promise.allSettled(flights.map((flight) => flight.promise))
    } else {
      const reason = new ClosedError('this was closed while the load ran', undefined)
      for (const flight of flights) {
        if (!flight.leftBy(this.room)) continue
        this.#space.revokeFlight(flight)
        flight.abort(reason)
      }
    }
    const ended = await Promise.allSettled(this.endings.map(async (ending) => ending()))
    for (const result of [...(await parts), ...ended]) if (result.status === 'rejected') this.room.report(result.reason)
    await this.room.asyncShelf?.idle()
    await this.room.behind?.leave()
    this.room.leave()
    this.left?.()
  }

  /** What every call that is no hit begins with. Gives the key's form in the store. */
  #enter(key: unknown): unknown {
    const { found } = this.hitPath
    this.hitPath.found = undefined
    const space = this.#space
    if (this.room.closed) throw new ClosedError('this has been closed, and takes no calls any more', key)
    if (isThenable(key)) throw wrongType('what the key function gives', 'a key, and not the promise of one', key)
    // Where the store is found to be asynchronous only now, the hit path has just asked it for nothing.
    if (isThenable(found)) Promise.resolve(found).catch(ignore)
    if (space.kind === 'unknown' && found !== unreadable) this.room.learnKind(key, found)
    if (space.kind === 'async') this.hitPath.shut()
    const storeKey = space.storeKey(key)
    if (space.revoked.size > 0)
      for (const revoked of space.revoked) if (revoked.storeKey === storeKey && isInside(revoked)) throw reentrant(key)
    return storeKey
  }

  #begin(flight: Flight<V, Args>): Promise<V> {
    if (this.#space.kind === 'async') return this.#readOrLoad(flight)
    const { behind } = this.room
    return behind === undefined ? this.#loads.run(flight) : behind.readOrLoad(flight, this.#inFront)
  }

  /** Begins a load that nobody waits for. */
  #loadBehind(flight: Flight<V, Args>): void {
    const { behind } = this.room
    flight.purpose = 'refresh'
    flight.pinned = true
    this.#space.flights.add(flight)
    flight.promise = behind === undefined ? this.#loads.run(flight) : behind.refresh(flight, this.#inFront)
    flight.promise.catch(ignore)
  }

  /** Revokes the load in the air for a key, in favour of one that begins now. Gives the entry that is to be replaced. */
  #supersede(storeKey: unknown): Entry<V> | undefined {
    const flight = this.#space.flights.get(storeKey)
    if (flight !== undefined && isInside(flight)) throw reentrant(flight.key)
    this.#space.revoke(storeKey)
    return this.#space.kind === 'async' ? undefined : this.room.old(storeKey)
  }

  /** The load in the air that a call for this key may join. */
  #joinable(storeKey: unknown): Flight<V, Args> | undefined {
    const flight = this.#space.flights.get(storeKey) as Flight<V, Args> | undefined
    if (flight === undefined || this.#book?.changedSince(flight.stamp) !== true) return flight
    // The tag that has been invalidated may turn out to be one of those that the value will carry.
    if (isInside(flight)) throw reentrant(flight.key)
    this.#space.revokeFlight(flight)
    return undefined
  }

  /** Reads an asynchronous store, and loads where that gives nothing to be served. */
  async #readOrLoad(flight: Flight<V, Args>): Promise<V> {
    if (!flight.fresh) {
      flight.askers = 1
      const { storeKey } = flight
      flight.reading = this.room.read(storeKey as string)
      const old = stillAlive(await flight.reading)
      const { askers } = flight
      const served = this.#oldValues.serve(old, storeKey, askers)
      const areFresh = served !== true || this.#freshness.isFresh(old!)
      flight.tellAskers(served === undefined ? 'joins' : areFresh ? 'hits' : 'staleHits')
      if (served !== undefined) {
        this.#space.remove(flight)
        flight.ended = true
        if (served !== true) throw served.error
        if (!flight.revoked) {
          if (this.#freshness.isFresh(old!)) this.room.writeUse(storeKey as string, old!)
          if (this.#oldValues.isDue(old!, storeKey)) this.#loadBehind(flight.again(old))
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
    return this.#loads.run(flight)
  }
}

function reentrant(key: unknown): ReentrantLoadError {
  return new ReentrantLoadError('a load has called its own function with its own key, and would wait for itself', key)
}

function ignore(): void {}
