/** The window is looked at anew after this many requests for each entry of the store. */
const requestsPerEntry = 10
/** How far the window goes at first, as a share of the room, and what is left of a step after each. */
const firstStep = 0.0625
const fading = 0.98
/** A change of the hit rate that makes the steps long again. */
const restart = 0.05
const smallest = 0.01
const largest = 0.8

/**
 * Moves the window of W-TinyLFU to where the hit rate is best: on in the same direction while that grows, and back when
 * it falls, with steps that get shorter until the hit rate changes much.
 *
 * Gil Einziger, Ohad Eytan, Roy Friedman and Ben Manes, *Adaptive Software Cache Management* (2018).
 */
export class HillClimb {
  #share: number
  #step = firstStep
  #hitRate = 0
  #total = 0
  #misses = 0

  constructor(share: number) {
    this.#share = share
  }

  /**
   * Notes a miss.
   *
   * @param total how many requests there were so far
   * @param entries how many entries the store holds
   * @returns the new share of the window, when it is to change
   */
  missed(total: number, entries: number): number | undefined {
    this.#misses++
    const requests = total - this.#total
    if (requests < requestsPerEntry * entries) return undefined

    const hitRate = 1 - this.#misses / requests
    const change = hitRate - this.#hitRate
    const step = change >= 0 ? this.#step : -this.#step
    this.#step = Math.abs(change) >= restart ? Math.sign(step) * firstStep : step * fading
    this.#share = Math.min(largest, Math.max(smallest, this.#share + step))
    // At an end there is only one way to go on.
    if (this.#share === smallest) this.#step = Math.abs(this.#step)
    if (this.#share === largest) this.#step = -Math.abs(this.#step)
    this.#hitRate = hitRate
    this.#total = total
    this.#misses = 0
    return this.#share
  }
}
