import type { Clock } from './types.ts'

/** How many times one reading is handed out before the next one, when no timer gets to run in between. */
const usesPerReading = 64

/**
 * The default clock: whole milliseconds since the process began, never going back.
 *
 * Reading the machine's clock costs as much as a whole cache hit, so one reading serves a burst: until a timer of one
 * millisecond has run, or for 64 uses where only microtasks run and no timer can. `performance` and `setTimeout` are
 * looked up at every use, so those that a test installs later are seen.
 */
class CoarseClock implements Clock {
  #now = 0
  #usesLeft = 0
  /** What the timer that is running was made with, if one is. */
  #armedWith: typeof setTimeout | undefined

  now(): number {
    if (this.#usesLeft > 0 && this.#armedWith === setTimeout) {
      this.#usesLeft--
      return this.#now
    }
    return this.#read()
  }

  #read(): number {
    this.#now = Math.floor(performance.now())
    this.#usesLeft = usesPerReading
    if (this.#armedWith !== setTimeout) {
      this.#armedWith = setTimeout
      setTimeout(() => (this.#armedWith = undefined), 1).unref()
    }
    return this.#now
  }
}

/** The default clock of engine and policies alike. */
export const systemClock: Clock = new CoarseClock()
