import { systemClock } from './clock.ts'
import type { Clock } from './types.ts'

/** The time of the wall clock, where a function has no clock of its own. */
export function wallTime(clock: Clock): number {
  return clock === systemClock ? Date.now() : clock.now()
}

/** The last moment that was given for a store: a space that takes the place of another goes on from there. */
const lasts = new WeakMap<object, { at: number }>()

/** The most keys that are remembered; beyond it, all count as touched just now. */
const most = 10_000

/**
 * When keys of one space were last invalidated, expired or set, so that what was written down before that is not taken
 * for the newest.
 */
export class Touches {
  readonly #clock: Clock
  /** How far the wall clock was ahead of that of the function when it was last read: it is dearer to read. */
  #ahead: number
  readonly #last: { at: number }
  readonly #at = new Map<unknown, number>()
  #allAt = -Infinity

  constructor(store: object, clock: Clock) {
    this.#clock = clock
    this.#ahead = wallTime(clock) - clock.now()
    this.#last = lasts.get(store) ?? { at: -Infinity }
    lasts.set(store, this.#last)
  }

  /** This moment of the wall clock. A clock that stands still or goes back does not make two moments of a store one. */
  moment(): number {
    this.#ahead = wallTime(this.#clock) - this.#clock.now()
    return this.#next()
  }

  add(storeKey: unknown): void {
    if (this.#at.size >= most) this.addAll()
    // A key that is an object cannot be written down, and is not to be held on to.
    if (Object(storeKey) !== storeKey) this.#at.set(storeKey, this.#next())
  }

  addAll(): void {
    this.#at.clear()
    this.#allAt = this.#next()
  }

  /** Whether a key was touched later than that moment. */
  since(storeKey: unknown, moment: number): boolean {
    return Math.max(this.#allAt, this.#at.get(storeKey) ?? -Infinity) > moment
  }

  #next(): number {
    return (this.#last.at = Math.max(this.#clock.now() + this.#ahead, this.#last.at + 1 / 1024))
  }
}
