/**
 * Slots in doubly linked rings: which comes after which, in two columns of numbers and not in an object for each.
 *
 * The lowest numbers are the heads of the rings, which mark where each begins and ends; every other slot is in one
 * ring, or in none. Every operation is O(1).
 */
export class Rings {
  readonly #heads: number
  #next: Uint32Array
  #prev: Uint32Array

  /** @param heads how many rings there are: the slots from 0 to one less are their heads */
  constructor(heads: number) {
    this.#heads = heads
    this.#next = new Uint32Array(heads)
    this.#prev = new Uint32Array(heads)
    this.clear()
  }

  /** Makes room for the slots below `capacity`; those that are no longer there must be in no ring. */
  resize(capacity: number): void {
    this.#next = resized(this.#next, capacity)
    this.#prev = resized(this.#prev, capacity)
  }

  /** The slot behind this one; that behind the last is the head, that behind the head the first. */
  after(slot: number): number {
    return this.#next[slot]!
  }

  /** The slot before this one; that before the first is the head, that before the head the last. */
  before(slot: number): number {
    return this.#prev[slot]!
  }

  /** The first slot that is not `keep`; the head when there is none. */
  firstExcept(head: number, keep: number | undefined): number {
    const first = this.#next[head]!
    return first === keep ? this.#next[first]! : first
  }

  /** The last slot that is not `keep`; the head when there is none. */
  lastExcept(head: number, keep: number | undefined): number {
    const last = this.#prev[head]!
    return last === keep ? this.#prev[last]! : last
  }

  /** Puts a slot that is in no ring behind another: behind a head, it is the first. */
  insertAfter(place: number, slot: number): void {
    const after = this.#next[place]!
    this.#prev[slot] = place
    this.#next[slot] = after
    this.#next[place] = slot
    this.#prev[after] = slot
  }

  /** Puts a slot that is in no ring at the end. */
  append(head: number, slot: number): void {
    const last = this.#prev[head]!
    this.#prev[slot] = last
    this.#next[slot] = head
    this.#next[last] = slot
    this.#prev[head] = slot
  }

  /** Takes a slot out of the ring that it is in. */
  unlink(slot: number): void {
    const before = this.#prev[slot]!
    const after = this.#next[slot]!
    this.#next[before] = after
    this.#prev[after] = before
  }

  /** Takes a slot out of the ring that it is in, and puts it at the end of one. */
  moveToEnd(head: number, slot: number): void {
    if (this.#next[slot] === head) return
    this.unlink(slot)
    this.append(head, slot)
  }

  /** Forgets all that is in the rings. */
  clear(): void {
    for (let head = 0; head < this.#heads; head++) {
      this.#next[head] = head
      this.#prev[head] = head
    }
  }

  /** The slots of a ring. They must not change meanwhile. */
  *inOrder(head: number, lastFirst = false): IterableIterator<number> {
    const links = lastFirst ? this.#prev : this.#next
    for (let slot = links[head]!; slot !== head; slot = links[slot]!) yield slot
  }
}

/** A column of numbers in another size, with what of it has room there. */
export function resized<C extends Uint32Array | Int32Array | Uint8Array | Float64Array>(
  column: C,
  capacity: number,
): C {
  const other = new (column.constructor as new (length: number) => C)(capacity)
  other.set(column.length <= capacity ? column : column.subarray(0, capacity))
  return other
}
