import { Chains } from './chains.ts'
import { base, digitOf, farthest, highest, lowest, sameAbove, topOfLowPart } from './digits.ts'
import { resized } from './rings.ts'
import { Wheels } from './wheels.ts'

/** How many slots are put into a list whose ranks may differ before it is split. */
const listRoom = 8

/** The number as a rank: rounded up to a whole one, and `Infinity` when it is too large to be compared exactly. */
export function rankAt(number: number): number {
  return number < farthest ? Math.max(Math.ceil(number), -farthest) : Infinity
}

/**
 * Slots in exact order of their ranks, those of the same rank in order of arrival, those of rank `Infinity` last.
 *
 * Adding a slot, removing any, and finding the first each take a number of steps that depends on the eleven digits of a
 * rank and not on how many slots there are. The ranks may come in any order, lower than all others too.
 *
 * It is a radix trie over the digits of the rank, or a hierarchical timing wheel without a hand: George Varghese and
 * Tony Lauck, *Hashed and Hierarchical Timing Wheels* (1987); Eric Denardo and Bennett Fox, *Shortest-Route Methods:
 * Reaching, Pruning, and Buckets* (1979). A list bursts into a wheel of the next lower digit as soon as it has been
 * given more than eight slots (Steffen Heinz, Justin Zobel and Hugh Williams, *Burst Tries*, 2002), so few wheels are
 * made where ranks are sparse, and no step ever has many slots to move.
 */
export class Ranks {
  #ranks: Float64Array = new Float64Array(0)
  readonly #lists = new Chains()
  readonly #wheels = new Wheels()
  /** Where a list is, by its number: the number of a wheel times 32, and the place there. */
  #places: Uint32Array = new Uint32Array(0)
  /** How many slots were ever put into a list of different ranks: never less than are in. */
  #added: Uint8Array = new Uint8Array(0)
  /** The list of the slots of rank `Infinity`. */
  #endless = this.#lists.make()
  #root = this.#wheels.make(topOfLowPart)
  /** A rank in the range of the root. */
  #rootSample = 0

  /** Makes room for the slots below `capacity`. */
  resize(capacity: number): void {
    this.#ranks = resized(this.#ranks, capacity)
    this.#lists.resize(capacity)
  }

  /** Whether any slot has a rank other than `Infinity`. */
  get anyFinite(): boolean {
    return this.#wheels.occupied(this.#root) !== 0
  }

  /** The rank of a slot that is here. */
  rankOf(slot: number): number {
    return this.#ranks[slot]!
  }

  /** Takes up a slot, last among those of its rank, which is one that {@link rankAt} gives. */
  add(slot: number, rank: number): void {
    this.#ranks[slot] = rank
    if (rank === Infinity) {
      this.#lists.append(this.#endless, slot)
      return
    }
    let wheel = this.#rootOver(rank)
    for (;;) {
      const level = this.#wheels.level(wheel)
      const digit = digitOf(rank, level)
      const inner = this.#wheels.at(wheel, digit)
      if (inner < 0) {
        wheel = -inner
      } else if (inner === 0 || level === 0 || this.#added[inner]! < listRoom) {
        this.#put(slot, inner === 0 ? this.#listAt(wheel, digit) : inner)
        return
      } else {
        wheel = this.#split(wheel, digit, inner)
      }
    }
  }

  #put(slot: number, list: number): void {
    this.#lists.append(list, slot)
    this.#added[list]!++
  }

  /** Makes a list in an empty place. */
  #listAt(wheel: number, digit: number): number {
    const list = this.#lists.make()
    if (this.#places.length !== this.#lists.capacity) {
      this.#places = resized(this.#places, this.#lists.capacity)
      this.#added = resized(this.#added, this.#lists.capacity)
    }
    this.#places[list] = wheel * base + digit
    this.#added[list] = 0
    this.#wheels.fill(wheel, digit, list)
    return list
  }

  /** Puts a wheel in the place of a list, and its slots, in their order, into lists there. */
  #split(wheel: number, digit: number, list: number): number {
    const level = this.#wheels.level(wheel) - 1
    const inner = this.#wheels.make(level)
    this.#wheels.fill(wheel, digit, -inner)
    for (let slot = this.#lists.first(list); slot >= 0; slot = this.#lists.first(list)) {
      this.#lists.unlink(slot)
      const place = digitOf(this.#ranks[slot]!, level)
      const there = this.#wheels.at(inner, place)
      this.#put(slot, there === 0 ? this.#listAt(inner, place) : there)
    }
    this.#lists.release(list)
    return inner
  }

  /** The root, grown until the rank is in its range. */
  #rootOver(rank: number): number {
    if (this.#wheels.occupied(this.#root) === 0) {
      if (this.#wheels.level(this.#root) !== topOfLowPart) {
        this.#wheels.release(this.#root)
        this.#root = this.#wheels.make(topOfLowPart)
      }
      this.#rootSample = rank
    }
    while (!sameAbove(this.#wheels.level(this.#root), rank, this.#rootSample)) {
      const level = this.#wheels.level(this.#root) + 1
      const root = this.#wheels.make(level)
      this.#wheels.fill(root, digitOf(this.#rootSample, level), -this.#root)
      this.#root = root
    }
    return this.#root
  }

  /** Lets go of a slot that was added. */
  remove(slot: number): void {
    const emptied = this.#lists.unlink(slot)
    if (emptied === 0 || emptied === this.#endless) return
    this.#wheels.vacate(this.#places[emptied]!)
    this.#lists.release(emptied)
  }

  /** The slot that comes first; `undefined` when there is none. */
  first(): number | undefined {
    let inner = -this.#root
    if (!this.anyFinite) inner = this.#endless
    while (inner < 0) inner = this.#wheels.at(-inner, lowest(this.#wheels.occupied(-inner)))
    let first = this.#lists.first(inner)
    if (first < 0) return undefined
    if (inner === this.#endless || this.#wheels.level(Math.floor(this.#places[inner]! / base)) === 0) return first
    for (let slot = this.#lists.after(first); slot >= 0; slot = this.#lists.after(slot)) {
      if (this.#ranks[slot]! < this.#ranks[first]!) first = slot
    }
    return first
  }

  /** All slots, the first or the last first. They must not change meanwhile. */
  *inOrder(lastFirst: boolean): Iterable<number> {
    if (lastFirst) yield* this.#lists.inOrder(this.#endless, true)
    yield* this.#inWheel(this.#root, lastFirst)
    if (!lastFirst) yield* this.#lists.inOrder(this.#endless, false)
  }

  *#inWheel(wheel: number, lastFirst: boolean): Iterable<number> {
    for (let left = this.#wheels.occupied(wheel); left !== 0;) {
      const digit = lastFirst ? highest(left) : lowest(left)
      left &= ~(1 << digit)
      const inner = this.#wheels.at(wheel, digit)
      if (inner < 0) yield* this.#inWheel(-inner, lastFirst)
      else if (this.#wheels.level(wheel) === 0) yield* this.#lists.inOrder(inner, lastFirst)
      else yield* this.#sorted(inner, lastFirst)
    }
  }

  /** The slots of a list of different ranks, in order. */
  #sorted(list: number, lastFirst: boolean): number[] {
    const slots = [...this.#lists.inOrder(list, false)].toSorted((a, b) => this.#ranks[a]! - this.#ranks[b]!)
    return lastFirst ? slots.toReversed() : slots
  }

  /** Lets go of all slots. */
  clear(): void {
    this.#lists.clear()
    this.#wheels.clear()
    this.#endless = this.#lists.make()
    this.#root = this.#wheels.make(topOfLowPart)
  }
}
