import type { Census } from './census.ts'
import type { Clock } from './types.ts'

/**
 * One life of a function's room in a store, from its making or its last `clear` to the next.
 *
 * Every entry names the generation that it was stored under: the whole of it if the entry is fresh for ever and its key
 * is not a text made of several values, the timed part if somebody must look twice. So a hit on an entry without an end takes one comparison, which an entry of an
 * earlier generation, of another function or of nobody at all fails.
 */
export class Generation {
  readonly clock: Clock
  readonly census: Census
  /** This, or what this is the timed part of. */
  readonly whole: Generation
  readonly timed: Generation

  constructor(clock: Clock, census: Census, whole?: Generation) {
    this.clock = clock
    this.census = census
    this.whole = whole ?? this
    this.timed = whole === undefined ? new Generation(clock, census, this) : this
  }
}
