import { scramble } from './key-hash.ts'

/** Four counters of a key lie in the four rows of one block, so that they come into the processor's cache together. */
const wordsPerBlock = 8
const rows = 4
/** A counter has four bits, and a row of a block sixteen counters, in two words. */
const most = 15
/** Blocks for each entry, and those that a small store has beyond: there, one counter too many is seen at once. */
const blocksPerEntry = 0.25
const blocksOfSmall = 256
const blocksPerEntryOfSmall = 4

/**
 * How often keys were used of late, roughly, in some ten bytes for each entry of a store: a count-min sketch whose
 * counters have four bits and are halved from time to time.
 *
 * It may say too much, when keys collide in all four rows, and never too little. Gil Einziger, Roy Friedman and Ben
 * Manes, *TinyLFU: A Highly Efficient Cache Admission Policy* (2017); Graham Cormode and S. Muthukrishnan, *An Improved
 * Data Stream Summary: The Count-Min Sketch and its Applications* (2005).
 */
export class Sketch {
  #words: Int32Array
  #blockMask: number

  /** @param entries how many entries the store may hold; {@link Sketch.growTo} takes more */
  constructor(entries: number) {
    const blocks = blocksFor(entries)
    this.#words = new Int32Array(blocks * wordsPerBlock)
    this.#blockMask = blocks - 1
  }

  /** Makes the sketch as large as that many entries need, and keeps what it knows. */
  growTo(entries: number): void {
    const blocks = blocksFor(entries)
    while (this.#blockMask + 1 < blocks) {
      // A block is found by the lowest bits of a hash: one more bit leads to the same counters in either half.
      const { length } = this.#words
      const words = new Int32Array(2 * length)
      words.set(this.#words)
      words.set(this.#words, length)
      this.#words = words
      this.#blockMask = 2 * this.#blockMask + 1
    }
  }

  /** Counts one use, and returns how often the key was used with it, 15 at most. */
  add(hash: number): number {
    const block = this.#blockOf(hash)
    const places = scramble(hash)
    let least = most
    for (let row = 0; row < rows; row++) {
      const place = (places >>> (row << 3)) & 15
      const word = block + (row << 1) + (place >>> 3)
      const shift = (place & 7) << 2
      const counter = (this.#words[word]! >>> shift) & most
      if (counter < most) {
        this.#words[word]! += 1 << shift
        if (counter + 1 < least) least = counter + 1
      }
    }
    return least
  }

  /** Notes that a key was used at least that often. */
  raise(hash: number, uses: number): void {
    const block = this.#blockOf(hash)
    const places = scramble(hash)
    for (let row = 0; row < rows; row++) {
      const place = (places >>> (row << 3)) & 15
      const word = block + (row << 1) + (place >>> 3)
      const shift = (place & 7) << 2
      const counter = (this.#words[word]! >>> shift) & most
      if (counter < uses) this.#words[word]! += (uses - counter) << shift
    }
  }

  /** Halves all counters. */
  halve(): void {
    const words = this.#words
    for (let word = 0; word < words.length; word++) words[word] = (words[word]! >>> 1) & 0x77777777
  }

  /** Forgets all. */
  clear(): void {
    this.#words.fill(0)
  }

  #blockOf(hash: number): number {
    return (hash & this.#blockMask) * wordsPerBlock
  }
}

/** The power of two of blocks that a store of that many entries needs. */
function blocksFor(entries: number): number {
  const wanted = Math.max(entries * blocksPerEntry, Math.min(blocksOfSmall, entries * blocksPerEntryOfSmall))
  let blocks = 4
  while (blocks < wanted) blocks *= 2
  return blocks
}
