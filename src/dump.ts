import { iterable, wrongType } from './check.ts'
import type { Entry } from './entry.ts'
import { revived, written, type PlainEntry } from './plain-entry.ts'
import type { Room } from './room.ts'
import { isThenable, type Space } from './space.ts'

/** An entry that was dumped: plain data, with the times of the wall clock. */
export interface DumpedEntry<V = unknown, K = unknown> extends PlainEntry<V> {
  readonly key: K
}

/** What has become of the records that were to be restored. */
export interface Restored {
  /** Records that are entries of the store again. */
  readonly restored: number
  /** Those whose time was over. */
  readonly expired: number
  /** Those in whose place there is something newer: an entry that is there, an invalidation of the key or of a tag. */
  readonly superseded: number
  /** Those that the store did not take. */
  readonly refused: number
  /** What is no record of an entry, or one of another version. */
  readonly unreadable: number
}

type AnyRoom = Room<any, any>

/** The entries of a function that are of use, the coldest first where the store has an order. */
export function dump(room: AnyRoom): AsyncIterable<DumpedEntry> {
  prepare(room)
  return records(room, room.asyncShelf?.storeKeys() ?? storeKeys(room.space))
}

function storeKeys({ store, census }: Space): unknown[] {
  const { rkeys, keys } = store as { rkeys?(): Iterable<unknown>; keys?(): Iterable<unknown> }
  // The keys of an LRUCache go from the hottest to the coldest; it has others that do not.
  const all = (rkeys ?? keys)?.call(store) ?? census.roster?.keys()
  if (all === undefined) throw wrongType('store.keys', 'a function where entries are looked through', undefined)
  return [...all]
}

async function* records(room: AnyRoom, all: Iterable<unknown> | AsyncIterable<unknown>): AsyncIterable<DumpedEntry> {
  const { space } = room
  for await (const storeKey of all) {
    // The moment before it is read: whatever touches it meanwhile is the newer.
    const at = space.touches.moment()
    const entry = await (room.asyncShelf === undefined ? room.old(storeKey) : room.read(storeKey as string))
    if (!isOfUse(room, entry)) continue
    const key = space.keyOf(storeKey)
    if (!isPlain(key) || !Object.is(space.storeKey(key), storeKey)) {
      throw wrongType('the key of an entry to dump', 'known by more than its identity', key ?? storeKey)
    }
    yield { key, ...written(entry, space, at) }
  }
}

/** Puts dumped entries in with the life that they have left, none of them in the place of something newer. */
export async function restore(room: AnyRoom, records: Iterable<unknown> | AsyncIterable<unknown>): Promise<Restored> {
  prepare(room)
  iterable('what restore is given', records)
  // Both are the latest that a record can be of, whatever it says itself.
  const begun = room.space.touches.moment()
  const stamp = room.book?.stamp()
  const counts = { restored: 0, expired: 0, superseded: 0, refused: 0, unreadable: 0 }
  for await (const record of records) {
    room.assertOpen(undefined)
    counts[isRecord(record) ? await put(room, record, begun, stamp) : 'unreadable']++
  }
  return counts
}

async function put(room: AnyRoom, record: DumpedEntry, begun: number, now = 0): Promise<keyof Restored> {
  const { space, asyncShelf, reading } = room
  const { key, at, stamp = 0 } = record
  const storeKey = space.storeKey(key)
  const entry = revived({ ...record, stamp: Math.min(stamp, now) }, space, reading)
  if (entry === undefined) return 'superseded'
  if (!isOfUse(room, entry)) return 'expired'
  const mayPut = (there: Entry | undefined): boolean =>
    entry.alive &&
    !isOfUse(room, there) &&
    !space.isHeld(storeKey) &&
    !space.touches.since(storeKey, Math.min(at, begun))
  if (asyncShelf !== undefined) {
    return (await asyncShelf.writeIf(storeKey as string, entry, mayPut, reading)) ? 'restored' : 'superseded'
  }
  if (!mayPut(room.old(storeKey))) return 'superseded'
  room.promote(storeKey, entry)
  return room.old(storeKey) === entry ? 'restored' : 'refused'
}

function prepare(room: AnyRoom): void {
  room.assertOpen(undefined)
  if (room.behind !== undefined)
    throw new TypeError('what is in a tier is neither dumped nor restored: it is kept there')
  room.learnKind('')
}

function isOfUse(room: AnyRoom, entry: Entry | undefined): entry is Entry {
  return entry !== undefined && room.freshness.isOfUse(entry)
}

function isPlain(key: unknown): boolean {
  return Object(key) !== key
}

function isRecord(record: unknown): record is DumpedEntry {
  const {
    polycache,
    key,
    value,
    tags,
    at,
    expiresAt = 0,
    lastsUntil = 0,
    refreshAt = 0,
    loadMs = 0,
    stamp = 0,
  } = Object(record) as DumpedEntry
  return (
    polycache === 1 &&
    isPlain(key) &&
    !isThenable(value) &&
    (tags === undefined || (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string'))) &&
    [at, expiresAt, lastsUntil, refreshAt, loadMs, stamp].every(Number.isFinite)
  )
}
