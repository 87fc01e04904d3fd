import type { Census } from './census.ts'
import type { Clock } from './types.ts'

/**
 * One life of a function's room in a store, from its making or its last `clear` to the next.
 *
 * Every entry names the generation that it was stored under, by one of three parts: `whole` if it is fresh for ever,
 * `timed` if somebody must look at the clock, `watched` if at its tags too, `textual` if its key is a text made of several
 * values, which a lone string must not be taken for. So a hit takes one or two comparisons, which an entry of an earlier generation, of another
 * function or of nobody at all fails.
 */
export class Generation {
  readonly clock: Clock
  readonly census: Census
  readonly whole: Generation
  readonly timed: Generation
  readonly watched: Generation
  readonly textual: Generation

  constructor(clock: Clock, census: Census, whole?: Generation) {
    this.clock = clock
    this.census = census
    this.whole = whole ?? this
    this.timed = whole === undefined ? new Generation(clock, census, this) : this
    this.watched = whole === undefined ? new Generation(clock, census, this) : this
    this.textual = whole === undefined ? new Generation(clock, census, this) : this
  }
}
