import { entryAt, decodeRecord, type StoredRecord } from '../tiers/record.ts'
import type { TierEntry } from '../tiers/tier.ts'
import { wellFormed } from '../tiers/token.ts'
import { type Database, nameKey, numberKey } from './database.ts'

/** The bytes of a page of lmdb. */
const pageBytes = 4_096

/** From this size on lmdb puts a value on pages of its own. */
const ownPages = 2_000

/** What a value of a table takes beside its bytes, in all tables that it is known to. */
const overhead = 128

/** The bytes before an entry that say where it stands in the order of writing. */
const placeBytes = 8

/** A lease as it is stored. */
export interface StoredLease {
  readonly token: string
  readonly sequence: number
  readonly until: number
}

/**
 * Entries, leases and marks in the tables of a file. What writes is to be called inside a transaction; what reads may be
 * called anywhere.
 */
export class Ledger {
  readonly #database: Database
  readonly #maxWeight: number
  readonly #maxMarks: number

  /**
   * @param maxBytes of the file
   * @param maxMarks the most tags and spaces whose last invalidation is remembered
   */
  constructor(database: Database, maxBytes: number, maxMarks: number) {
    this.#database = database
    // Pages are half full at worst, and a transaction writes new ones before it frees the old.
    this.#maxWeight = maxBytes / 2
    this.#maxMarks = maxMarks
  }

  /** Whether what began under this sequence is alive, by the marks of its space and its tags. */
  isAlive(sequence: number, space: Buffer, tags: readonly string[]): boolean {
    // In most cases nothing at all has been invalidated since.
    if (sequence >= this.#database.number('seq')) return true
    if (sequence < this.#database.number('floor') || !this.#isUnmarked(sequence, space)) return false
    return tags.every((tag) => this.#isUnmarked(sequence, tagKey(tag)))
  }

  #isUnmarked(sequence: number, mark: Buffer): boolean {
    const at = this.#database.tables.marks.getBinaryFast(mark)
    return at === undefined || at.readDoubleBE(0) <= sequence
  }

  /** The entry that is alive and not over; `damaged` where there are other bytes. */
  find(name: Buffer, space: Buffer, now: number): StoredRecord | 'damaged' | undefined {
    const bytes = this.#database.tables.entries.getBinary(name)
    if (bytes === undefined) return undefined
    const record = decodeRecord(bytes, placeBytes)
    if (record === undefined) return 'damaged'
    if (now >= record.freshUntil + record.staleFor) return undefined
    return this.isAlive(record.sequence, space, record.tags) ? record : undefined
  }

  /** The entry as it is at a time. */
  look(name: Buffer, space: Buffer, now: number): TierEntry | 'damaged' | undefined {
    const record = this.find(name, space, now)
    return typeof record === 'object' ? entryAt(record, now) : record
  }

  /** Stores an entry, and takes out the oldest ones until there is room for it. */
  store(name: Buffer, record: Buffer): void {
    const { entries, order } = this.#database.tables
    this.remove(name)
    const weight = weightOf(name, record)
    if (weight > this.#maxWeight) return
    const room = this.#maxWeight - weight
    for (let total = this.#database.number('weight'); total > room; total = this.#database.number('weight')) {
      const [oldest] = order.getRange({ limit: 1 })
      if (oldest === undefined) break
      order.remove(Buffer.from(oldest.key))
      this.remove(Buffer.from(oldest.value))
    }
    const place = numberKey(this.#database.setNumber('place', this.#database.number('place') + 1))
    entries.put(name, Buffer.concat([place, record]))
    order.put(place, name)
    this.#weigh(weight)
  }

  /** Takes an entry out and says whether there was one, alive or not. */
  remove(name: Buffer): boolean {
    const { entries, order } = this.#database.tables
    const bytes = entries.getBinary(name)
    if (bytes === undefined) return false
    entries.remove(name)
    order.remove(Buffer.from(bytes.subarray(0, placeBytes)))
    this.#weigh(-weightOf(name, bytes.subarray(placeBytes)))
    return true
  }

  /** The lease that holds others off. */
  lease(name: Buffer, space: Buffer, now: number): StoredLease | undefined {
    const bytes = this.#database.tables.leases.getBinary(name)
    if (bytes?.length !== 32) return undefined
    const sequence = bytes.readDoubleBE(16)
    const until = bytes.readDoubleBE(24)
    if (now >= until || !this.isAlive(sequence, space, [])) return undefined
    return { token: bytes.toString('latin1', 0, 16), sequence, until }
  }

  setLease(name: Buffer, { token, sequence, until }: StoredLease): void {
    const bytes = Buffer.alloc(32)
    bytes.write(token, 0, 16, 'latin1')
    bytes.writeDoubleBE(sequence, 16)
    bytes.writeDoubleBE(until, 24)
    this.#database.tables.leases.put(name, bytes)
  }

  endLease(name: Buffer): void {
    if (this.#database.tables.leases.getBinary(name) !== undefined) this.#database.tables.leases.remove(name)
  }

  /** Everything that began before now and has one of these marks is dead; without marks, everything. */
  mark(marks: readonly Buffer[]): void {
    const seq = this.#database.setNumber('seq', this.#database.number('seq') + 1)
    if (marks.length === 0) this.#database.setNumber('floor', seq)
    const table = this.#database.tables.marks
    for (const mark of marks) table.put(mark, numberKey(seq))
    if (table.getStats().entryCount > this.#maxMarks) this.#forgetMarks()
  }

  /** Forgets the older half of the marks. What is older than those cannot be told dead from alive any more. */
  #forgetMarks(): void {
    const table = this.#database.tables.marks
    const all = Array.from(table.getRange({}), ({ key, value }) => [Buffer.from(key), value.readDoubleBE(0)] as const)
    const middle = all.map(([, seq]) => seq).toSorted((a, b) => a - b)[all.length >> 1]!
    for (const [key, seq] of all) if (seq <= middle) table.remove(key)
    this.#database.setNumber('floor', Math.max(this.#database.number('floor'), middle))
  }

  #weigh(change: number): void {
    this.#database.setNumber('weight', Math.max(0, this.#database.number('weight') + change))
  }
}

/** The key of the mark of a tag. */
export function tagKey(tag: string): Buffer {
  return nameKey(`t:${tag}`)
}

/** The key of the mark of a space. */
export function spaceKey(name: string): Buffer {
  return nameKey(`c:${wellFormed(name)}`)
}

/** The room that an entry takes, as lmdb lays it out. */
function weightOf(name: Buffer, record: Buffer): number {
  const size = name.length + placeBytes + record.length
  return (size > ownPages ? Math.ceil(size / pageBytes + 1) * pageBytes : size) + name.length + overhead
}
