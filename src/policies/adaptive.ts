import { systemRandom } from '../random.ts'
import type { Random, RemovalListener } from '../types.ts'
import { type BoundOptions, type Bounds, boundsOf } from './bounds.ts'
import { scramble } from './key-hash.ts'
import { Miniatures } from './miniatures.ts'
import { TinyLfuPolicy } from './tiny-lfu-policy.ts'
import { type WindowCandidate, WindowChoice } from './window-choice.ts'

/** The room of an {@link adaptive}: `max`, or `maxWeight` with `weigher`, or both. */
export interface AdaptiveOptions<K, V> extends BoundOptions<K, V> {}

/** What an {@link adaptive} store does at present, and why. */
export interface Explanation {
  /** The share of the room that is for new entries, which leave in order of use: 0.01 keeps what is popular, 1 is LRU. */
  readonly window: number
  /** How often the window has been changed. */
  readonly changes: number
  /** The part of the keys whose requests are also given to the miniatures; 0 where there are none yet. */
  readonly sampled: number
  /** The windows that are compared, and how the miniature of each has done of late. */
  readonly candidates: readonly WindowCandidate[]
  /** All of that in a sentence. */
  readonly why: string
}

/** The windows to choose from: nearly nothing, to all room for it, which is LRU. */
const shares = [0.01, 0.05, 0.2, 0.5, 1]
/** The one that a store begins with. */
const first = 0

/** A miniature has room for a hundredth of the entries, and for this many at least. */
const smallestSample = 0.01
const smallestRoom = 64
/** Other bits than those that find a key in a sketch. */
const samplingBits = 0x5bd1e995

/**
 * Makes a store that finds out while it runs how it should choose what to keep.
 *
 * Use it where you do not know what will be asked for, or where that changes: it keeps what is popular through scans and
 * loops, as `tinyLfu` does, and what was used last where that serves better, as `lru` does, and whatever lies between.
 * It fails, a little, in the first few requests for each of its entries, when it does not know yet, and where a request
 * must cost nothing beyond the look-up. `explain()` tells what it does at present and why.
 *
 * The order is W-TinyLFU with a window of 1 %, 5 %, 20 %, 50 % or all of the room. Five miniatures, one for each
 * window and each with a hundredth of the entries (64 at least), are given the requests for a hashed sample of the keys,
 * and the store takes on the window of the best. Until it is full it begins with the smallest. A `get` and an
 * overwriting `set` count as use; `peek` and `has` do not. What is deleted is not deleted from the miniatures.
 *
 * Beyond a list in order of use it costs 14 to 22 bytes for each entry (and 8 kB from 64 entries on), and for the
 * miniatures at most 8 bytes for each entry, or 50 kB if that is more. Every operation is O(1), but that after five uses
 * for each entry all counts are halved at once: a few milliseconds for a million entries. In a store of 64 entries or
 * fewer every request is given to the miniatures, and a hit takes several times as long as in `lru`.
 *
 * Gil Einziger, Roy Friedman and Ben Manes, *TinyLFU: A Highly Efficient Cache Admission Policy* (2017); Carl
 * Waldspurger, Trausti Saemundsson, Irfan Ahmad and Nohhyun Park, *Cache Modeling and Optimization using Miniature
 * Simulations* (2017).
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, or when there is neither `max` nor `maxWeight`
 * @example
 * const users = adaptive<string, User>({ max: 10_000 })
 */
export function adaptive<K = any, V = any>(options: AdaptiveOptions<K, V>): Adaptive<K, V> {
  return new Adaptive<K, V>(boundsOf('adaptive', options), options.onRemoval)
}

/** The store that {@link adaptive} makes. */
export class Adaptive<K, V> extends TinyLfuPolicy<K, V> {
  readonly #countsEntries: boolean
  #miniatures: Miniatures | undefined
  #choice: WindowChoice | undefined
  /** How many entries the miniatures were made for, and how many keys of 2 ** 32 are sampled. */
  #entries = 0
  #sampled = 0
  #window: number = shares[first]!
  #changes = 0

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined, random: Random = systemRandom) {
    super(bounds, onRemoval, shares[first]!, random)
    this.#countsEntries = bounds.maxWeight === Infinity
    if (this.#countsEntries && bounds.max > 0) this.#sample(bounds.max)
  }

  /** Tells which part of the room the window has, and how well each of the windows to choose from has done of late. */
  explain(): Explanation {
    const candidates = this.#choice?.candidates ?? []
    const sampled = this.#sampled / 2 ** 32
    return { window: this.#window, changes: this.#changes, sampled, candidates, why: this.#why(candidates) }
  }

  #why(candidates: readonly WindowCandidate[]): string {
    if (!this.isFull || candidates.length === 0)
      return `it begins with a window of ${percent(this.#window)}, and is not full yet`
    const rates = candidates.map(({ window, hitRate, trust }) => {
      const rate = `${percent(hitRate)} with ${percent(window)}`
      return trust < 1 ? `${rate} (of which ${percent(trust)} is believed)` : rate
    })
    const use = this.#window === 1 ? 'all its room is in order of use' : `its window is ${percent(this.#window)}`
    return `${use}: of a sample of the requests, miniatures have answered ${rates.join(', ')}`
  }

  /** Begins to sample for a store of that many entries. */
  #sample(entries: number): void {
    const rate = Math.min(1, Math.max(smallestSample, smallestRoom / entries))
    const room = Math.max(1, Math.round(rate * entries))
    this.#entries = entries
    this.#sampled = rate * 2 ** 32
    this.#miniatures = new Miniatures(room, shares)
    this.#choice = new WindowChoice(shares, shares.indexOf(this.#window), room)
  }

  /** Where only weights are bounded, how many entries there is room for shows when it is full, and may change. */
  #sampleAnew(): void {
    if (this.size > this.#entries / 2 && this.size < 2 * this.#entries) return
    this.#sample(this.size)
    for (const slot of this.inOrder(false)) this.uses.mark(slot, this.isSampled(this.uses.hashAt(slot)))
  }

  protected override isSampled(hash: number): boolean {
    return scramble(hash ^ samplingBits) >>> 0 < this.#sampled
  }

  protected override observe(hash: number, isHit: boolean): void {
    this.#choice!.note(isHit, this.#miniatures!.request(hash))
    if (!this.isFull || !this.#choice!.changes()) return
    this.#window = this.#choice!.window
    this.#changes++
    this.segments.setWindow(this.#window)
  }

  protected override arrived(): void {
    if (!this.#countsEntries && this.isFull) this.#sampleAnew()
  }

  protected override unlinkAll(): void {
    super.unlinkAll()
    this.#miniatures?.clear()
  }
}

/** A share in words. */
function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`
}
