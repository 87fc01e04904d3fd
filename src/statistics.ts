import type { Census } from './census.ts'
import type { Counters, Stats } from './counters.ts'
import type { AnyStore, Space } from './space.ts'

/** What a census counts of entries that have left. */
export type Departures = Pick<Stats, 'evictions' | 'expirations' | 'invalidations'>

/** What has left so far. */
export function departuresOf({ evictions, expirations, invalidations }: Census): Departures {
  return { evictions, expirations, invalidations }
}

/**
 * Puts together what is known of one function.
 *
 * @param resetAt what had left when the statistics were last reset
 */
export function statsOf(room: { store: AnyStore; space: Space; counters: Counters }, resetAt: Departures): Stats {
  const { census, kind, name } = room.space
  const { size: claimed, max } = room.store as { size?: unknown; max?: unknown }
  const ownSize = name === undefined && typeof claimed === 'number' ? claimed : undefined
  // Counting what is there finds out what has gone.
  const size = kind === 'async' ? ownSize : census.size()
  const { evictions, expirations, invalidations } = departuresOf(census)
  return {
    ...room.counters.snapshot(),
    evictions: evictions - resetAt.evictions,
    expirations: expirations - resetAt.expirations,
    invalidations: invalidations - resetAt.invalidations,
    size,
    max: typeof max === 'number' ? max : undefined,
  }
}
