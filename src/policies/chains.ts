import { resized } from './rings.ts'

/**
 * Slots in lists that come and go, each slot in one list or in none.
 *
 * The first slot of a list and its last name the list where others name their neighbours, as a negative number: so a
 * slot leaves without anybody knowing its list. Every operation is O(1).
 */
export class Chains {
  #next: Int32Array = new Int32Array(0)
  #prev: Int32Array = new Int32Array(0)
  #first: Int32Array = new Int32Array(8)
  #last: Int32Array = new Int32Array(8)
  /** Numbers of lists below `#end` that are no list now. */
  #free: number[] = []
  #end = 1

  /** Makes room for the slots below `capacity`. */
  resize(capacity: number): void {
    this.#next = resized(this.#next, capacity)
    this.#prev = resized(this.#prev, capacity)
  }

  /** How many lists there is room for: their numbers are below this. */
  get capacity(): number {
    return this.#first.length
  }

  /** Makes an empty list and gives its number, 1 or more. */
  make(): number {
    const list = this.#free.pop() ?? this.#end++
    if (list >= this.#first.length) {
      this.#first = resized(this.#first, 2 * list)
      this.#last = resized(this.#last, 2 * list)
    }
    this.#first[list] = -list
    this.#last[list] = -list
    return list
  }

  /** Gives up an empty list. */
  release(list: number): void {
    this.#free.push(list)
  }

  /** The first slot of a list; negative when it is empty. */
  first(list: number): number {
    return this.#first[list]!
  }

  /** The slot behind this one; negative behind the last. */
  after(slot: number): number {
    return this.#next[slot]!
  }

  /** Puts a slot that is in no list at the end of one. */
  append(list: number, slot: number): void {
    const last = this.#last[list]!
    this.#prev[slot] = last
    this.#next[slot] = -list
    this.#last[list] = slot
    if (last < 0) this.#first[list] = slot
    else this.#next[last] = slot
  }

  /** Takes a slot out of the list that it is in. Returns the number of that if it is empty now, and else 0. */
  unlink(slot: number): number {
    const before = this.#prev[slot]!
    const after = this.#next[slot]!
    if (before < 0) this.#first[-before] = after
    else this.#next[before] = after
    if (after < 0) this.#last[-after] = before
    else this.#prev[after] = before
    return before < 0 && after < 0 ? -before : 0
  }

  /** Forgets all lists. */
  clear(): void {
    this.#free = []
    this.#end = 1
  }

  /** The slots of a list. They must not change meanwhile. */
  *inOrder(list: number, lastFirst: boolean): IterableIterator<number> {
    const links = lastFirst ? this.#prev : this.#next
    for (let slot = (lastFirst ? this.#last : this.#first)[list]!; slot >= 0; slot = links[slot]!) yield slot
  }
}
