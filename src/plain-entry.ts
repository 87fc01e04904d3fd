import { AgeingEntry, never, type Entry } from './entry.ts'
import type { Space } from './space.ts'
import type { TagBook } from './tagging.ts'
import { wallTime } from './touches.ts'

/** An entry as plain data, for what is not a store of this process's memory. Times are those of the wall clock. */
export interface PlainEntry<V = unknown> {
  /** Says that the engine wrote this, and in which form. */
  readonly polycache: 1
  readonly value: V
  /** When this was written down; what one process writes down later always has a greater number. */
  readonly at: number
  /** When this is no longer fresh; missing where it always is. */
  readonly expiresAt?: number
  /** With a tti: what no use can move `expiresAt` beyond; missing where there is no such time. */
  readonly lastsUntil?: number
  /** When a hit is to start a refresh; missing where there is no such time. */
  readonly refreshAt?: number
  /** How long the load took; missing where that is of no use. */
  readonly loadMs?: number
  /** What it can be invalidated by, and when its load began; missing where there are none. */
  readonly tags?: readonly string[]
  readonly stamp?: number
}

/** What a function knows of its entries that they do not say themselves. */
export interface Reading {
  /** How long an entry may be of use after its end. */
  readonly grace: number
  /** Who knows when its tags were invalidated. */
  readonly book: TagBook | undefined
}

/** Writes an entry down. */
export function written<V>(entry: Entry<V>, { clock }: Space, at: number): PlainEntry<V> {
  const ahead = wallTime(clock) - clock.now()
  const { value, endsAt, lastsUntil, refreshAt, loadMs, tags } = entry
  return {
    polycache: 1,
    value,
    at,
    ...(endsAt === never ? {} : { expiresAt: endsAt + ahead }),
    ...(lastsUntil === never ? {} : { lastsUntil: lastsUntil + ahead }),
    ...(refreshAt === never ? {} : { refreshAt: refreshAt + ahead }),
    ...(loadMs === 0 ? {} : { loadMs }),
    ...(tags === undefined ? {} : { tags: tags.names, stamp: tags.stamp }),
  }
}

/** The entry that was written down, fresh or not; `undefined` where its tags were invalidated since, or nobody knows. */
export function revived(plain: PlainEntry, { clock, generation }: Space, reading: Reading): Entry | undefined {
  const { value, at, expiresAt, lastsUntil, refreshAt, loadMs = 0, stamp = 0 } = plain
  const { grace, book } = reading
  const tags = plain.tags && book?.take(plain.tags, stamp)
  if (plain.tags !== undefined && tags === undefined) return undefined
  // What was written down in the future, by a clock that was ahead, lives no longer for it.
  const ahead = Math.max(wallTime(clock), at) - clock.now()
  const here = (time = Infinity): number => (time === Infinity ? never : time - ahead)
  const ages = {
    endsAt: here(expiresAt),
    lastsUntil: here(lastsUntil),
    refreshAt: here(refreshAt),
    loadMs,
    grace,
    tags,
  }
  return new AgeingEntry(value, undefined, generation.watched, ages)
}
