import { resized, Rings } from './rings.ts'
import type { UseCounts } from './use-counts.ts'

/** The heads of the rings of the segments, the least recently used entry at the beginning of each. */
const nowhere = 0
const window = 1
const probation = 2
const protectedSegment = 3

/** Slots below this are heads of rings, and hold no entry. */
export const reservedSlots = 4

/** The share of the room beyond the window that the protected segment may take. */
const protectedShare = 0.8

/** How many entries are moved for each that comes, while the window gets smaller: so no step is a long one. */
const movesAtOnce = 4

/**
 * The order of W-TinyLFU: new entries come into a window, and one that has to leave that must have been used more often
 * than the least recently used entry of the main part to take its place. The main part is a segmented LRU.
 *
 * The window may be made larger or smaller at any time; what is in the store stays there, and the segments get their
 * new sizes as entries come. With all room for the window this is LRU.
 */
export class Segments {
  readonly #rings = new Rings(reservedSlots)
  #segment: Uint8Array = new Uint8Array(reservedSlots)
  readonly #uses: UseCounts
  readonly #room: number
  readonly #sizeOf: ((slot: number) => number) | undefined
  #mostInWindow = 0
  #mostProtected = 0
  #inWindow = 0
  #protected = 0

  /**
   * @param uses how often each entry was used
   * @param room how many entries may be there at most, or how much they may weigh together
   * @param windowShare the part of the room that is for the window, more than 0 and at most 1
   * @param sizeOf the weight of an entry, where the room is a weight
   */
  constructor(uses: UseCounts, room: number, windowShare: number, sizeOf?: (slot: number) => number) {
    this.#uses = uses
    this.#room = room
    this.#sizeOf = sizeOf
    this.setWindow(windowShare)
  }

  /** How much of the room the window may take, in the unit of the room. */
  get mostInWindow(): number {
    return this.#mostInWindow
  }

  /** Gives another part of the room to the window, as a whole number: the nearest one, or what `whole` makes of it. */
  setWindow(share: number, whole: (size: number) => number = Math.round): void {
    this.#mostInWindow = Math.min(this.#room, Math.max(1, whole(share * this.#room)))
    this.#mostProtected = Math.floor(protectedShare * (this.#room - this.#mostInWindow))
  }

  /** Makes room for the slots below `capacity`. */
  resize(capacity: number): void {
    this.#rings.resize(capacity)
    this.#segment = resized(this.#segment, capacity)
  }

  /** Takes up a new entry. */
  add(slot: number): void {
    this.#segment[slot] = window
    this.#rings.append(window, slot)
    this.#inWindow += this.#size(slot)
    for (let moves = 0; this.#inWindow > this.#mostInWindow && moves < movesAtOnce; moves++) {
      const first = this.#rings.after(window)
      // The newest stays, however heavy it is, until it has been seen whether it is used.
      if (first === slot) break
      this.#leaveWindow(first)
    }
  }

  /** Notes that an entry was used, and says whether it is here at all. */
  use(slot: number): boolean {
    const segment = this.#segment[slot]!
    if (segment === nowhere) return false
    if (segment === probation) this.#protect(slot)
    else this.#rings.moveToEnd(segment, slot)
    return true
  }

  /** Notes that an entry weighs more or less than it did, by that much. */
  reweigh(slot: number, more: number): void {
    const segment = this.#segment[slot]!
    if (segment === window) this.#inWindow += more
    else if (segment === protectedSegment) this.#protected += more
  }

  /** Lets go of an entry. */
  remove(slot: number): void {
    const segment = this.#segment[slot]!
    if (segment === window) this.#inWindow -= this.#size(slot)
    else if (segment === protectedSegment) this.#protected -= this.#size(slot)
    this.#segment[slot] = nowhere
    this.#rings.unlink(slot)
  }

  /** The entry to leave that is not `keep`; one that need not leave for it goes from the window into the main part. */
  victim(keep: number | undefined): number {
    const candidate = this.#isWindowFull() ? this.#rings.firstExcept(window, keep) : window
    const main = this.#firstOfMain(keep)
    if (main === protectedSegment) return this.#rings.firstExcept(window, keep)
    if (candidate === window) return main
    if (this.#uses.of(candidate) <= this.#uses.of(main)) return candidate
    this.#leaveWindow(candidate)
    return main
  }

  /** Lets go of all entries. */
  clear(): void {
    this.#rings.clear()
    this.#segment.fill(nowhere)
    this.#inWindow = 0
    this.#protected = 0
  }

  /** All entries, the one to leave next first: then those on probation, in the window and protected; or the other way. */
  *inOrder(hottestFirst: boolean): Iterable<number> {
    const next = this.#nextOfWindow()
    if (!hottestFirst && next !== undefined) yield next
    const segments = [probation, window, protectedSegment]
    for (const segment of hottestFirst ? segments.toReversed() : segments) {
      for (const slot of this.#rings.inOrder(segment, hottestFirst)) if (slot !== next) yield slot
    }
    if (hottestFirst && next !== undefined) yield next
  }

  /** The entry of the window that would leave next, if it is there that one would. */
  #nextOfWindow(): number | undefined {
    if (!this.#isWindowFull()) return undefined
    const candidate = this.#rings.after(window)
    const main = this.#firstOfMain(undefined)
    if (candidate === window || main === protectedSegment) return undefined
    return this.#uses.of(candidate) <= this.#uses.of(main) ? candidate : undefined
  }

  /** Whether one more entry would be too much for the window, if it weighs as much as the one before. */
  #isWindowFull(): boolean {
    if (this.#sizeOf === undefined) return this.#inWindow >= this.#mostInWindow
    const newest = this.#rings.before(window)
    return newest !== window && this.#inWindow + this.#sizeOf(newest) > this.#mostInWindow
  }

  #size(slot: number): number {
    return this.#sizeOf === undefined ? 1 : this.#sizeOf(slot)
  }

  /** The entry of the main part that leaves first; the head of the protected segment where there is none. */
  #firstOfMain(keep: number | undefined): number {
    const first = this.#rings.firstExcept(probation, keep)
    return first === probation ? this.#rings.firstExcept(protectedSegment, keep) : first
  }

  #leaveWindow(slot: number): void {
    this.#inWindow -= this.#size(slot)
    this.#segment[slot] = probation
    this.#rings.moveToEnd(probation, slot)
  }

  #protect(slot: number): void {
    this.#protected += this.#size(slot)
    this.#segment[slot] = protectedSegment
    this.#rings.moveToEnd(protectedSegment, slot)
    for (let moves = 0; this.#protected > this.#mostProtected && moves < movesAtOnce; moves++) {
      const first = this.#rings.after(protectedSegment)
      this.#protected -= this.#size(first)
      this.#segment[first] = probation
      this.#rings.moveToEnd(probation, first)
    }
  }
}
