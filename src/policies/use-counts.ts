import { resized } from './rings.ts'
import { Sketch } from './sketch.ts'

/** The state of an entry: four bits for its uses, three for the halvings since its last use, one for its mark. */
const most = 15
const oneHalving = 16
const allHalvings = 0x70
const mark = 0x80

/** All counts are halved when, since the last time, there were half as many uses as this times the entries. */
const usesPerEntry = 10

/**
 * How often the entries of a store, and the keys that it does not hold, were used of late: 15 times at most, and halved
 * from time to time.
 *
 * An entry that is here counts for itself, which costs a use one byte and no hash; a {@link Sketch} remembers those that
 * have left. Halving rounds up for an entry that was used since the last time, and leaves any other its last use, until
 * that has gone unused through seven halvings: so a store keeps its part of a loop that is longer than what the sketch
 * remembers, and does not keep what is no longer asked for.
 */
export class UseCounts {
  #entries: number
  readonly #most: number
  readonly #sketch: Sketch
  #states: Uint8Array = new Uint8Array(0)
  #hashes: Int32Array = new Int32Array(0)
  #uses = 0
  #usesHalvedAway = 0
  #period: number

  /** @param max the most entries that there will be; `Infinity` where that is not known */
  constructor(max: number) {
    this.#most = max
    this.#entries = max === Infinity ? 0 : max
    this.#sketch = new Sketch(0)
    this.#period = usesPerEntry * this.#entries
  }

  /** All uses and arrivals so far. */
  get total(): number {
    return this.#usesHalvedAway + this.#uses
  }

  /** Makes room for the slots below `capacity`. */
  resize(capacity: number): void {
    this.#states = resized(this.#states, capacity)
    this.#hashes = resized(this.#hashes, capacity)
    if (this.#most === Infinity) this.#entries = capacity
    this.#period = usesPerEntry * this.#entries
    this.#sketch.growTo(Math.min(capacity, this.#entries))
  }

  /** Notes that an entry has come. `isMarked` is what {@link UseCounts.use} will answer. */
  arrive(slot: number, hash: number, isMarked: boolean): void {
    this.#hashes[slot] = hash
    this.#states[slot] = this.#sketch.add(hash) | (isMarked ? mark : 0)
    if (++this.#uses >= this.#period) this.#age()
  }

  /** Notes that an entry was used, and says whether it is marked. */
  use(slot: number): boolean {
    const state = this.#states[slot]!
    const uses = state & most
    this.#states[slot] = (state & mark) | (uses === most ? most : uses + 1)
    if (++this.#uses >= this.#period) this.#age()
    return state >= mark
  }

  /** Notes that an entry is about to leave. */
  leave(slot: number): void {
    this.#sketch.raise(this.#hashes[slot]!, this.of(slot))
  }

  /** How often an entry was used of late. */
  of(slot: number): number {
    return this.#states[slot]! & most
  }

  /** The hash of an entry's key. */
  hashAt(slot: number): number {
    return this.#hashes[slot]!
  }

  /** Marks an entry, or takes its mark away. */
  mark(slot: number, isMarked: boolean): void {
    this.#states[slot] = (this.#states[slot]! & ~mark) | (isMarked ? mark : 0)
  }

  /** Forgets all. */
  clear(): void {
    this.#sketch.clear()
    this.#states = new Uint8Array(0)
    this.#hashes = new Int32Array(0)
    this.#usesHalvedAway += this.#uses
    this.#uses = 0
  }

  #age(): void {
    this.#sketch.halve()
    const states = this.#states
    for (let slot = 0; slot < states.length; slot++) {
      const state = states[slot]!
      const uses = state & most
      const isForgotten = (state & allHalvings) === allHalvings
      const isRoundedUp = uses > 1 ? (state & allHalvings) === 0 : !isForgotten
      const left = isRoundedUp ? (uses + 1) >> 1 : uses >> 1
      states[slot] = (state & (mark | allHalvings)) + (isForgotten ? 0 : oneHalving) + left
    }
    this.#usesHalvedAway += this.#uses - (this.#uses >> 1)
    this.#uses >>= 1
  }
}
