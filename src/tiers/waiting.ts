// oxlint-disable no-await-in-loop -- each look is at what has come of the wait before it

import type { TierRead, WaitOptions } from './tier.ts'

/** The first and the longest pause between two looks where no notice comes, in milliseconds. */
const firstPause = 4
const longestPause = 200

/** The waits of one process for the loads of others. */
export class Waiting {
  readonly #wakers = new Map<string, Set<() => void>>()

  /** Lets all who wait for this look again. */
  wake(place: string): void {
    for (const waker of this.#wakers.get(place) ?? []) waker()
  }

  /** Lets everybody look again. */
  wakeAll(): void {
    for (const place of this.#wakers.keys()) this.wake(place)
  }

  /**
   * Looks again and again, at each notice and after pauses that grow, until there is something to serve or to do.
   *
   * @param place what {@link wake} is told
   * @param look a read that takes the lease if it is to be had
   * @param most the longest pause, where it is to be less than usual
   */
  async until(
    place: string,
    { timeout, signal }: WaitOptions,
    look: () => Promise<TierRead>,
    most: number = longestPause,
  ): Promise<TierRead> {
    const deadline = performance.now() + timeout
    for (let pause = Math.min(firstPause, most); ; pause = Math.min(pause * 2, most)) {
      await this.#pause(place, Math.min(pause, deadline - performance.now()), signal)
      signal?.throwIfAborted()
      const found = await look()
      if (found.state === 'fresh' || found.lease !== undefined || performance.now() >= deadline) return found
    }
  }

  async #pause(place: string, ms: number, signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const wakers = this.#wakers.get(place) ?? new Set()
      this.#wakers.set(place, wakers)
      const waker = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', waker)
        wakers.delete(waker)
        if (wakers.size === 0 && this.#wakers.get(place) === wakers) this.#wakers.delete(place)
        resolve()
      }
      const timer = setTimeout(waker, Math.max(0, ms))
      signal?.addEventListener('abort', waker, { once: true })
      wakers.add(waker)
      if (signal?.aborted === true) waker()
    })
  }
}
