let last = -Infinity

/**
 * The time of the wall clock in milliseconds, never the same twice in one process: what comes later has a greater number.
 */
export function nextTime(): number {
  last = Math.max(Date.now(), last + 1 / 1024)
  return last
}
