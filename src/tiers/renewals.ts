import type { Lease } from './tier.ts'

/** How many times `leaseTtl` a lease is kept alive for its holder, in all. */
const longest = 1_000

interface Held {
  readonly renew: () => Promise<boolean>
  readonly since: number
}

/**
 * Keeps leases alive while their loads run, so that `leaseTtl` need be no longer than it should take to notice that a
 * process has died, and a load may take as long as it does. A process that is stopped or hangs renews nothing.
 */
export class Renewals {
  readonly #leaseTtl: number
  readonly #held = new Map<string, Held>()
  #timer: NodeJS.Timeout | undefined

  /** @param leaseTtl milliseconds that a lease lives without being renewed */
  constructor(leaseTtl: number) {
    this.#leaseTtl = leaseTtl
  }

  /** @param renew renews the lease; gives `false` when it is lost. A failure is met by the next attempt */
  hold(lease: Lease, renew: () => Promise<boolean>): void {
    this.#held.set(lease.token, { renew, since: performance.now() })
    this.#arm()
  }

  /** Ends the renewing. */
  drop(lease: Lease): void {
    this.#held.delete(lease.token)
    if (this.#held.size === 0) this.close()
  }

  /** Ends all renewing. */
  close(): void {
    this.#held.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#renewAll()
      if (this.#held.size > 0) this.#arm()
    }, this.#leaseTtl / 3).unref()
  }

  #renewAll(): void {
    const now = performance.now()
    for (const [token, { renew, since }] of this.#held) {
      const age = now - since
      if (age > this.#leaseTtl * longest) this.#held.delete(token)
      // Most loads are over by then, and no lease is renewed for them.
      else if (age >= this.#leaseTtl / 4) void this.#renew(token, renew)
    }
  }

  async #renew(token: string, renew: () => Promise<boolean>): Promise<void> {
    try {
      if (!(await renew())) this.#held.delete(token)
    } catch {
      // The backend is out of reach; if it stays so until the lease ends, another process takes it.
    }
  }
}
