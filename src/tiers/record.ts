import { hash } from 'node:crypto'
import type { TierEntry } from './tier.ts'

/*
 * How an entry is written behind a tier. Numbers are big-endian, so that Lua's struct.unpack('>') reads them too:
 *
 *    0  magic, 4 characters
 *    4  checksum of the head from 12 to the payload, 8 characters
 *   12  sequence: the number of the last invalidation when the load began, a double
 *   20  when it was stored, by the backend's clock, a double
 *   28  until when it is fresh, a double
 *   36  how long it is kept after that, a double
 *   44  stamp: the token that it was stored under, 16 characters
 *   60  number of tags, 16 bits, and their length in all, 32 bits
 *   66  the tags: each a length of 16 bits and UTF-8
 *
 * and then the payload, which has a checksum of its own.
 */

/** The first bytes of every entry, which name this form of it. */
export const magic = 'PCR1'

const magicNumber = Buffer.from(magic).readUInt32BE()

/** The bytes before the tags. */
export const fixedHead = 66

/** What a backend notes of an entry beside its payload. */
export interface RecordHead {
  /** The number of the last invalidation of anything when the load began: the entry is dead to all later ones. */
  readonly sequence: number
  readonly storedAt: number
  readonly freshUntil: number
  readonly staleFor: number
  /** 16 characters of ASCII. */
  readonly stamp: string
  readonly tags: readonly string[]
}

/** An entry as it was found. What is seldom asked for is read from the bytes only then. */
export class StoredRecord implements RecordHead {
  readonly sequence: number
  readonly storedAt: number
  readonly freshUntil: number
  readonly staleFor: number
  readonly tags: readonly string[]
  readonly bytes: Buffer
  readonly #record: Buffer
  readonly #start: number

  /**
   * @param record the bytes that it is in, from {@link start} on
   * @param bytes its payload
   */
  constructor(record: Buffer, start: number, tags: readonly string[], bytes: Buffer) {
    this.sequence = record.readDoubleBE(start + 12)
    this.storedAt = record.readDoubleBE(start + 20)
    this.freshUntil = record.readDoubleBE(start + 28)
    this.staleFor = record.readDoubleBE(start + 36)
    this.tags = tags
    this.bytes = bytes
    this.#record = record
    this.#start = start
  }

  get stamp(): string {
    return this.#record.toString('latin1', this.#start + 44, this.#start + 60)
  }

  /** What tells it from all other entries. */
  get id(): string {
    return recordId(this.#record, this.#start)
  }
}

/** The bytes of an entry. */
export function encodeRecord(head: RecordHead, payload: Uint8Array): Buffer {
  const tags = tagBytes(head.tags)
  const start = fixedHead + tags.length
  const record = Buffer.allocUnsafeSlow(start + payload.length)
  record.write(magic, 0, 'latin1')
  record.writeDoubleBE(head.sequence, 12)
  record.writeDoubleBE(head.storedAt, 20)
  record.writeDoubleBE(head.freshUntil, 28)
  record.writeDoubleBE(head.staleFor, 36)
  record.write(head.stamp, 44, 16, 'latin1')
  record.writeUInt16BE(head.tags.length, 60)
  record.writeUInt32BE(tags.length, 62)
  record.set(tags, fixedHead)
  record.set(payload, start)
  record.write(checksum(record.subarray(12, start)), 4, 'latin1')
  return record
}

/** The tags as they stand in an entry. */
export function tagBytes(tags: readonly string[]): Buffer {
  const parts: Buffer[] = []
  for (const tag of tags) {
    const text = Buffer.from(tag)
    const length = Buffer.allocUnsafe(2)
    length.writeUInt16BE(text.length)
    parts.push(length, text)
  }
  return Buffer.concat(parts)
}

/** What tells an entry from all others, of bytes that begin as one; also where the head is damaged. */
export function recordId(record: Buffer, start = 0): string {
  return record.toString('latin1', start + 4, start + 12) + record.toString('latin1', start + 44, start + 60)
}

const noTags: readonly string[] = []

/**
 * The entry that these bytes are, or `undefined` when its head is not as it was written. Copies nothing.
 *
 * @param start where in the bytes it begins
 * @param end where its payload ends
 */
export function decodeRecord(record: Buffer, start = 0, end: number = record.length): StoredRecord | undefined {
  if (end - start < fixedHead || record.readUInt32BE(start) !== magicNumber) return undefined
  const payload = start + fixedHead + record.readUInt32BE(start + 62)
  if (payload > end || !hasChecksum(record, start, payload)) return undefined
  const count = record.readUInt16BE(start + 60)
  const tags = count === 0 ? noTags : tagsOf(record, start + fixedHead, count)
  return new StoredRecord(record, start, tags, record.subarray(payload, end))
}

/** The checksum has shown that the lengths are those that were written. */
function tagsOf(record: Buffer, start: number, count: number): string[] {
  const tags: string[] = []
  let at = start
  for (let index = 0; index < count; index++) {
    const end = at + 2 + record.readUInt16BE(at)
    tags.push(record.toString('utf8', at + 2, end))
    at = end
  }
  return tags
}

/** The head of an entry that is to be fresh until then and no longer. */
export function endingAt(record: StoredRecord, freshUntil: number): RecordHead {
  const { sequence, storedAt, staleFor, stamp, tags } = record
  return { sequence, storedAt, freshUntil, staleFor, stamp, tags }
}

/** An entry as an engine sees it at a time of the backend's clock. */
export function entryAt(record: StoredRecord, now: number): TierEntry {
  return new SeenEntry(record, now)
}

class SeenEntry implements TierEntry {
  readonly bytes: Uint8Array
  readonly tags: readonly string[]
  readonly age: number
  readonly freshFor: number
  readonly staleFor: number
  readonly #record: StoredRecord

  constructor(record: StoredRecord, now: number) {
    this.bytes = record.bytes
    this.tags = record.tags
    this.age = now - record.storedAt
    this.freshFor = record.freshUntil - now
    this.staleFor = record.staleFor
    this.#record = record
  }

  get id(): string {
    return this.#record.id
  }
}

function checksum(head: Uint8Array): string {
  return hash('sha1', head).slice(0, 8)
}

const hexDigits = Buffer.from('0123456789abcdef')

/** Whether the checksum fits the head, which ends at the payload. */
function hasChecksum(record: Buffer, start: number, payload: number): boolean {
  // As text with a byte a character: neither a buffer nor all of the digits are made for it.
  const digest = hash('sha1', record.subarray(start + 12, payload), 'binary')
  for (let index = 0; index < 4; index++) {
    const byte = digest.charCodeAt(index)
    const at = start + 4 + 2 * index
    if (record[at] !== hexDigits[byte >> 4] || record[at + 1] !== hexDigits[byte & 15]) return false
  }
  return true
}
