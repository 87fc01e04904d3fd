/**
 * Dumped entries as bytes and back: what a process writes to a file before it ends, and the next one begins with.
 *
 * @example
 * await pipeline(toBytes(getUser.dump()), createWriteStream('users.snapshot'))
 * await getUser.restore(fromBytes(createReadStream('users.snapshot')))
 */
import { callable, iterable, knownOptions } from '../check.ts'
import { Envelope, type EnvelopeOptions } from '../codec/envelope.ts'
import type { DumpedEntry } from '../dump.ts'
import { warn } from '../warn.ts'
import { framed, frames, opening } from './frames.ts'

export { EntryTooLargeError, type EnvelopeOptions } from '../codec/envelope.ts'
export { exactCodec, type Codec } from '../codec/exact.ts'
export { UnfitValueError } from '../codec/survey.ts'
export type { DumpedEntry, Restored } from '../dump.ts'
export type { PlainEntry } from '../plain-entry.ts'

/** How dumped entries are written. */
export interface ToBytesOptions extends EnvelopeOptions {
  /**
   * Told of each entry that could not be written, and is left out: one that the codec refuses or that is too large.
   * Default: a process warning.
   */
  onError?: (error: unknown, key: unknown) => void
}

/** How dumped entries are read. They must be read with the codec and the `schemaVersion` that they were written with. */
export type FromBytesOptions = Pick<EnvelopeOptions, 'codec' | 'schemaVersion' | 'maxEntryBytes'>

/** How many bytes are given at a time, or more. */
const chunkBytes = 64 * 1024

/** What a sealed record takes beyond the bytes that the codec has made, at most. */
const headroom = 1024

const reading = ['codec', 'schemaVersion', 'maxEntryBytes']

/**
 * Writes dumped entries as bytes, in chunks of 64 KiB and more. What cannot be written is left out, and `onError` is
 * told.
 *
 * @param entries what `dump()` gave
 * @throws `TypeError` or `RangeError` for options that are wrong
 */
export function toBytes(
  entries: AsyncIterable<DumpedEntry> | Iterable<DumpedEntry>,
  options: ToBytesOptions = {},
): AsyncGenerator<Uint8Array> {
  knownOptions('toBytes', options, [...reading, 'compressAbove', 'onError'])
  iterable('what toBytes is given', entries)
  const { onError = (error: unknown) => warn(error), ...rest } = options
  return written(entries, new Envelope(rest), callable('onError', onError))
}

async function* written(
  entries: AsyncIterable<DumpedEntry> | Iterable<DumpedEntry>,
  envelope: Envelope,
  onError: (error: unknown, key: unknown) => void,
): AsyncGenerator<Uint8Array> {
  let parts = [opening]
  let held = opening.length
  for await (const value of entries) {
    try {
      const frame = framed(envelope.seal({ kind: 'value', value }))
      parts.push(frame)
      held += frame.length
    } catch (error) {
      onError(error, value.key)
    }
    if (held < chunkBytes) continue
    yield Buffer.concat(parts)
    parts = []
    held = 0
  }
  if (held > 0) yield Buffer.concat(parts)
}

/**
 * Reads what {@link toBytes} has written, for `restore`. What cannot be read never throws: an entry that is damaged, of
 * another version, schema or codec, or too large is given as an empty object, which `restore` counts as unreadable. So
 * is what is cut off, and all that follows where it cannot be told where the next entry begins; bytes that are no
 * snapshot at all are one of these.
 *
 * @param chunks bytes, cut anywhere: a stream of a file, or a list of arrays
 * @throws `TypeError` or `RangeError` for options that are wrong; where the stream fails or gives no bytes, the error
 *   comes when that is read
 */
export function fromBytes(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: FromBytesOptions = {},
): AsyncGenerator<DumpedEntry<any, any>> {
  knownOptions('fromBytes', options, reading)
  iterable('what fromBytes is given', chunks)
  const { maxEntryBytes } = options
  return read(frames(chunks, (maxEntryBytes ?? 8 * 2 ** 20) + headroom), new Envelope(options))
}

async function* read(
  sealed: AsyncIterable<Uint8Array | undefined>,
  envelope: Envelope,
): AsyncGenerator<DumpedEntry<any, any>> {
  for await (const bytes of sealed) {
    const opened = bytes === undefined ? undefined : envelope.open(bytes)
    yield (opened?.kind === 'value' ? opened.value : {}) as DumpedEntry<any, any>
  }
}
