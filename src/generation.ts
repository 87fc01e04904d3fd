import type { Census } from './census.ts'
import type { Clock } from './types.ts'

/**
 * One life of a function's room in a store, from its making or its last `clear` to the next.
 *
 * Every entry names the generation that it was stored under. An entry of an earlier generation, of another function or
 * of nobody at all fails the one comparison with the current generation that every hit makes.
 */
export class Generation {
  readonly clock: Clock
  readonly census: Census

  constructor(clock: Clock, census: Census) {
    this.clock = clock
    this.census = census
  }
}
