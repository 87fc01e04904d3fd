import { base } from './digits.ts'
import { resized } from './rings.ts'

/**
 * The nodes of a trie over digits: a wheel has a place for each value of one digit, with a list in it, or the wheel of
 * the next lower digit, or nothing.
 *
 * Wheels are numbers from 1 on, and all that is known of them is in columns. What is in a place is the number of a list,
 * or that of a wheel with a minus, or 0.
 */
export class Wheels {
  #inner: Int32Array = new Int32Array(4 * base)
  /** One bit for each place that is not empty. */
  #occupied: Int32Array = new Int32Array(4)
  /** Where a wheel is itself: the number of another times 32, and the place there; 0 for one that is nowhere. */
  #where: Uint32Array = new Uint32Array(4)
  #level: Uint8Array = new Uint8Array(4)
  #free: number[] = []
  #end = 1

  /** Makes an empty wheel for the digits of a level, which is nowhere yet, and gives its number. */
  make(level: number): number {
    const wheel = this.#free.pop() ?? this.#end++
    if (wheel >= this.#level.length) {
      this.#inner = resized(this.#inner, 2 * wheel * base)
      this.#occupied = resized(this.#occupied, 2 * wheel)
      this.#where = resized(this.#where, 2 * wheel)
      this.#level = resized(this.#level, 2 * wheel)
    }
    this.#where[wheel] = 0
    this.#level[wheel] = level
    return wheel
  }

  /** Gives up a wheel with nothing in it. */
  release(wheel: number): void {
    this.#free.push(wheel)
  }

  /** The level of the digits of a wheel. */
  level(wheel: number): number {
    return this.#level[wheel]!
  }

  /** One bit for each place that is not empty. */
  occupied(wheel: number): number {
    return this.#occupied[wheel]!
  }

  /** What is in a place. */
  at(wheel: number, digit: number): number {
    return this.#inner[wheel * base + digit]!
  }

  /** Puts a list or a wheel into a place. */
  fill(wheel: number, digit: number, inner: number): void {
    const place = wheel * base + digit
    this.#inner[place] = inner
    this.#occupied[wheel]! |= 1 << digit
    if (inner < 0) this.#where[-inner] = place
  }

  /** Empties a place, given as the number of its wheel times 32 and its digit, and gives up wheels left with nothing. */
  vacate(place: number): void {
    const wheel = Math.floor(place / base)
    this.#inner[place] = 0
    this.#occupied[wheel]! &= ~(1 << (place % base))
    if (this.#occupied[wheel] !== 0 || this.#where[wheel] === 0) return
    this.release(wheel)
    this.vacate(this.#where[wheel]!)
  }

  /** Gives up all wheels. */
  clear(): void {
    this.#inner = new Int32Array(4 * base)
    this.#occupied = new Int32Array(4)
    this.#where = new Uint32Array(4)
    this.#level = new Uint8Array(4)
    this.#free = []
    this.#end = 1
  }
}
