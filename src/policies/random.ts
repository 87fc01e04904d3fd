import { callable } from '../check.ts'
import { systemRandom } from '../random.ts'
import type { Random as RandomSource, RemovalListener } from '../types.ts'
import { type BoundOptions, type Bounds, boundsOf } from './bounds.ts'
import { resized } from './rings.ts'
import { SlotPolicy } from './slot-policy.ts'

/** The room of a {@link random} store, `max`, or `maxWeight` with `weigher`, or both; and where its chance comes from. */
export interface RandomOptions<K, V> extends BoundOptions<K, V> {
  /** Gives a number in [0, 1). Default `Math.random`, looked up at every use. */
  random?: RandomSource | undefined
}

/**
 * Makes a store in which any entry is as likely as any other to make room for a new one.
 *
 * Use it as a yardstick, or where requests come in loops a little longer than the store, in which least-recently-used
 * never hits at all. It fails to keep what is asked for most, and what it keeps cannot be foretold. Every operation is
 * O(1).
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, or when there is neither `max` nor `maxWeight`
 * @example
 * const sample = random<string, number>({ max: 100, random: seededRandom(42) })
 */
export function random<K = any, V = any>(options: RandomOptions<K, V>): Random<K, V> {
  const bounds = boundsOf('random', options, ['random'])
  const chance = options.random === undefined ? systemRandom : callable('random', options.random)
  return new Random<K, V>(bounds, options.onRemoval, chance)
}

/** The store that {@link random} makes: slots in a dense list, where the last one takes the place of one that leaves. */
export class Random<K, V> extends SlotPolicy<K, V> {
  readonly #random: RandomSource
  /** The slots of all entries, in any order; those from `#length` on mean nothing. */
  #list: Uint32Array = new Uint32Array(0)
  #length = 0
  /** Where in the list a slot is. */
  #places: Uint32Array = new Uint32Array(0)

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined, chance: RandomSource) {
    super(bounds, onRemoval, { heads: 0 })
    this.#random = chance
  }

  protected override resize(capacity: number): void {
    this.#list = resized(this.#list, capacity)
    this.#places = resized(this.#places, capacity)
  }

  protected override link(slot: number): void {
    this.#places[slot] = this.#length
    this.#list[this.#length++] = slot
  }

  protected override unlink(slot: number): void {
    const last = this.#list[--this.#length]!
    const place = this.#places[slot]!
    this.#places[last] = place
    this.#list[place] = last
  }

  protected override unlinkAll(): void {
    this.#length = 0
  }

  protected override used(): void {}

  protected override written(): void {}

  protected override victim(keep: number | undefined): number {
    const choices = this.#length - (keep === undefined ? 0 : 1)
    const chosen = Math.floor(this.#random() * choices)
    // A source that does not keep to [0, 1) must not lead past the list.
    const place = chosen > 0 ? Math.min(chosen, choices - 1) : 0
    return this.#list[keep !== undefined && place >= this.#places[keep]! ? place + 1 : place]!
  }

  protected override inOrder(): Iterable<number> {
    return this.#list.subarray(0, this.#length)
  }
}
