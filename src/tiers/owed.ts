/** The most invalidations that are kept apart; beyond that everything is owed. */
const most = 10_000

/** How long it takes until what is owed is tried again, at first and at most, in milliseconds. */
const firstDelay = 100
const longestDelay = 5_000

/**
 * The invalidations that a backend has failed to do and that it owes: they are repeated until they succeed, and nothing
 * is read before that, so a process never sees again what it has invalidated.
 *
 * They live as long as their process.
 */
export class Owed {
  readonly #everything: () => Promise<unknown>
  readonly #debts = new Map<string, () => Promise<unknown>>()
  #all = false
  #settling: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #delay = firstDelay
  #closed = false

  /** @param everything invalidates all that this tier has, for when there is too much to be told apart */
  constructor(everything: () => Promise<unknown>) {
    this.#everything = everything
  }

  /** Whether there is anything to be settled. */
  get any(): boolean {
    return this.#all || this.#debts.size > 0
  }

  /**
   * Does an invalidation, and owes it if that fails.
   *
   * @param what names it: two of one name are owed once
   * @param repeat what is done later, if that is not the same
   */
  async pay<T>(what: string, invalidate: () => Promise<T>, repeat: () => Promise<unknown> = invalidate): Promise<T> {
    try {
      return await invalidate()
    } catch (error) {
      this.#owe(what, repeat)
      throw error
    }
  }

  /** Fulfilled when nothing is owed any more; rejects when the backend fails again. */
  settle(): Promise<void> {
    this.#settling ??= this.#settle().finally(() => {
      this.#settling = undefined
    })
    return this.#settling
  }

  /** Gives all up. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#debts.clear()
    this.#all = false
  }

  #owe(what: string, repeat: () => Promise<unknown>): void {
    if (this.#closed) return
    if (this.#debts.size >= most && !this.#debts.has(what)) {
      this.#all = true
      this.#debts.clear()
    }
    if (!this.#all) this.#debts.set(what, repeat)
    this.#retryLater()
  }

  async #settle(): Promise<void> {
    if (this.#all) {
      await this.#everything()
      this.#all = false
    }
    const [first, ...others] = this.#debts
    // While the backend is away, one attempt shows it.
    if (first !== undefined) await this.#repeat(...first)
    await Promise.all(others.map((debt) => this.#repeat(...debt)))
    this.#delay = firstDelay
  }

  async #repeat(what: string, repeat: () => Promise<unknown>): Promise<void> {
    await repeat()
    // What has come to be owed meanwhile is a debt of its own.
    if (this.#debts.get(what) === repeat) this.#debts.delete(what)
  }

  #retryLater(): void {
    if (this.#timer !== undefined || this.#closed) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.settle().catch(() => {
        this.#delay = Math.min(this.#delay * 2, longestDelay)
        if (this.any) this.#retryLater()
      })
    }, this.#delay).unref()
  }
}
