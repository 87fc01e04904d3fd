import { resized } from './rings.ts'

/** How many entries there is room for at first. */
const roomAtFirst = 16

/**
 * The slots of a table of entries: which are free, and the key and the weight of each that is not.
 *
 * An entry has no object of its own, so it costs little more than its place in a `Map`, and the garbage collector finds
 * a few large arrays and not a million small objects. The columns double when they are full, up to `max` entries; what
 * room was taken is kept until `clear`.
 */
export class Slots<K> {
  readonly #max: number
  /** The lowest slots hold no entries: they are the heads of rings. */
  readonly #reserved: number
  #keys: (K | undefined)[] = []
  #weights: Float64Array | undefined
  /** Slots below `#end` that hold no entry. */
  #free: number[] = []
  #end: number

  constructor(max: number, reserved: number, weighs: boolean) {
    this.#max = max
    this.#reserved = reserved
    this.#end = reserved
    if (weighs) this.#weights = new Float64Array(0)
  }

  keyAt(slot: number): K {
    return this.#keys[slot] as K
  }

  /** The weight of an entry; 0 where nothing is weighed. */
  weightAt(slot: number): number {
    return this.#weights === undefined ? 0 : this.#weights[slot]!
  }

  /** The slot that the next entry will get. There may be no room for it yet. */
  get next(): number {
    return this.#free.length > 0 ? this.#free[this.#free.length - 1]! : this.#end
  }

  /** How many slots there is room for, the reserved ones counted. */
  get capacity(): number {
    return this.#keys.length
  }

  /** Doubles the room. */
  grow(): void {
    const wanted = Math.max(2 * this.capacity, this.#reserved + roomAtFirst)
    const capacity = Math.min(wanted, this.#reserved + this.#max)
    this.#keys = resizedList(this.#keys, capacity)
    if (this.#weights !== undefined) this.#weights = resized(this.#weights, capacity)
  }

  /** Puts a key into the next slot. */
  take(key: K): void {
    const slot = this.#free.length > 0 ? this.#free.pop()! : this.#end++
    this.#keys[slot] = key
  }

  /** Notes the weight of an entry. */
  weigh(slot: number, weight: number): void {
    if (this.#weights !== undefined) this.#weights[slot] = weight
  }

  /** Gives up a slot. */
  release(slot: number): void {
    this.#keys[slot] = undefined
    this.#free.push(slot)
  }

  /** Gives up all slots and their room. */
  clear(): void {
    this.#keys = []
    if (this.#weights !== undefined) this.#weights = new Float64Array(0)
    this.#free = []
    this.#end = this.#reserved
  }
}

/** A list in another length, with no more room than that: one that grows by itself takes half as much again. */
export function resizedList<T>(list: readonly (T | undefined)[], length: number): (T | undefined)[] {
  const other = new Array<T | undefined>(length).fill(undefined)
  for (let index = 0; index < list.length; index++) other[index] = list[index]
  return other
}
