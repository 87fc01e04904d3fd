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
  /**
   * Those that were left out: there is an entry already, or their key or a tag of theirs has been invalidated since, or
   * the function knows no tags, or the store does not take them.
   */
  readonly skipped: number
  /** What is no record of an entry, or one of another version. */
  readonly unreadable: number
}

type AnyRoom = Room<any, any>

/** The entries of a function that are of use, the coldest first where the store has an order. */
export function dump(room: AnyRoom): AsyncIterable<DumpedEntry> {
  prepare(room)
  return recordsOf(room)
}

function storeKeys({ store, census }: Space): unknown[] {
  const { rkeys, keys } = store as { rkeys?(): Iterable<unknown>; keys?(): Iterable<unknown> }
  // The keys of an LRUCache go from the hottest to the coldest; it has others that do not.
  const all = (rkeys ?? keys)?.call(store) ?? census.roster?.keys()
  if (all === undefined) throw wrongType('store.keys', 'a function where entries are looked through', undefined)
  return [...all]
}

async function* recordsOf(room: AnyRoom): AsyncIterable<DumpedEntry> {
  const { space, asyncShelf } = room
  // What is on its way to the store is among its keys then.
  await asyncShelf?.idle()
  for await (const storeKey of asyncShelf?.storeKeys() ?? storeKeys(space)) {
    // The moment before it is read: whatever touches it meanwhile is the newer.
    const at = space.touches.moment()
    const entry = await (asyncShelf === undefined ? room.old(storeKey) : room.read(storeKey as string))
    if (!isOfUse(room, entry)) continue
    const key = space.keyOf(storeKey)
    if (!isPlain(key) || !Object.is(space.storeKey(key), storeKey)) {
      throw wrongType('a key to dump', 'more than an identity', key ?? storeKey)
    }
    yield { key, ...written(entry, space, at) }
  }
}

/** Puts dumped entries in with the life that they have left, none of them in the place of something newer. */
export async function restore(room: AnyRoom, records: Iterable<unknown> | AsyncIterable<unknown>): Promise<Restored> {
  prepare(room)
  // The latest that a record and its stamp can be of, whatever they say themselves.
  const begun = room.space.touches.moment()
  const stamp = room.book?.stamp() ?? 0
  const counts = { restored: 0, expired: 0, skipped: 0, unreadable: 0 }
  for await (const record of iterable('what restore is given', records)) {
    room.assertOpen(undefined)
    counts[isRecord(record) ? await put(room, record, begun, stamp) : 'unreadable']++
  }
  return counts
}

async function put(room: AnyRoom, record: DumpedEntry, begun: number, latest: number): Promise<keyof Restored> {
  const { space, asyncShelf, reading } = room
  const storeKey = space.storeKey(record.key)
  const entry = revived({ ...record, stamp: Math.min(record.stamp ?? 0, latest) }, space, reading)
  if (entry === undefined) return 'skipped'
  if (!isOfUse(room, entry)) return 'expired'
  const may = (there: Entry | undefined): boolean =>
    entry.alive &&
    !isOfUse(room, there) &&
    !space.isHeld(storeKey) &&
    !space.touches.since(storeKey, Math.min(record.at, begun))
  let done
  if (asyncShelf !== undefined) done = await asyncShelf.writeIf(storeKey as string, entry, may, reading)
  else if (may(room.old(storeKey))) {
    room.promote(storeKey, entry)
    // It may have been too heavy for the store, or the store may have failed.
    done = room.old(storeKey) === entry
  }
  return done === true ? 'restored' : 'skipped'
}

/** @throws `ClosedError`, and `TypeError` where there is a tier */
function prepare(room: AnyRoom): void {
  room.assertOpen(undefined)
  if (room.behind !== undefined) throw new TypeError('a function that has a tier is neither dumped nor restored')
  room.learnKind('')
}

function isOfUse(room: AnyRoom, entry: Entry | undefined): entry is Entry {
  return entry !== undefined && room.freshness.isOfUse(entry)
}

/** Whether a key can be written down. */
function isPlain(key: unknown): boolean {
  return Object(key) !== key
}

function isRecord(record: unknown): record is DumpedEntry {
  const { polycache, key, value, at, tags = [], ...numbers } = Object(record) as DumpedEntry
  return (
    polycache === 1 &&
    isPlain(key) &&
    !isThenable(value) &&
    Array.isArray(tags) &&
    tags.every((tag) => typeof tag === 'string') &&
    Object.values({ ...numbers, at }).every(Number.isFinite)
  )
}
