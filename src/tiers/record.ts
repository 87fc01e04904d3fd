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

/** An entry as it was found. */
export interface StoredRecord extends RecordHead {
  readonly bytes: Buffer
  readonly id: string
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
export function recordId(record: Buffer): string {
  return record.toString('latin1', 4, 12) + record.toString('latin1', 44, 60)
}

/** The entry that these bytes are, or `undefined` when its head is not as it was written. Copies nothing. */
export function decodeRecord(record: Buffer): StoredRecord | undefined {
  if (record.length < fixedHead || record.readUInt32BE(0) !== magicNumber) return undefined
  const start = fixedHead + record.readUInt32BE(62)
  if (start > record.length || checksum(record.subarray(12, start)) !== record.toString('latin1', 4, 12)) {
    return undefined
  }
  const count = record.readUInt16BE(60)
  const tags: string[] = []
  let at = fixedHead
  // The checksum has shown that the lengths are those that were written.
  for (let index = 0; index < count; index++) {
    const end = at + 2 + record.readUInt16BE(at)
    tags.push(record.toString('utf8', at + 2, end))
    at = end
  }
  return {
    sequence: record.readDoubleBE(12),
    storedAt: record.readDoubleBE(20),
    freshUntil: record.readDoubleBE(28),
    staleFor: record.readDoubleBE(36),
    stamp: record.toString('latin1', 44, 60),
    tags,
    bytes: record.subarray(start),
    id: recordId(record),
  }
}

/** The entry as an engine sees it at a time of the backend's clock. */
export function entryAt(record: StoredRecord, now: number): TierEntry {
  const { bytes, tags, staleFor, id } = record
  return { bytes, tags, age: now - record.storedAt, freshFor: record.freshUntil - now, staleFor, id }
}

function checksum(head: Uint8Array): string {
  return hash('sha1', head).slice(0, 8)
}
