import type { RemovalListener } from '../types.ts'
import { type BoundOptions, type Bounds, boundsOf } from './bounds.ts'
import { main, newcomers, QueuesPolicy } from './queues-policy.ts'
import { resized } from './rings.ts'
import { Tally } from './tally.ts'

/** The room of an {@link s3Fifo}: `max`, or `maxWeight` with `weigher`, or both. */
export interface S3FifoOptions<K, V> extends BoundOptions<K, V> {}

/**
 * Makes a store of queues in which nothing moves when it is used: what is new passes through a small one, of a tenth of
 * the room, and what was used twice there, or comes back after it has left, is taken into the main one. There, each use,
 * up to three, buys an entry one more turn.
 *
 * Use it where most keys are asked for once, as on the web or in a CDN: they leave soon, and hits cost next to nothing.
 * It fails where the second and third use come later than a tenth of the room lasts, and where popularity moves on all at
 * once: what has been used often leaves the main queue slowly. Loops longer than the store hardly hit. A `get` and an
 * overwriting `set` count as use; `peek` and `has` do not.
 *
 * It takes the keys, and no values, of entries that have left the small queue, as many as the main queue has room for,
 * and so keeps them alive. Every operation is O(1), making room on average over the uses before it. Juncheng Yang, Yazhuo
 * Zhang, Ziyue Qiu, Yao Yue and K. V. Rashmi, *FIFO Queues are All You Need for Cache Eviction* (2023).
 *
 * The hottest entries are those of the main queue that have been used most, the coldest the new ones that came first.
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, or when there is neither `max` nor `maxWeight`
 * @example
 * const pages = s3Fifo<string, string>({ max: 10_000 })
 */
export function s3Fifo<K = any, V = any>(options: S3FifoOptions<K, V>): S3Fifo<K, V> {
  return new S3Fifo<K, V>(boundsOf('s3Fifo', options), options.onRemoval)
}

/** The share of the room that the small queue takes, which is that of the newcomers. */
const smallShare = 0.1
/** How many uses are counted, and how many take an entry from the small queue into the main one. */
const mostUses = 3
const usesToStay = 2

/** The store that {@link s3Fifo} makes. */
export class S3Fifo<K, V> extends QueuesPolicy<K, V> {
  #uses: Uint8Array = new Uint8Array(0)
  readonly #main = new Tally()
  readonly #most: number
  readonly #mostWeight: number

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined) {
    const most = mainRoom(bounds.max)
    const mostWeight = mainRoom(bounds.maxWeight)
    super(bounds, onRemoval, { share: 1, most, mostWeight })
    this.#most = most
    this.#mostWeight = mostWeight
  }

  protected override resize(capacity: number): void {
    super.resize(capacity)
    this.#uses = resized(this.#uses, capacity)
  }

  protected override link(slot: number): void {
    this.#uses[slot] = 0
    this.queues[slot] = newcomers
    this.rings.append(newcomers, slot)
    if (this.comesBack) this.#promote(slot)
  }

  protected override unlink(slot: number): void {
    if (this.queues[slot] === main) this.#main.subtract(this.weightAt(slot))
    super.unlink(slot)
  }

  protected override unlinkAll(): void {
    super.unlinkAll()
    this.#main.clear()
  }

  protected override used(slot: number): void {
    if (this.#uses[slot]! < mostUses) this.#uses[slot]!++
  }

  protected override written(slot: number, before: number): void {
    if (this.queues[slot] === main) this.#main.reweigh(before, this.weightAt(slot))
    this.used(slot)
  }

  #promote(slot: number): void {
    this.#uses[slot] = 0
    this.queues[slot] = main
    this.#main.add(this.weightAt(slot))
    this.rings.moveToEnd(main, slot)
  }

  protected override victim(keep: number | undefined): number {
    const inMain = this.rings.firstExcept(main, keep) !== main
    if (inMain && this.#main.exceeds(this.#most, this.#mostWeight)) return this.#fromMain(keep)
    let leaving: number | undefined
    for (;;) {
      const slot = this.rings.firstExcept(newcomers, keep)
      if (slot === newcomers) return leaving ?? this.#fromMain(keep)
      // As in the paper, what has made room in the main queue leaves besides what leaves the small one.
      if (leaving !== undefined) this.evict(leaving)
      if (this.#uses[slot]! < usesToStay) return slot
      this.#promote(slot)
      leaving = this.#main.exceeds(this.#most, this.#mostWeight) ? this.#fromMain(keep) : undefined
    }
  }

  #fromMain(keep: number | undefined): number {
    for (;;) {
      const slot = this.rings.firstExcept(main, keep)
      if (this.#uses[slot] === 0) return slot
      this.#uses[slot]!--
      this.rings.moveToEnd(main, slot)
    }
  }

  protected override *inOrder(hottestFirst: boolean): Iterable<number> {
    if (!hottestFirst) yield* this.rings.inOrder(newcomers)
    for (let n = 0; n <= mostUses; n++) {
      const uses = hottestFirst ? mostUses - n : n
      for (const slot of this.rings.inOrder(main, hottestFirst)) if (this.#uses[slot] === uses) yield slot
    }
    if (hottestFirst) yield* this.rings.inOrder(newcomers, true)
  }
}

/** What of the room is left for the main queue. */
function mainRoom(room: number): number {
  return room === Infinity ? Infinity : room - Math.max(1, Math.floor(room * smallShare))
}
