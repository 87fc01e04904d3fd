/** The failure of a load, while it is remembered. */
export interface Failure {
  readonly error: unknown
  /** The clock's time up to which the load is left alone. */
  readonly until: number
  /** Whether it answers calls that have nothing else to be answered with. */
  readonly answers: boolean
}

/** The most failures that are remembered for one space; beyond it, those that came first are forgotten. */
const most = 10_000

/**
 * The keys of one space whose load has failed and is left alone for a while.
 *
 * They are kept apart from the store, so that a failure takes no value's room and is never weighed, listed or written
 * anywhere.
 */
export class Failures {
  readonly #byKey = new Map<unknown, Failure>()

  /** Whether there may be any. */
  get any(): boolean {
    return this.#byKey.size > 0
  }

  /** The failure of a key that still counts. */
  get(storeKey: unknown, now: number): Failure | undefined {
    if (this.#byKey.size === 0) return undefined
    const failure = this.#byKey.get(storeKey)
    if (failure === undefined || now < failure.until) return failure
    this.#byKey.delete(storeKey)
    return undefined
  }

  add(storeKey: unknown, failure: Failure, now: number): void {
    this.#byKey.delete(storeKey)
    if (this.#byKey.size === most) this.#makeRoom(now)
    this.#byKey.set(storeKey, failure)
  }

  delete(storeKey: unknown): void {
    if (this.#byKey.size > 0) this.#byKey.delete(storeKey)
  }

  clear(): void {
    this.#byKey.clear()
  }

  /** Forgets those whose time is over, and the first ones until half of the room is free: seldom, and never one by one. */
  #makeRoom(now: number): void {
    for (const [storeKey, { until }] of this.#byKey) {
      if (until <= now || this.#byKey.size > most / 2) this.#byKey.delete(storeKey)
    }
  }
}
