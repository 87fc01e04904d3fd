/** The size below which it is not worth looking for keys that have gone. */
const smallest = 128

/**
 * The keys that one function has in a store that it shares, so that it can be cleared alone.
 *
 * A store may drop an entry without a word. So when the list has doubled since the last look, the keys that have gone
 * are swept out: the cost per key stays constant, and the list is at most twice as long as what is really there.
 */
export class Roster {
  readonly #keys = new Set<unknown>()
  readonly #isThere: (storeKey: unknown) => boolean
  #sweepAt = smallest

  /** @param isThere says whether the store still has this function's entry under the key */
  constructor(isThere: (storeKey: unknown) => boolean) {
    this.#isThere = isThere
  }

  add(storeKey: unknown): void {
    this.#keys.add(storeKey)
    if (this.#keys.size >= this.#sweepAt) this.sweep()
  }

  delete(storeKey: unknown): void {
    this.#keys.delete(storeKey)
  }

  /** All keys, gone or there. */
  keys(): Iterable<unknown> {
    return this.#keys
  }

  /** Forgets the keys that have gone, and gives the number of those that are there. */
  sweep(): number {
    for (const storeKey of this.#keys) if (!this.#isThere(storeKey)) this.#keys.delete(storeKey)
    this.#sweepAt = Math.max(smallest, 2 * this.#keys.size)
    return this.#keys.size
  }

  /** Gives all keys, gone or there, and starts anew. */
  drain(): unknown[] {
    const all = [...this.#keys]
    this.#keys.clear()
    this.#sweepAt = smallest
    return all
  }
}
