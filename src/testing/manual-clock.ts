import { outOfRange, wrongType } from '../check.ts'
import type { Clock } from '../types.ts'

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now: number

  /**
   * @param start the first reading, in milliseconds: any finite number
   * @throws {TypeError | RangeError} when `start` is not that
   */
  constructor(start = 0) {
    this.#now = finite('start', start)
  }

  now(): number {
    return this.#now
  }

  /**
   * Goes on.
   *
   * @param ms finite, 0 or more: a clock never goes back
   * @throws {TypeError | RangeError} when `ms` is not that
   */
  advance(ms: number): void {
    if (finite('ms', ms) < 0) throw outOfRange('ms', 'a finite number of milliseconds, 0 or more', ms)
    this.#now += ms
  }
}

function finite(name: string, value: unknown): number {
  const must = name === 'ms' ? 'a finite number of milliseconds, 0 or more' : 'a finite number of milliseconds'
  if (typeof value !== 'number') throw wrongType(name, must, value)
  if (!Number.isFinite(value)) throw outOfRange(name, must, value)
  return value
}
