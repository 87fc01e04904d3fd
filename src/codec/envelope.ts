import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import { positiveInteger, wrongType } from '../check.ts'
import { type Codec, exactCodec } from './exact.ts'

/** How values are written for a tier. */
export interface EnvelopeOptions {
  /** Turns values into bytes and back. Default: {@link exactCodec}. */
  codec?: Codec | undefined
  /**
   * The version of what the values look like, an integer from 0 to 2^32 - 1: entries of another one are misses, and are
   * replaced. To be raised by a deploy that changes the shape of the values. Default: 0.
   */
  schemaVersion?: number | undefined
  /** The most bytes that a value may take, before it is compressed; larger ones are not kept. Default: 8 MiB. */
  maxEntryBytes?: number | undefined
  /** The number of bytes from which on a value is compressed where that makes it smaller. Default: `Infinity`. */
  compressAbove?: number | undefined
}

/** What is in an envelope: what a load gave, or what it failed with. */
export interface Content {
  readonly kind: 'value' | 'failure'
  readonly value: unknown
}

/** Bytes that cannot be read, and why: not an envelope, or one of another version, schema or codec, or damaged. */
export interface Unreadable {
  readonly kind: 'unreadable'
  readonly why: 'foreign' | 'version' | 'schema' | 'damaged' | 'codec'
}

/** A value that takes more than `maxEntryBytes`. */
export class EntryTooLargeError extends RangeError {
  override readonly name = 'EntryTooLargeError'
}

/*
 * The header: magic (2 bytes), version (1), flags (1), checksum of all other bytes (4), schema version (4), length of
 * the payload before it was compressed (4). Numbers are little-endian.
 */
const headerBytes = 16
const magic = 0x4350
const version = 1
const flagCompressed = 1
const flagFailure = 2

/** Seals values with a versioned header and a checksum, and opens what was sealed, whatever has become of the bytes. */
export class Envelope {
  readonly #codec: Codec
  readonly #schemaVersion: number
  readonly #maxEntryBytes: number
  readonly #compressAbove: number

  /** @throws {TypeError | RangeError} when an option is wrong */
  constructor(options: EnvelopeOptions = {}) {
    const { codec = exactCodec, schemaVersion = 0, maxEntryBytes = 8 * 2 ** 20, compressAbove = Infinity } = options
    if (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function') {
      throw wrongType('codec', 'an object with encode(value) and decode(bytes)', codec)
    }
    this.#codec = codec
    if (schemaVersion >>> 0 !== schemaVersion) {
      throw wrongType('schemaVersion', 'an integer from 0 to 4294967295', schemaVersion)
    }
    this.#schemaVersion = schemaVersion
    this.#maxEntryBytes = Math.min(positiveInteger('maxEntryBytes', maxEntryBytes), 2 ** 32 - 1)
    this.#compressAbove = compressAbove === Infinity ? Infinity : positiveInteger('compressAbove', compressAbove)
  }

  /**
   * The bytes for a tier.
   *
   * @throws {EntryTooLargeError} when the value takes more than `maxEntryBytes`
   * @throws whatever the codec throws for a value that it cannot write; the default one an `UnfitValueError`
   */
  seal({ kind, value }: Content): Uint8Array {
    const payload = this.#codec.encode(value)
    const { length } = payload
    if (length > this.#maxEntryBytes) {
      throw new EntryTooLargeError(`the value takes ${length} bytes, and maxEntryBytes is ${this.#maxEntryBytes}`)
    }
    let body = payload
    let flags = kind === 'failure' ? flagFailure : 0
    if (length >= this.#compressAbove) {
      const compressed = deflateRawSync(payload, { level: 1 })
      if (compressed.length < length) {
        body = compressed
        flags |= flagCompressed
      }
    }
    const sealed = Buffer.allocUnsafeSlow(headerBytes + body.length)
    sealed.writeUInt16LE(magic, 0)
    sealed[2] = version
    sealed[3] = flags
    sealed.writeUInt32LE(this.#schemaVersion, 8)
    sealed.writeUInt32LE(length, 12)
    sealed.set(body, headerBytes)
    sealed.writeUInt32LE(checksum(sealed), 4)
    return sealed
  }

  /** What was sealed. Never throws, and never gives a value that was not sealed. */
  open(bytes: Uint8Array): Content | Unreadable {
    if (bytes.length < headerBytes) return unreadable('foreign')
    const sealed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (sealed.readUInt16LE(0) !== magic) return unreadable('foreign')
    if (sealed[2] !== version) return unreadable('version')
    if (sealed.readUInt32LE(4) !== checksum(sealed)) return unreadable('damaged')
    if (sealed.readUInt32LE(8) !== this.#schemaVersion) return unreadable('schema')
    const length = sealed.readUInt32LE(12)
    if (length > this.#maxEntryBytes) return unreadable('damaged')
    const flags = sealed[3]!
    try {
      let payload = sealed.subarray(headerBytes)
      // Bytes that unfold into more than they say are not unfolded any further.
      if ((flags & flagCompressed) !== 0) {
        payload = inflateRawSync(payload, { maxOutputLength: Math.max(1, length) })
      }
      if (payload.length !== length) return unreadable('damaged')
      const value = this.#codec.decode(payload)
      return { kind: (flags & flagFailure) === 0 ? 'value' : 'failure', value }
    } catch {
      return unreadable('codec')
    }
  }
}

function checksum(sealed: Uint8Array): number {
  return crc32(sealed.subarray(8), crc32(sealed.subarray(0, 4)))
}

function unreadable(why: Unreadable['why']): Unreadable {
  return { kind: 'unreadable', why }
}
