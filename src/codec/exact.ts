import { types } from 'node:util'
import { Deserializer, Serializer } from 'node:v8'
import { plainText } from './plain.ts'
import { ownParts, survey } from './survey.ts'

/**
 * Turns values into bytes and back, for a tier that knows only bytes.
 *
 * Both may throw: a value that `encode` throws on is not kept in the tier, bytes that `decode` throws on are a miss.
 */
export interface Codec {
  /** The bytes of a value. Throws for a value that would not come back as it was. */
  encode(value: unknown): Uint8Array
  /**
   * The value of bytes that were made by {@link encode}, perhaps by another version of the program. The bytes belong to
   * somebody else: what is kept of them must be copied.
   */
  decode(bytes: Uint8Array): unknown
}

type View = ArrayBufferView & { readonly length?: number }
type ViewClass = new (buffer: ArrayBuffer, byteOffset: number, length: number) => View

/** What a view is written as: its place in this list. New ones go to the end. */
const views: readonly (readonly [ViewClass, bytesPerElement: number])[] = [
  [Uint8Array, 1], [Uint8ClampedArray, 1], [Int8Array, 1], [Uint16Array, 2], [Int16Array, 2], [Uint32Array, 4],
  [Int32Array, 4], [Float32Array, 4], [Float64Array, 8], [BigUint64Array, 8], [BigInt64Array, 8], [DataView, 1],
] // prettier-ignore
const bufferKind = 255

/** What the types of node leave out. */
interface ViewsToHost {
  _setTreatArrayBufferViewsAsHostObjects(flag: boolean): void
}

/** Writes views as the bytes that they show, and nothing else of the memory behind them. */
class Writer extends Serializer {
  constructor() {
    super()
    // oxlint-disable-next-line no-underscore-dangle -- the name is node's, as is the one below
    ;(this as unknown as ViewsToHost)._setTreatArrayBufferViewsAsHostObjects(true)
  }

  _writeHostObject(view: View): void {
    const kind = Buffer.isBuffer(view) ? bufferKind : views.findIndex(([type]) => view instanceof type)
    this.writeUint32(kind)
    this.writeUint32(view.byteLength)
    this.writeRawBytes(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
  }
}

/** Reads views into memory of their own, so that nothing is shared with the bytes that were read. */
class Reader extends Deserializer {
  _readHostObject(): View {
    const kind = this.readUint32()
    const length = this.readUint32()
    const bytes = this.readRawBytes(length)
    const buffer = new ArrayBuffer(length)
    new Uint8Array(buffer).set(bytes)
    if (kind === bufferKind) return Buffer.from(buffer)
    const [type, bytesPerElement] = views[kind]!
    return new type(buffer, 0, length / bytesPerElement)
  }
}

/** What JSON has before it, which no other form begins with: neither that of `node:v8`, nor JSON of another codec. */
const plainMark = 1
const plainSign = String.fromCharCode(plainMark)

/** What is serialized: the value, and beside it what a structured clone loses of the objects in it. */
type Payload = readonly [value: unknown, errors?: readonly [Error, readonly unknown[]][], bare?: readonly object[]]

/**
 * The codec that is used where none is given: values come back as from `structuredClone`, cycles and shared objects
 * included, and more exactly where that loses something: errors keep their name, cause and own properties (an instance
 * of a class of errors comes back as a plain `Error`), a `Buffer` stays one, an object without a prototype stays
 * without. A view comes back over memory of its own.
 *
 * What would come back as something else is refused by `encode` with an {@link UnfitValueError}: functions, symbols,
 * instances of classes that are not built in, hidden properties.
 *
 * A value that JSON brings back exactly is written as JSON. The form of all others is that of `node:v8`, which browsers use between pages that do not trust each other. Reading it makes own
 * data properties on new objects alone: it runs no code of the bytes, calls no setter and reaches no prototype. It is
 * read by the version of Node that wrote it and by later ones.
 */
export const exactCodec: Codec = {
  encode(value) {
    const text = plainText(value)
    if (text !== undefined) return Buffer.from(plainSign + text)
    const { errors, bare } = survey(value)
    const payload: Payload =
      errors.length + bare.length === 0 ? [value] : [value, errors.map((error) => [error, ownParts(error)]), bare]
    const writer = new Writer()
    writer.writeHeader()
    writer.writeValue(payload)
    return writer.releaseBuffer()
  },

  decode(bytes) {
    if (bytes[0] === plainMark) {
      return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + 1, bytes.byteLength - 1).toString()) as unknown
    }
    const reader = new Reader(bytes)
    reader.readHeader()
    const payload: unknown = reader.readValue()
    if (!Array.isArray(payload) || payload.length === 0) throw new TypeError('the bytes are of another codec')
    const [value, errors = [], bare = []] = payload as unknown as Payload
    for (const [error, parts] of errors) restoreError(error, parts)
    for (const object of bare) {
      if (!isOrdinary(object)) throw new TypeError('only an ordinary object can be without a prototype')
      Object.setPrototypeOf(object, null)
    }
    return value
  },
}

function restoreError(error: unknown, parts: readonly unknown[]): void {
  if (!types.isNativeError(error)) throw new TypeError('only an error has the parts of one')
  for (const part of parts) {
    const [key, value, enumerable] = part as [string, unknown, boolean]
    Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true })
  }
}

function isOrdinary(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
