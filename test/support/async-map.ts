import type { AsyncStore } from '../../src/types.ts'

/** A Map whose methods return promises that take a seeded number of turns. */
export class AsyncMap<K, V> implements AsyncStore<K, V> {
  readonly map: Map<K, V> = new Map()
  readonly #turns: () => number

  /** @param turns gives the number of microtask turns that the next operation takes */
  constructor(turns: () => number = () => 3) {
    this.#turns = turns
  }

  async get(key: K): Promise<V | undefined> {
    await this.#pass()
    return this.map.get(key)
  }

  async set(key: K, value: V): Promise<void> {
    await this.#pass()
    this.map.set(key, value)
  }

  async delete(key: K): Promise<boolean> {
    await this.#pass()
    return this.map.delete(key)
  }

  async #pass(): Promise<void> {
    for (let left = this.#turns(); left > 0; left--) await null
  }
}
