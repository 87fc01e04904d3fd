/** A Keyv instance, as far as it is used here. */
export interface KeyvLike {
  get(key: string): Promise<unknown>
  getMany?(keys: string[]): Promise<unknown[]>
  set(key: string, value: string, ttl?: number): Promise<unknown>
  delete(key: string): Promise<unknown>
  on?(event: 'error', listener: (error: unknown) => void): unknown
  off?(event: 'error', listener: (error: unknown) => void): unknown
  throwOnErrors?: boolean
  readonly opts?: unknown
}

/** Milliseconds for Keyv that mean no end, where `undefined` may be an end of its own. */
const noEnd = 0

/** A Keyv instance that says when it fails. */
export class Shelf {
  readonly #keyv: KeyvLike
  readonly #many: boolean
  #failures = 0
  #lastFailure: unknown
  readonly #count = (error: unknown): void => {
    this.#failures++
    this.#lastFailure = error
  }

  constructor(keyv: KeyvLike) {
    this.#keyv = keyv
    // Without a store that can do it, Keyv's own getMany passes over what fails.
    const { store } = (keyv.opts ?? {}) as { store?: { getMany?: unknown } }
    this.#many = typeof keyv.getMany === 'function' && typeof store?.getMany === 'function'
    if (keyv.throwOnErrors === false) keyv.throwOnErrors = true
    keyv.on?.('error', this.#count)
  }

  /** What is under each key. Rejects when any of them could not be read. */
  async get(keys: readonly string[]): Promise<unknown[]> {
    const before = this.#failures
    const found = this.#many
      ? await this.#keyv.getMany!([...keys])
      : await Promise.all(keys.map((key) => this.#keyv.get(key)))
    if (this.#failures !== before) throw this.#failure('could not be read')
    return found
  }

  /** @param ttl milliseconds, or `Infinity` */
  async set(key: string, value: string, ttl: number): Promise<void> {
    const stored = await this.#keyv.set(key, value, ttl === Infinity ? noEnd : Math.max(1, Math.ceil(ttl)))
    if (stored === false) throw this.#failure('could not be written')
  }

  async delete(key: string): Promise<void> {
    const before = this.#failures
    await this.#keyv.delete(key)
    if (this.#failures !== before) throw this.#failure('could not be deleted')
  }

  close(): void {
    this.#keyv.off?.('error', this.#count)
  }

  #failure(what: string): Error {
    return new Error(`an entry of a Keyv store ${what}`, { cause: this.#lastFailure })
  }
}
