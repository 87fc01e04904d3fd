/** The longest delay that a timer can be set to. */
const longestDelay = 0x7fff_ffff

/** One timer, for one instant, which keeps no process alive. */
export class Alarm {
  readonly #ring: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #at = Infinity
  /** The timer functions that were in use when the timer was set: a test may install and remove its own. */
  #setBy: typeof setTimeout | undefined
  #clearBy: typeof clearTimeout | undefined

  /** @param ring called when it is time, or earlier where that is further off than any timer: then it is to be set anew */
  constructor(ring: () => void) {
    this.#ring = ring
  }

  /** Whether it is set for this instant or an earlier one, by the timer functions that are in use now. */
  covers(instant: number): boolean {
    return this.#at <= instant && this.#setBy === setTimeout
  }

  /** Sets it, and no other time that it was set for. */
  set(instant: number, now: number): void {
    this.clear()
    this.#at = instant
    this.#setBy = setTimeout
    this.#clearBy = clearTimeout
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#at = Infinity
        this.#ring()
      },
      Math.min(Math.max(instant - now, 1), longestDelay),
    )
    this.#timer.unref()
  }

  clear(): void {
    if (this.#timer !== undefined) this.#clearBy!(this.#timer)
    this.#timer = undefined
    this.#at = Infinity
  }
}
