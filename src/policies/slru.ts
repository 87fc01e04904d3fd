import type { RemovalListener } from '../types.ts'
import { type BoundOptions, type Bounds, boundsOf } from './bounds.ts'
import { OrderedSlotPolicy } from './ordered-policy.ts'
import { resized, Rings } from './rings.ts'
import { Tally } from './tally.ts'

/** The room of an {@link slru}: `max`, or `maxWeight` with `weigher`, or both. */
export interface SlruOptions<K, V> extends BoundOptions<K, V> {}

/**
 * Makes a store of two segments: what is new is on probation, what is used there is protected, and the least recently
 * used entry on probation leaves first.
 *
 * Use it where many keys are asked for once and others again and again: one pass over many keys empties the probation
 * only. It fails where the second use comes late: what is protected takes up to 80 % of the room, and a new entry has
 * the rest in which to be used again. Loops longer than the store never hit. What is protected and not used for longest
 * goes back on probation when that share is exceeded. A `get` and an overwriting `set` count as use; `peek` and `has` do
 * not. Every operation is O(1).
 *
 * Ramakrishna Karedla, J. Spencer Love and Bradley Wherry, *Caching Strategies to Improve Disk System Performance*
 * (1994).
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, or when there is neither `max` nor `maxWeight`
 * @example
 * const blocks = slru<number, Uint8Array>({ maxWeight: 2 ** 26, weigher: (block) => block.byteLength + 1 })
 */
export function slru<K = any, V = any>(options: SlruOptions<K, V>): Slru<K, V> {
  return new Slru<K, V>(boundsOf('slru', options), options.onRemoval)
}

/** The heads of the rings of both segments, the least recently used entry at the beginning of each. */
const probation = 0
const protectedSegment = 1

/** The share of the room that the protected segment may take. */
const share = 0.8

/** The store that {@link slru} makes. */
export class Slru<K, V> extends OrderedSlotPolicy<K, V> {
  readonly #rings = new Rings(2)
  /** The segment of each entry. */
  #segment: Uint8Array = new Uint8Array(0)
  readonly #most: number
  readonly #mostWeight: number
  readonly #protected = new Tally()

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined) {
    super(bounds, onRemoval, { heads: 2 })
    this.#most = Math.floor(bounds.max * share)
    this.#mostWeight = Math.floor(bounds.maxWeight * share)
  }

  protected override resize(capacity: number): void {
    this.#rings.resize(capacity)
    this.#segment = resized(this.#segment, capacity)
  }

  protected override link(slot: number): void {
    this.#segment[slot] = probation
    this.#rings.append(probation, slot)
  }

  protected override unlink(slot: number): void {
    if (this.#segment[slot] === protectedSegment) this.#protected.subtract(this.weightAt(slot))
    this.#rings.unlink(slot)
  }

  protected override unlinkAll(): void {
    this.#rings.clear()
    this.#protected.clear()
  }

  protected override used(slot: number): void {
    if (this.#segment[slot] === protectedSegment) this.#rings.moveToEnd(protectedSegment, slot)
    else this.#protect(slot)
  }

  protected override written(slot: number, before: number): void {
    if (this.#segment[slot] === protectedSegment) this.#protected.reweigh(before, this.weightAt(slot))
    this.used(slot)
    this.#demote()
  }

  #protect(slot: number): void {
    this.#segment[slot] = protectedSegment
    this.#protected.add(this.weightAt(slot))
    this.#rings.moveToEnd(protectedSegment, slot)
    this.#demote()
  }

  /** Puts back on probation what the protected segment has no room for. */
  #demote(): void {
    while (this.#protected.exceeds(this.#most, this.#mostWeight)) {
      const slot = this.#rings.after(protectedSegment)
      this.#segment[slot] = probation
      this.#protected.subtract(this.weightAt(slot))
      this.#rings.moveToEnd(probation, slot)
    }
  }

  protected override victim(keep: number | undefined): number {
    const slot = this.#rings.firstExcept(probation, keep)
    return slot === probation ? this.#rings.firstExcept(protectedSegment, keep) : slot
  }

  protected override *inOrder(hottestFirst: boolean): Iterable<number> {
    yield* this.#rings.inOrder(hottestFirst ? protectedSegment : probation, hottestFirst)
    yield* this.#rings.inOrder(hottestFirst ? probation : protectedSegment, hottestFirst)
  }
}
