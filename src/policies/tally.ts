/** How many entries a part of a store has, and their weight. */
export class Tally {
  #count = 0
  #weight = 0

  add(weight: number): void {
    this.#count++
    this.#weight += weight
  }

  subtract(weight: number): void {
    this.#count--
    this.#weight -= weight
  }

  /** Notes that an entry has another weight now. */
  reweigh(before: number, weight: number): void {
    this.#weight += weight - before
  }

  exceeds(max: number, maxWeight: number): boolean {
    return this.#count > max || this.#weight > maxWeight
  }

  clear(): void {
    this.#count = 0
    this.#weight = 0
  }
}
