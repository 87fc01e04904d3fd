import { finiteDuration } from './check.ts'
import type { Random } from './types.ts'

/** Spreads deadlines: an upper bound for what chance adds to a ttl, or a function that gives the whole life in ms. */
export type Jitter = number | ((ttl: number, random: Random) => number)

/** Checks a jitter when the thing that has it is made. */
export function checkedJitter(jitter: unknown): Jitter {
  return typeof jitter === 'function' ? (jitter as Jitter) : finiteDuration('jitter', jitter)
}

/**
 * The life of one entry: `ttl + U[0, jitter)` for a number, what the function says otherwise.
 *
 * Entries that were loaded together then do not expire together, and their reloads do not come as one wave.
 *
 * @param ttl milliseconds, 0 or more
 * @param random gives numbers in [0, 1)
 */
export function jittered(ttl: number, jitter: Jitter, random: Random): number {
  if (typeof jitter === 'function') return jitter(ttl, random)
  return jitter === 0 || ttl === Infinity ? ttl : ttl + random() * jitter
}
