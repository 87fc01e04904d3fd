import type { Counters } from './counters.ts'
import type { EngineOptions } from './engine-options.ts'
import { stillAlive, type Entry } from './entry.ts'
import type { Flight } from './flight.ts'
import type { Freshness, Ttl } from './freshness.ts'
import type { OldValues } from './old-values.ts'
import type { Room } from './room.ts'
import type { Space } from './space.ts'
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

/** How the callers of one function wait for loads that are in the air. */
export class Callers<V, Args extends readonly unknown[]> {
  readonly #room: Room<V, Args>
  readonly #space: Space
  readonly #counters: Counters
  readonly #freshness: Freshness<V, Args>
  readonly #oldValues: OldValues<V, Args>
  readonly #timeout: number | undefined
  readonly #softTimeout: number | undefined
  /** Whether no caller waits to the end whatever happens. */
  readonly #isImpatient: boolean

  constructor(room: Room<V, Args>, oldValues: OldValues<V, Args>, { timeout, softTimeout }: EngineOptions<V, Args>) {
    this.#room = room
    this.#space = room.space
    this.#counters = room.counters
    this.#freshness = room.freshness
    this.#oldValues = oldValues
    this.#timeout = timeout
    this.#softTimeout = softTimeout
    this.#isImpatient = timeout !== undefined || softTimeout !== undefined
  }

  /** Counts one more caller of a flight. While the store is being read, nobody knows yet what the caller will be. */
  join(flight: Flight<V, Args>): void {
    if (flight.owner !== this.#room) flight.usedBy(this.#room)
    if (flight.askers === 0) this.#counters.joins++
    else if (flight.owner === this.#room) flight.askers++
    else flight.addStranger(this.#counters)
  }

  wait(flight: Flight<V, Args>, options: CallOptions<V, Args> | undefined): Promise<V> {
    // Nothing is made here for those who wait to the end, not even a function: most do.
    if (options?.signal !== undefined || this.#isImpatient) return this.#waitUntil(flight, options, flight.promise!)
    flight.pinned = true
    return flight.promise!
  }

  /** Waits beside a load that was to be fresh at any price, for one who would not pay it. */
  waitBeside(
    flight: Flight<V, Args>,
    old: Entry<V> | undefined,
    options: CallOptions<V, Args> | undefined,
  ): Promise<V> {
    let isListening: boolean | undefined
    const listen = (): void => {
      if (isListening === undefined) flight.listeners++
      isListening ??= true
    }
    const stopListening = (): void => {
      if (isListening === true) flight.listeners--
      isListening = false
    }
    return this.#waitUntil(flight, options, this.#beside(flight, old, listen), stopListening)
  }

  /**
   * @param outcome what the caller waits for
   * @param stopListening notes that the caller will not hear of a failure of the flight
   */
  #waitUntil(
    flight: Flight<V, Args>,
    options: CallOptions<V, Args> | undefined,
    outcome: Promise<V>,
    stopListening: () => unknown = () => flight.listeners--,
  ): Promise<V> {
    return waitFor(flight, outcome, {
      signal: options?.signal,
      timeout: this.#timeout,
      softTimeout: this.#softTimeout,
      old: () => (options?.fresh === true ? undefined : this.#oldValues.forSlowness(flight.old)),
      stopListening,
      abandoned: (reason) => this.#abandon(flight, reason),
    })
  }

  /**
   * What a caller gets who comes while a load runs that was to be fresh at any price, and would not pay it: the old value
   * where that may be served, at once or in the place of a failure.
   *
   * @param listen notes that the caller will hear of a failure of the flight, which may end before that is known
   */
  async #beside(flight: Flight<V, Args>, known: Entry<V> | undefined, listen: () => void): Promise<V> {
    let old = known
    if (this.#space.kind === 'async') {
      // One read does for all: whatever changes what there is takes the flight out.
      flight.reading ??= this.#room.read(flight.storeKey as string)
      old = stillAlive(await flight.reading)
      if (!flight.revoked) flight.old = old
      const served = old === undefined ? undefined : this.#oldValues.serve(old, flight.storeKey, 1)
      if (served !== undefined) {
        if (served !== true) throw served.error
        // Once the flight has ended, nothing tells whether what it wrote is the newest, or has been invalidated since.
        const isNewest = !flight.revoked && !flight.ended
        if (isNewest && this.#freshness.isFresh(old!)) this.#room.writeUse(flight.storeKey as string, old!)
        return old!.value
      }
    }
    this.join(flight)
    if (old === undefined) listen()
    try {
      return await flight.promise!
    } catch (error) {
      if (this.#oldValues.forFailure(old) === undefined) throw error
      return old!.value
    }
  }

  /** The last caller has left: nobody wants the load any more. */
  #abandon(flight: Flight<V, Args>, reason: unknown): void {
    if (flight.ended) return
    this.#space.revokeFlight(flight)
    flight.abort(reason)
  }
}
