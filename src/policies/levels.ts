import { resized, Rings } from './rings.ts'

/** The head of the ring of all slots, and that of the ring of all levels, which is level 0. */
const head = 0

/**
 * Slots in order of a level, a positive integer, and those of one level in order of arrival there.
 *
 * All slots are in one ring, and the levels that occur are in another, each with the last of its slots. So going up by
 * one, leaving, and arriving at the lowest levels are O(1), whatever levels there are.
 */
export class Levels {
  readonly #slots: Rings = new Rings(1)
  /** The place of each slot's level in the ring of levels. */
  #levelOf: Uint32Array = new Uint32Array(1)
  readonly #levels: Rings = new Rings(1)
  #heights: Float64Array = new Float64Array(1)
  #lasts: Uint32Array = new Uint32Array(1)
  #freeLevels: number[] = []
  #endOfLevels = 1

  /** Makes room for the slots below `capacity`. */
  resize(capacity: number): void {
    this.#slots.resize(capacity)
    this.#levelOf = resized(this.#levelOf, capacity)
  }

  /** How high a slot is. */
  heightOf(slot: number): number {
    return this.#heights[this.#levelOf[slot]!]!
  }

  /** Takes up a slot as the last of a level. It looks for that from the lowest one upwards. */
  add(slot: number, height: number): void {
    let level = head
    for (let above = this.#levels.after(head); above !== head && this.#heights[above]! <= height;) {
      level = above
      above = this.#levels.after(level)
    }
    const place = this.#lasts[level]!
    if (level === head || this.#heights[level] !== height) level = this.#levelAbove(level, height)
    this.#slots.insertAfter(place, slot)
    this.#arrive(slot, level)
  }

  /** Takes a slot one level up, where it is the last. */
  raise(slot: number): void {
    const level = this.#levelOf[slot]!
    const height = this.#heights[level]! + 1
    const above = this.#levels.after(level)
    const isThere = this.#heights[above] === height
    if (!isThere && this.#isAlone(slot, level)) {
      // The level itself can go up: its neighbours stay the same.
      this.#heights[level] = height
      return
    }
    const place = this.#lasts[isThere ? above : level]!
    const target = isThere ? above : this.#levelAbove(level, height)
    this.#leave(slot, level)
    if (place !== slot) {
      this.#slots.unlink(slot)
      this.#slots.insertAfter(place, slot)
    }
    this.#arrive(slot, target)
  }

  /** Lets go of a slot. */
  remove(slot: number): void {
    this.#leave(slot, this.#levelOf[slot]!)
    this.#slots.unlink(slot)
  }

  /** The lowest slot that is not `keep`. */
  lowestExcept(keep: number | undefined): number {
    return this.#slots.firstExcept(head, keep)
  }

  /** All slots, the lowest or the highest first. They must not change meanwhile. */
  inOrder(highestFirst: boolean): Iterable<number> {
    return this.#slots.inOrder(head, highestFirst)
  }

  /** Lets go of all slots. */
  clear(): void {
    this.#slots.clear()
    this.#levels.clear()
    this.#freeLevels = []
    this.#endOfLevels = 1
  }

  #isAlone(slot: number, level: number): boolean {
    return this.#lasts[level] === slot && this.#levelOf[this.#slots.before(slot)] !== level
  }

  #arrive(slot: number, level: number): void {
    this.#levelOf[slot] = level
    this.#lasts[level] = slot
  }

  /** Leaves a level, but not yet its place in the ring. */
  #leave(slot: number, level: number): void {
    if (this.#lasts[level] !== slot) return
    const before = this.#slots.before(slot)
    if (this.#levelOf[before] === level) {
      this.#lasts[level] = before
    } else {
      this.#levels.unlink(level)
      this.#freeLevels.push(level)
    }
  }

  /** A new level behind another, without slots yet. */
  #levelAbove(lower: number, height: number): number {
    const level = this.#freeLevels.pop() ?? this.#endOfLevels++
    if (level >= this.#heights.length) {
      this.#heights = resized(this.#heights, 2 * level)
      this.#lasts = resized(this.#lasts, 2 * level)
      this.#levels.resize(2 * level)
    }
    this.#heights[level] = height
    this.#levels.insertAfter(lower, level)
    return level
  }
}
