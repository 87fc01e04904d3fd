import type { Random } from './types.ts'

/** `Math.random`, looked up at every use so that one installed later is seen. */
export const systemRandom: Random = () => Math.random()

/**
 * A reproducible source of chance: the same seed gives the same numbers on every machine.
 *
 * The generator is mulberry32 (Tommy Ettinger): 32 bits of state, good enough for jitter, sampling and tests, and not
 * meant for secrets.
 *
 * @param seed any integer; only its low 32 bits count
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
