import type { RemovalListener } from '../types.ts'
import { type BoundOptions, type Bounds, boundsOf } from './bounds.ts'
import { main, newcomers, QueuesPolicy } from './queues-policy.ts'
import { Tally } from './tally.ts'

/** The room of a {@link twoQ}: `max`, or `maxWeight` with `weigher`, or both. */
export interface TwoQOptions<K, V> extends BoundOptions<K, V> {}

/**
 * Makes a store of two queues: what is new passes through a short one, first in, first out, and what comes back after it
 * has left that is taken into the main one, where the least recently used entry leaves first.
 *
 * Use it where keys are asked for in bursts, as by an ORM or a database: uses close to each other count as one. It fails
 * where the second use comes later than the store remembers keys that have left, for half as many as it has room for,
 * and costs each popular key one more load than the store needs to know it. Loops longer than one and a half times the
 * store never hit. A `get` and an overwriting `set` count as use; `peek` and `has` do not.
 *
 * Up to 25 % of the room is for what is new. It takes the keys, and no values, of entries that have left, and so keeps
 * them alive: up to half of `max`, or those of half of `maxWeight`. Every operation is O(1). Theodore Johnson and
 * Dennis Shasha, *2Q: A Low Overhead High Performance Buffer Management Replacement Algorithm* (1994).
 *
 * The hottest entries are those of the main queue, the most recently used first; the coldest are the new ones that came
 * first.
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, or when there is neither `max` nor `maxWeight`
 * @example
 * const rows = twoQ<string, Row>({ max: 10_000 })
 */
export function twoQ<K = any, V = any>(options: TwoQOptions<K, V>): TwoQ<K, V> {
  return new TwoQ<K, V>(boundsOf('twoQ', options), options.onRemoval)
}

/** The shares of the room that the newcomers may take, and that the keys of those that have left would take. */
const newShare = 0.25
const ghostShare = 0.5

/** The store that {@link twoQ} makes. */
export class TwoQ<K, V> extends QueuesPolicy<K, V> {
  readonly #newcomers = new Tally()

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined) {
    const most = bounds.max * ghostShare
    super(bounds, onRemoval, { share: ghostShare, most, mostWeight: bounds.maxWeight * ghostShare })
  }

  protected override link(slot: number): void {
    const queue = this.comesBack ? main : newcomers
    this.queues[slot] = queue
    this.rings.append(queue, slot)
    if (queue === newcomers) this.#newcomers.add(this.weightAt(slot))
  }

  protected override unlink(slot: number): void {
    if (this.queues[slot] === newcomers) this.#newcomers.subtract(this.weightAt(slot))
    super.unlink(slot)
  }

  protected override unlinkAll(): void {
    super.unlinkAll()
    this.#newcomers.clear()
  }

  protected override used(slot: number): void {
    if (this.queues[slot] === main) this.rings.moveToEnd(main, slot)
  }

  protected override written(slot: number, before: number): void {
    if (this.queues[slot] === newcomers) this.#newcomers.reweigh(before, this.weightAt(slot))
    this.used(slot)
  }

  protected override victim(keep: number | undefined): number {
    const tooMany = this.#newcomers.exceeds(this.max * newShare, this.maxWeight * newShare)
    const inMain = this.rings.firstExcept(main, keep)
    const isNew = this.rings.firstExcept(newcomers, keep)
    return isNew === newcomers || (inMain !== main && !tooMany) ? inMain : isNew
  }

  protected override haunt(slot: number): void {
    this.#newcomers.subtract(this.weightAt(slot))
    super.haunt(slot)
  }

  protected override *inOrder(hottestFirst: boolean): Iterable<number> {
    yield* this.rings.inOrder(hottestFirst ? main : newcomers, hottestFirst)
    yield* this.rings.inOrder(hottestFirst ? newcomers : main, hottestFirst)
  }
}
