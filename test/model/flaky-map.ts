import type { Random } from '../../src/types.ts'

/** What a store of these tests fails with, so that nothing else is taken for it. */
export class StoreDown extends Error {
  override readonly name = 'StoreDown'
}

/** A `Map` whose operations now and then throw: some before they have done anything, some after. */
export class FlakyMap extends Map<unknown, unknown> {
  /** The share of operations that fail. */
  rate: number
  readonly #random: Random

  constructor(random: Random, rate: number) {
    super()
    this.#random = random
    this.rate = rate
  }

  #flaky<R>(name: string, operation: () => R): R {
    const chance = this.#random()
    if (chance < this.rate / 2) throw new StoreDown(`${name} has done nothing`)
    const answer = operation()
    if (chance < this.rate) throw new StoreDown(`${name} has been done`)
    return answer
  }

  override get(key: unknown): unknown {
    return this.#flaky('get', () => super.get(key))
  }

  override set(key: unknown, value: unknown): this {
    return this.#flaky('set', () => super.set(key, value))
  }

  override has(key: unknown): boolean {
    return this.#flaky('has', () => super.has(key))
  }

  override delete(key: unknown): boolean {
    return this.#flaky('delete', () => super.delete(key))
  }

  override clear(): void {
    this.#flaky('clear', () => super.clear())
  }
}
