import type { Generation } from './generation.ts'
import { Held } from './held.ts'
import type { RemovalCause } from './types.ts'

/**
 * The deadline of an entry without one: a small integer, where `Infinity` would cost every entry a boxed number and
 * every hit a slower comparison. A real deadline never has this value.
 */
export const never = 0x7fff_ffff

/** What an entry carries only when an option asks for it, so that all others stay small. */
export interface EntryDetails {
  /** With a tti: the time that no use can move `expiresAt` beyond. */
  lastsUntil: number
}

/** What is put into a store for one key: the value, the promise that answers every hit, and how long it is fresh. */
export class Entry<V = unknown> extends Held<V> {
  readonly value: V
  /** The promise that every hit returns; made at the first hit where the value did not come as one. */
  promise: Promise<V> | undefined
  /** The generation that this was stored under; `undefined` once it has been invalidated. */
  generation: Generation | undefined
  /** The clock's time from which this is no longer fresh, or {@link never}. With a tti it moves at each use. */
  expiresAt: number
  details: EntryDetails | undefined

  constructor(
    value: V,
    promise: Promise<V> | undefined,
    generation: Generation,
    expiresAt: number,
    details: EntryDetails | undefined,
  ) {
    super()
    this.value = value
    this.promise = promise
    this.generation = generation
    this.expiresAt = expiresAt
    this.details = details
  }

  /** The promise of the value, the same one at every call. */
  settled(): Promise<V> {
    this.promise ??= Promise.resolve(this.value)
    return this.promise
  }

  override remaining(): number {
    if (this.generation === undefined) return 0
    return this.expiresAt === never ? Infinity : this.expiresAt - this.generation.clock.now()
  }

  override removed(cause: RemovalCause): void {
    this.generation?.census.removed(cause)
  }
}
