import type { Generation } from './generation.ts'
import { Held } from './held.ts'
import type { RemovalCause } from './types.ts'

/**
 * The deadline of an entry without one: a small integer, where `Infinity` would cost every entry a boxed number and
 * every hit a slower comparison. A real deadline never has this value.
 */
export const never = 0x7fff_ffff

/** What is put into a store for one key: the value, the promise that answers every hit, and how long it is fresh. */
export class Entry<V = unknown> extends Held<V> {
  readonly value: V
  /** The promise that every hit returns; made at the first hit where the value did not come as one. */
  promise: Promise<V> | undefined
  /** The generation that this was stored under, or a part of it; `undefined` once this has left or been invalidated. */
  generation: Generation | undefined
  /** The clock's time from which this is no longer fresh, or {@link never}. With a tti it moves at each use. */
  expiresAt: number

  constructor(value: V, promise: Promise<V> | undefined, generation: Generation, expiresAt: number) {
    super()
    this.value = value
    this.promise = promise
    this.generation = generation
    this.expiresAt = expiresAt
  }

  /** The time that no use can move {@link expiresAt} beyond. */
  get lastsUntil(): number {
    return this.expiresAt
  }

  /** The promise of the value, the same one at every call. */
  settled(): Promise<V> {
    this.promise ??= Promise.resolve(this.value)
    return this.promise
  }

  /** Ends this at `now`. */
  expire(now: number): void {
    // The one moment that means "never" is avoided.
    this.expiresAt = now === never ? now - 1 : now
    if (this.generation === this.generation?.whole) this.generation = this.generation?.timed
  }

  override remaining(): number {
    if (this.generation === undefined) return 0
    return this.expiresAt === never ? Infinity : this.expiresAt - this.generation.clock.now()
  }

  override removed(cause: RemovalCause): void {
    this.generation?.census.removed(cause)
    this.generation = undefined
  }
}

/** An entry whose end moves at each use, within its ttl. Others do without the room that this takes. */
export class MovingEntry<V = unknown> extends Entry<V> {
  readonly #lastsUntil: number

  constructor(
    value: V,
    promise: Promise<V> | undefined,
    generation: Generation,
    expiresAt: number,
    lastsUntil: number,
  ) {
    super(value, promise, generation, expiresAt)
    this.#lastsUntil = lastsUntil
  }

  override get lastsUntil(): number {
    return this.#lastsUntil
  }
}
