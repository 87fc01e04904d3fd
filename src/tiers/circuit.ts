import type { Clock } from '../types.ts'

/**
 * Leaves a tier alone that has failed several times in a row: for a while nothing is asked of it, then one call may find
 * out whether it has come back (the circuit breaker of Nygard, *Release It!*).
 */
export class Circuit {
  readonly #failures: number
  readonly #pause: number
  readonly #clock: Clock
  #inARow = 0
  #closedFrom = -Infinity
  #probing = false

  /**
   * @param failures how many in a row open it, a positive integer
   * @param pause milliseconds until the next call is tried
   */
  constructor(failures: number, pause: number, clock: Clock) {
    this.#failures = failures
    this.#pause = pause
    this.#clock = clock
  }

  /** Whether a call may be made now. Whoever is told so says how it has ended. */
  allows(): boolean {
    if (this.#inARow < this.#failures) return true
    if (this.#probing || this.#clock.now() < this.#closedFrom) return false
    this.#probing = true
    return true
  }

  succeeded(): void {
    this.#inARow = 0
    this.#probing = false
  }

  failed(): void {
    this.#inARow++
    this.#probing = false
    this.#closedFrom = this.#clock.now() + this.#pause
  }
}
