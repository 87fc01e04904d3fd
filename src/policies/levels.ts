import { resized, Rings } from './rings.ts'

/** An order of slots in which each use moves one of them up. */
export interface UseOrder {
  /** Makes room for the slots below `capacity`. */
  resize(capacity: number): void
  /** Takes up a slot. */
  add(slot: number): void
  /** Notes that a slot was used. */
  raise(slot: number): void
  /** Lets go of a slot. */
  remove(slot: number): void
  /** The lowest slot that is not `keep`, which is to leave. */
  leaving(keep: number | undefined): number
  /** All slots, the lowest or the highest first. They must not change meanwhile. */
  inOrder(highestFirst: boolean): Iterable<number>
  /** Lets go of all slots. */
  clear(): void
}

/** The head of the ring of all slots, and that of the ring of all levels, which is level 0. */
const head = 0

/**
 * Slots in order of a level, a positive integer, and those of one level in order of arrival there.
 *
 * All slots are in one ring, and the levels that occur are in another, each with the last of its slots. So arriving at
 * level 1, going up by one, and leaving are O(1), whatever levels there are.
 */
export class Levels implements UseOrder {
  readonly #slots: Rings = new Rings(1)
  /** The place of each slot's level in the ring of levels. */
  #levelOf: Uint32Array = new Uint32Array(1)
  readonly #levels: Rings = new Rings(1)
  #heights: Float64Array = new Float64Array(1)
  #lasts: Uint32Array = new Uint32Array(1)
  #freeLevels: number[] = []
  #endOfLevels = 1

  resize(capacity: number): void {
    this.#slots.resize(capacity)
    this.#levelOf = resized(this.#levelOf, capacity)
  }

  /** Takes up a slot as the last of level 1. */
  add(slot: number): void {
    const lowest = this.#levels.after(head)
    const isThere = this.#heights[lowest] === 1
    this.#slots.insertAfter(isThere ? this.#lasts[lowest]! : head, slot)
    this.#arrive(slot, isThere ? lowest : this.#levelAbove(head, 1))
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

  remove(slot: number): void {
    this.#leave(slot, this.#levelOf[slot]!)
    this.#slots.unlink(slot)
  }

  leaving(keep: number | undefined): number {
    return this.#slots.firstExcept(head, keep)
  }

  inOrder(highestFirst: boolean): Iterable<number> {
    return this.#slots.inOrder(head, highestFirst)
  }

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
