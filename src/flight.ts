import type { Ttl } from './freshness.ts'
import type { Running } from './reentry.ts'

/** What a load can learn about itself, from {@link loadContext}. */
export interface LoadContext {
  /** The key that is loaded. */
  readonly key: unknown
  /** Aborted when the last caller who waited for this load has left, or when its function is closed without waiting. */
  readonly signal: AbortSignal
}

/** A load, as the engine calls it. */
export type Load<V> = (...args: never[]) => V | PromiseLike<V>

/** The callers of a flight who may leave, and the load's own signal. Made only where somebody uses signals. */
interface Leaving {
  /** Callers who may leave and have not. */
  waiting: number
  /** Made when the load asks for its signal. */
  controller: AbortController | undefined
  reason: unknown
}

/** One load in the air, shared by all who call for its key meanwhile. It is kept apart from the store. */
export class Flight<V = unknown, Args extends readonly unknown[] = readonly unknown[]> implements Running {
  /** Whose load this is, where functions share their keys. */
  readonly owner: object
  readonly key: unknown
  readonly storeKey: unknown
  readonly load: Load<V>
  self: unknown
  args: Args
  /** How long the value is to be fresh, if the call that began this said so. */
  readonly ttl: Ttl<V, Args> | undefined
  /** The clock's time when the load began. */
  startedAt = 0
  /** What all callers share. Missing only while the load's own first step runs. */
  promise: Promise<V> | undefined = undefined
  /** The fence: set by whatever says that the result must no longer be kept. */
  revoked = false
  /** Whether somebody waits who cannot leave. */
  pinned = false
  aborted = false
  ended = false
  /** How many callers have come while an asynchronous store is read, when nobody knows yet if there will be a load. */
  askers = 0
  #leaving: Leaving | undefined = undefined
  beginning = false
  turn = 0
  runner: Running['runner'] = undefined
  caller: Running | undefined = undefined

  constructor(
    owner: object,
    key: unknown,
    storeKey: unknown,
    load: Load<V>,
    self: unknown,
    args: Args,
    ttl: Ttl<V, Args> | undefined,
  ) {
    this.owner = owner
    this.key = key
    this.storeKey = storeKey
    this.load = load
    this.self = self
    this.args = args
    this.ttl = ttl
  }

  /** Aborted when nobody waits any longer; made when it is first asked for. */
  get signal(): AbortSignal {
    const leaving = this.#leavers()
    if (leaving.controller === undefined) {
      leaving.controller = new AbortController()
      if (this.aborted) leaving.controller.abort(leaving.reason)
    }
    return leaving.controller.signal
  }

  /** Fires the load's own signal. */
  abort(reason: unknown): void {
    const leaving = this.#leavers()
    this.aborted = true
    leaving.reason = reason
    leaving.controller?.abort(reason)
  }

  /** The shared promise, for a caller who cannot leave. */
  wait(): Promise<V> {
    this.pinned = true
    return this.promise!
  }

  /**
   * A promise of its own for a caller who leaves when `signal` fires: its wait ends at once with `signal.reason`, and
   * nobody else's.
   *
   * @param abandoned called when the last caller has left
   */
  waitUntil(signal: AbortSignal, abandoned: (reason: unknown) => void): Promise<V> {
    const leaving = this.#leavers()
    leaving.waiting++
    const shared = this.promise!
    return new Promise<V>((resolve, reject) => {
      const leave = (): void => {
        reject(signal.reason as Error)
        if (--leaving.waiting === 0 && !this.pinned) abandoned(signal.reason)
      }
      if (signal.aborted) {
        // By the key function, or by the load itself in its first step.
        shared.catch(() => {})
        return leave()
      }
      signal.addEventListener('abort', leave, { once: true })
      const stay = (): void => signal.removeEventListener('abort', leave)
      shared.then(stay, stay)
      shared.then(resolve, reject)
    })
  }

  #leavers(): Leaving {
    this.#leaving ??= { waiting: 0, controller: undefined, reason: undefined }
    return this.#leaving
  }
}

/** A flight of whatever function. */
export type AnyFlight = Flight<any, any>

let current: AnyFlight | undefined

/** Runs the first step of a load, in which {@link loadContext} speaks of its flight. */
export function begin<V, Args extends readonly unknown[]>(flight: Flight<V, Args>): V | PromiseLike<V> {
  const outer = current
  current = flight
  flight.beginning = true
  try {
    return flight.load.apply(flight.self, flight.args as unknown as never[])
  } finally {
    current = outer
    flight.beginning = false
  }
}

/**
 * What the load that is beginning can learn about itself. To be called inside a load, before its first `await`.
 *
 * @example
 * const getPage = cached(lru({ max: 100 }))((url: string) => fetch(url, { signal: loadContext().signal }))
 *
 * @throws `Error` outside a load, and after the load's first `await`
 */
export function loadContext(): LoadContext {
  const flight = current
  if (flight === undefined) throw new Error('loadContext() must be called inside a load, before its first await')
  return {
    key: flight.key,
    get signal() {
      return flight.signal
    },
  }
}
