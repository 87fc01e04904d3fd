import type { AsyncStore, Random } from '../../src/types.ts'
import { StoreDown } from './flaky-map.ts'

/** How a {@link SlowMap} behaves. */
export interface SlowMapOptions {
  random: Random
  /** Whether each operation waits to be let on, twice; if not, it takes a few microtasks by itself. */
  manual?: boolean
  /** The share of operations that fail, half of them after they have done their work. Default: 0. */
  failureRate?: number
}

/**
 * A `Map` behind a network: the request is on its way for a while, then the work is done, then the answer is on its way
 * for a while, and requests and answers overtake one another.
 */
export class SlowMap implements AsyncStore<string, unknown> {
  readonly inner: Map<string, unknown> = new Map()
  /** Operations that are out. */
  busy = 0
  failureRate: number
  readonly #random: Random
  #manual: boolean
  #waiting: (() => void)[] = []

  constructor({ random, manual = false, failureRate = 0 }: SlowMapOptions) {
    this.#random = random
    this.#manual = manual
    this.failureRate = failureRate
  }

  /** From here on operations wait to be let on. */
  hold(): void {
    this.#manual = true
  }

  /** Lets one operation go on that waits, if any does: `which` counts them round. */
  letOn(which: number): void {
    const [goOn] = this.#waiting.splice(which % Math.max(1, this.#waiting.length), 1)
    goOn?.()
  }

  /** Lets all operations go on, now and from here on. */
  letAllOn(): void {
    this.#manual = false
    for (const goOn of this.#waiting.splice(0)) goOn()
  }

  get(key: string): Promise<unknown> {
    return this.#operation(`get ${key}`, () => this.inner.get(key))
  }

  set(key: string, value: unknown): Promise<unknown> {
    return this.#operation(`set ${key}`, () => this.inner.set(key, value))
  }

  delete(key: string): Promise<boolean> {
    return this.#operation(`delete ${key}`, () => this.inner.delete(key))
  }

  clear(): Promise<void> {
    return this.#operation('clear', () => this.inner.clear())
  }

  async *keys(): AsyncIterable<string> {
    yield* await this.#operation('keys', () => [...this.inner.keys()])
  }

  async #operation<R>(name: string, work: () => R): Promise<R> {
    const chance = this.#random()
    this.busy++
    try {
      await this.#onItsWay()
      if (chance < this.failureRate / 2) throw new StoreDown(`${name} has done nothing`)
      const answer = work()
      await this.#onItsWay()
      if (chance < this.failureRate) throw new StoreDown(`${name} has been done`)
      return answer
    } finally {
      this.busy--
    }
  }

  async #onItsWay(): Promise<void> {
    if (this.#manual) await new Promise<void>((goOn) => this.#waiting.push(goOn))
    else for (let turns = Math.floor(this.#random() * 4); turns > 0; turns--) await undefined
  }
}
