import { AsyncLocalStorage } from 'node:async_hooks'
import type { EngineOptions } from './engine-options.ts'
import type { Entry } from './entry.ts'
import type { Flight } from './flight.ts'
import { begin } from './load-context.ts'
import type { OldValues } from './old-values.ts'
import { run, type InContext, type Steps } from './reentry.ts'
import type { Room } from './room.ts'
import type { TagBook } from './tagging.ts'

/** Runs the loads of one function, and deals with what comes of them before any caller hears of it. */
export class Loads<V, Args extends readonly unknown[]> implements Steps<Flight<V, Args>, V> {
  readonly #room: Room<V, Args>
  readonly #oldValues: OldValues<V, Args>
  readonly #book: TagBook | undefined
  readonly #inContext: InContext | undefined

  constructor(room: Room<V, Args>, oldValues: OldValues<V, Args>, options: EngineOptions<V, Args>) {
    this.#room = room
    this.#oldValues = oldValues
    this.#book = options.tags?.tags
    this.#inContext = options.context === 'isolated' ? AsyncLocalStorage.snapshot() : undefined
  }

  /** Begins the load of a flight. */
  run(flight: Flight<V, Args>): Promise<V> {
    this.begun(flight)
    return run(flight, this, this.#inContext)
  }

  /** Counts a load that begins. */
  begun(flight: Flight<V, Args>): void {
    if (!flight.background) this.#room.counters.misses++
    this.#room.counters.loads++
    if (this.#book !== undefined) flight.stamp = this.#book.stamp()
    flight.startedAt = this.#now()
  }

  begin(flight: Flight<V, Args>): V | PromiseLike<V> {
    return begin(flight)
  }

  /** Keeps what a load has given, unless its flight has been revoked. */
  landed(flight: Flight<V, Args>, value: V): void {
    const loadMs = this.#took(flight)
    if (!flight.revoked) {
      this.#room.space.failures.delete(flight.storeKey)
      this.#room.keep(flight, value, loadMs)
    }
    this.#ended(flight)
  }

  /** Gives what is served in the place of the failure, if anything is. */
  failed(flight: Flight<V, Args>, error: unknown): Entry<V> | undefined {
    this.#took(flight)
    this.#room.counters.loadFailures++
    // Whoever waits has a handler of its own, but maybe nobody does any longer.
    flight.promise?.catch(ignore)
    if (!flight.revoked) this.#oldValues.remember(flight, error)
    const standIn = flight.revoked || flight.fresh ? undefined : this.#oldValues.forFailure(flight.old)
    if ((standIn !== undefined || flight.listeners <= 0) && !flight.aborted) this.#room.report(error)
    this.#ended(flight)
    return standIn
  }

  /** Counts the time that a load took, and gives it. */
  #took(flight: Flight<V, Args>): number {
    const passed = this.#now() - flight.startedAt
    const ms = passed > 0 ? passed : 0
    this.#room.counters.loadMs += ms
    return ms
  }

  /** The time, or `NaN` where the clock fails: that does not keep a load from its end. */
  #now(): number {
    try {
      return this.#room.freshness.clock.now()
    } catch (error) {
      this.#room.report(error)
      return NaN
    }
  }

  #ended(flight: Flight<V, Args>): void {
    this.#room.behind?.ended(flight)
    this.#room.space.remove(flight)
    flight.ended = true
  }
}

function ignore(): void {}
