import type { UseOrder } from './levels.ts'
import { Ranks } from './ranks.ts'
import { resized } from './rings.ts'

/**
 * Slots in order of how often they were used, where what was used long ago counts for less: the rank of a slot is the
 * number of its uses and the age of all slots at its last use, which is the rank of the one that left last.
 *
 * The dynamic ageing of Martin Arlitt, Ludmila Cherkasova, John Dilley, Rich Friedrich and Tai Jin, *Evaluating Content
 * Management Techniques for Web Proxy Caches* (1999). Slots of the same rank are in order of use.
 */
export class Ageing implements UseOrder {
  readonly #ranks = new Ranks()
  #uses: Uint32Array = new Uint32Array(0)
  #age = 0

  resize(capacity: number): void {
    this.#ranks.resize(capacity)
    this.#uses = resized(this.#uses, capacity)
  }

  add(slot: number): void {
    this.#uses[slot] = 1
    this.#ranks.add(slot, this.#age + 1)
  }

  raise(slot: number): void {
    this.#ranks.remove(slot)
    this.#ranks.add(slot, this.#age + ++this.#uses[slot]!)
  }

  remove(slot: number): void {
    this.#ranks.remove(slot)
  }

  leaving(keep: number | undefined): number {
    // What is to stay was used last, so it comes back to where it was.
    const rank = keep === undefined ? 0 : this.#ranks.rankOf(keep)
    if (keep !== undefined) this.#ranks.remove(keep)
    const slot = this.#ranks.first()!
    if (keep !== undefined) this.#ranks.add(keep, rank)
    this.#age = this.#ranks.rankOf(slot)
    return slot
  }

  inOrder(highestFirst: boolean): Iterable<number> {
    return this.#ranks.inOrder(highestFirst)
  }

  clear(): void {
    this.#ranks.clear()
    this.#age = 0
  }
}
