import type { AnyFlight } from './flight.ts'

/**
 * The loads in the air of one space, by key.
 *
 * A Map that goes from one entry to none and back allocates at every turn, and a function whose loads come one after
 * the other does just that. So the first flight has a place of its own, and the Map is for those that come meanwhile.
 */
export class Flights implements Iterable<AnyFlight> {
  #first: AnyFlight | undefined
  readonly #others = new Map<unknown, AnyFlight>()

  get(storeKey: unknown): AnyFlight | undefined {
    if (this.#first !== undefined && isSame(this.#first.storeKey, storeKey)) return this.#first
    return this.#others.size === 0 ? undefined : this.#others.get(storeKey)
  }

  /** Adds a flight. There must be none of its key. */
  add(flight: AnyFlight): void {
    if (this.#first === undefined) this.#first = flight
    else this.#others.set(flight.storeKey, flight)
  }

  /** Takes out this very flight, if it is there; another one of its key stays. */
  delete(flight: AnyFlight): boolean {
    if (this.#first === flight) {
      this.#first = undefined
      return true
    }
    return this.#others.get(flight.storeKey) === flight && this.#others.delete(flight.storeKey)
  }

  *[Symbol.iterator](): Iterator<AnyFlight> {
    if (this.#first !== undefined) yield this.#first
    yield* this.#others.values()
  }
}

/** Whether a Map takes two keys for one. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || (a !== a && b !== b)
}
