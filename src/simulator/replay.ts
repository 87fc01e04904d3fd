import type { Store } from '../types.ts'
import type { Trace } from './traces.ts'

/**
 * Replays requests against a store: each is a `get`, and on a miss a `set`.
 *
 * @param store one that is empty; it is filled
 * @returns the part of the requests that were hits, 0 to 1; `NaN` where there were none
 */
export function replay(store: Store<string, unknown>, trace: Trace): number {
  let hits = 0
  for (const key of trace) {
    if (store.get(key) === undefined) store.set(key, true)
    else hits++
  }
  return hits / trace.length
}
