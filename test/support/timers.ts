import type { SinonFakeTimers } from 'sinon'

/**
 * How many fake timers with one of these delays are still set: those of the code under test, and not what else in the
 * process happens to set one meanwhile.
 */
export function timersLeft(clock: SinonFakeTimers, ...delays: readonly number[]): number {
  const { timers } = clock as unknown as { timers?: Record<string, { delay: number }> | Map<number, { delay: number }> }
  const all = timers instanceof Map ? [...timers.values()] : Object.values(timers ?? {})
  return all.filter(({ delay }) => delays.includes(delay)).length
}
