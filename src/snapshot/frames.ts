// oxlint-disable no-await-in-loop -- bytes come one after the other
import { crc32 } from 'node:zlib'
import { wrongType } from '../check.ts'

/** What a snapshot begins with: the name of the form, and its version. */
export const opening: Uint8Array = Buffer.from('PCSNAP\u0001\n', 'latin1')

/** Before the bytes of each record: how many they are, and a checksum of that number. Both are little-endian. */
const headBytes = 8

/** Puts a frame around the bytes of one record. */
export function framed(bytes: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafeSlow(headBytes + bytes.length)
  frame.writeUInt32LE(bytes.length, 0)
  frame.writeUInt32LE(crc32(frame.subarray(0, 4)), 4)
  frame.set(bytes, headBytes)
  return frame
}

/** How many bytes there are in the frame that has this head; `undefined` where the head is damaged. */
function lengthIn(head: Buffer): number | undefined {
  return crc32(head.subarray(0, 4)) === head.readUInt32LE(4) ? head.readUInt32LE(0) : undefined
}

/**
 * Takes the frames of a snapshot apart, however its bytes were cut. Gives the bytes of each record, and `undefined` for
 * one that is too long or cut off. Where a head is damaged nobody knows where the next frame begins: that is the end.
 *
 * @param most the most bytes that one record may take: no more than that is ever held
 */
export async function* frames(
  chunks: AsyncIterable<unknown> | Iterable<unknown>,
  most: number,
): AsyncGenerator<Uint8Array | undefined> {
  const reader = new ByteReader(chunks)
  try {
    let goesOn = isOpening(await reader.take(opening.length))
    if (!goesOn) yield undefined
    while (goesOn && !(await reader.isOver())) {
      const head = await reader.take(headBytes)
      const length = head === undefined ? undefined : lengthIn(head)
      const fits = length !== undefined && length <= most
      const bytes = fits ? await reader.take(length) : undefined
      yield bytes
      goesOn = fits ? bytes !== undefined : length !== undefined && (await reader.skip(length))
    }
  } finally {
    await reader.end()
  }
}

function isOpening(bytes: Buffer | undefined): boolean {
  return bytes !== undefined && bytes.equals(opening)
}

/** Reads bytes that come in chunks of any size. */
class ByteReader {
  readonly #chunks: AsyncIterator<unknown> | Iterator<unknown>
  #parts: Uint8Array[] = []
  #held = 0

  constructor(chunks: AsyncIterable<unknown> | Iterable<unknown>) {
    this.#chunks = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  }

  /** The next bytes, in memory of their own; `undefined` when there are not so many. */
  async take(count: number): Promise<Buffer | undefined> {
    while (this.#held < count) if (!(await this.#more())) return undefined
    const all = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
    this.#keep(all.subarray(count))
    return Buffer.from(all.subarray(0, count))
  }

  /** Passes over bytes, and says whether there were so many. */
  async skip(count: number): Promise<boolean> {
    let left = count
    while (this.#held <= left) {
      left -= this.#held
      this.#keep(undefined)
      if (left === 0) return true
      if (!(await this.#more())) return false
    }
    await this.take(left)
    return true
  }

  /** Whether there is nothing left. */
  async isOver(): Promise<boolean> {
    while (this.#held === 0) if (!(await this.#more())) return true
    return false
  }

  /** Lets go of where the bytes come from. */
  async end(): Promise<void> {
    await this.#chunks.return?.()
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#chunks.next()
    if (done === true) return false
    if (!(value instanceof Uint8Array)) throw wrongType('a chunk of a snapshot', 'bytes, a Uint8Array', value)
    this.#parts.push(value)
    this.#held += value.length
    return true
  }

  #keep(rest: Uint8Array | undefined): void {
    this.#parts = rest === undefined || rest.length === 0 ? [] : [rest]
    this.#held = rest?.length ?? 0
  }
}
