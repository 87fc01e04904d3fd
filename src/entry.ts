import type { Generation } from './generation.ts'
import { Held } from './held.ts'
import type { TagSet } from './tagging.ts'
import type { RemovalCause } from './types.ts'

/**
 * The time of what never comes: a small integer, where `Infinity` would cost every entry a boxed number and every hit a
 * slower comparison. A real deadline never has this value.
 */
export const never = 0x7fff_ffff

/** The sooner of two times, either of which may be {@link never}. */
export function sooner(a: number, b: number): number {
  if (a === never) return b
  return b === never ? a : Math.min(a, b)
}

/** What is put into a store for one key: the value, the promise that answers every hit, and how long it is fresh. */
export class Entry<V = unknown> extends Held<V> {
  readonly value: V
  /** The promise that every hit returns; made at the first hit where the value did not come as one. */
  promise: Promise<V> | undefined
  /** The generation that this was stored under, or a part of it; `undefined` once this has left or been invalidated. */
  generation: Generation | undefined
  /** The clock's time from which a hit must look closer, or {@link never}: before it this is fresh, and no more to do. */
  checkAt: number

  constructor(value: V, promise: Promise<V> | undefined, generation: Generation, checkAt: number) {
    super()
    this.value = value
    this.promise = promise
    this.generation = generation
    this.checkAt = checkAt
  }

  /** The clock's time from which this is no longer fresh, or {@link never}. */
  get endsAt(): number {
    return this.checkAt
  }

  /** The time that no use can move {@link endsAt} beyond. */
  get lastsUntil(): number {
    return this.checkAt
  }

  /** The time from which a hit is to start a refresh. */
  get refreshAt(): number {
    return never
  }

  /** Milliseconds that this may be of use for after its end. */
  get grace(): number {
    return 0
  }

  /** Milliseconds that its load took. */
  get loadMs(): number {
    return 0
  }

  /** What it can be invalidated by. */
  get tags(): TagSet | undefined {
    return undefined
  }

  /** Whether no tag of it has been invalidated. */
  get alive(): boolean {
    return true
  }

  /** The promise of the value, the same one at every call. */
  settled(): Promise<V> {
    this.promise ??= Promise.resolve(this.value)
    return this.promise
  }

  /** Moves the end to `at`. */
  endAt(at: number): void {
    this.checkAt = at
  }

  /** Ends this at `now`. */
  expire(now: number): void {
    // The one moment that means "never" is avoided.
    this.endAt(now === never ? now - 1 : now)
    if (this.generation === this.generation?.whole) this.generation = this.generation?.timed
  }

  override remaining(): number {
    if (this.generation === undefined) return 0
    return this.endsAt === never ? Infinity : this.endsAt + this.grace - this.generation.clock.now()
  }

  override removed(cause: RemovalCause): void {
    this.generation?.census.removed(cause)
    this.generation = undefined
  }
}

/** What a store has given, unless one of its tags was invalidated before the answer arrived here. */
export function stillAlive<V>(old: Entry<V> | undefined): Entry<V> | undefined {
  return old?.alive === true ? old : undefined
}

/** The times of an {@link AgeingEntry}. */
export interface Ages {
  readonly endsAt: number
  readonly lastsUntil: number
  readonly refreshAt: number
  readonly grace: number
  readonly loadMs: number
  readonly tags: TagSet | undefined
}

/**
 * An entry whose end moves at each use, that may be served after its end, that is refreshed before it, or that has tags.
 * Others do without the room that this takes.
 */
export class AgeingEntry<V = unknown> extends Entry<V> {
  #endsAt: number
  readonly #ages: Ages

  constructor(value: V, promise: Promise<V> | undefined, generation: Generation, ages: Ages) {
    super(value, promise, generation, sooner(ages.endsAt, ages.refreshAt))
    this.#endsAt = ages.endsAt
    this.#ages = ages
  }

  override get endsAt(): number {
    return this.#endsAt
  }

  override get lastsUntil(): number {
    return this.#ages.lastsUntil
  }

  override get refreshAt(): number {
    return this.#ages.refreshAt
  }

  override get grace(): number {
    return this.#ages.grace
  }

  override get loadMs(): number {
    return this.#ages.loadMs
  }

  override get tags(): TagSet | undefined {
    return this.#ages.tags
  }

  override get alive(): boolean {
    const { tags } = this.#ages
    return tags === undefined || tags.alive
  }

  override endAt(at: number): void {
    this.#endsAt = at
    this.checkAt = sooner(at, this.refreshAt)
  }
}
