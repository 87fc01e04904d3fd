import { Rings } from './rings.ts'
import { Slots } from './slots.ts'

/** The head of the ring of all ghosts. */
const head = 0

/**
 * The keys of entries that have left, without their values, in the order in which they left.
 *
 * What some policies learn from: a key that comes back while its ghost is here has been wanted twice. Every operation is
 * O(1).
 */
export class Ghosts<K> {
  readonly #index = new Map<K, number>()
  readonly #rings = new Rings(1)
  readonly #slots: Slots<K>
  #weight = 0

  /** @param weighs whether the weights of the entries that left are kept */
  constructor(weighs: boolean) {
    this.#slots = new Slots(Infinity, 1, weighs)
  }

  get size(): number {
    return this.#index.size
  }

  /** How many ghosts there is room for: their numbers are below this. */
  get capacity(): number {
    return this.#slots.capacity
  }

  /** The number of the ghost that has been here longest. It is asked for when there is one. */
  get oldest(): number {
    return this.#rings.after(head)
  }

  /** The number of a key's ghost. */
  find(key: K): number | undefined {
    return this.#index.get(key)
  }

  /** Takes up the key of an entry that has left; it must not be here. Returns the ghost's number, 1 or more. */
  add(key: K, weight: number): number {
    const ghost = this.#slots.next
    if (ghost >= this.#slots.capacity) {
      this.#slots.grow()
      this.#rings.resize(this.#slots.capacity)
    }
    this.#index.set(key, ghost)
    this.#slots.take(key, weight)
    this.#weight += weight
    this.#rings.append(head, ghost)
    return ghost
  }

  /** Lets go of a ghost. */
  remove(ghost: number): void {
    this.#index.delete(this.#slots.keyAt(ghost))
    this.#weight -= this.#slots.weightAt(ghost)
    this.#rings.unlink(ghost)
    this.#slots.release(ghost)
  }

  /** Lets go of a key's ghost, and says whether there was one. */
  take(key: K): boolean {
    const ghost = this.#index.get(key)
    if (ghost === undefined) return false
    this.remove(ghost)
    return true
  }

  /** Lets go of the oldest until there are not more than that, nor heavier ones together. */
  trim(max: number, maxWeight: number): void {
    while (this.#index.size > max || this.#weight > maxWeight) this.remove(this.oldest)
  }

  /** Lets go of all. */
  clear(): void {
    this.#index.clear()
    this.#rings.clear()
    this.#slots.clear()
    this.#weight = 0
  }
}
