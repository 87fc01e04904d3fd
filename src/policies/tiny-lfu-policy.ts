import type { Random, RemovalListener } from '../types.ts'
import type { Bounds } from './bounds.ts'
import { KeyHash } from './key-hash.ts'
import { reservedSlots, Segments } from './segments.ts'
import { OrderedSlotPolicy } from './ordered-policy.ts'
import { UseCounts } from './use-counts.ts'

/**
 * A store in the order of W-TinyLFU, whose window others may move: what `tinyLfu` and `adaptive` have in common.
 *
 * Where weights are bounded, the shares of the segments are shares of the weight.
 */
export abstract class TinyLfuPolicy<K, V> extends OrderedSlotPolicy<K, V> {
  protected readonly segments: Segments
  protected readonly uses: UseCounts
  readonly #hash: KeyHash
  readonly #weighs: boolean
  /** Whether entries have had to leave for others: until then there is nothing to decide. */
  protected isFull = false

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined, windowShare: number, random: Random) {
    super(bounds, onRemoval, { heads: reservedSlots })
    this.#hash = new KeyHash(random)
    this.#weighs = bounds.maxWeight !== Infinity
    this.uses = new UseCounts(this.#weighs ? Infinity : bounds.max)
    this.segments = this.#weighs
      ? new Segments(this.uses, bounds.maxWeight, windowShare, (slot) => this.weightAt(slot))
      : new Segments(this.uses, bounds.max, windowShare)
  }

  /** Whether the uses of a key are to be told to {@link TinyLfuPolicy.observe}. */
  protected abstract isSampled(hash: number): boolean
  /** Told of each use of an entry whose key is sampled. */
  protected abstract observe(hash: number, isHit: boolean): void
  /** Told of each entry that has come. */
  protected abstract arrived(): void

  protected override resize(capacity: number): void {
    this.uses.resize(capacity)
    this.segments.resize(capacity)
  }

  protected override link(slot: number): void {
    const hash = this.#hash.of(this.keyAt(slot))
    const isSampled = this.isSampled(hash)
    this.uses.arrive(slot, hash, isSampled)
    this.segments.add(slot)
    this.arrived()
    if (isSampled) this.observe(hash, false)
  }

  protected override unlink(slot: number): void {
    this.uses.leave(slot)
    this.segments.remove(slot)
  }

  protected override unlinkAll(): void {
    this.uses.clear()
    this.segments.clear()
    this.isFull = false
  }

  protected override used(slot: number): void {
    const isSampled = this.uses.use(slot)
    this.segments.use(slot)
    if (isSampled) this.observe(this.uses.hashAt(slot), true)
  }

  protected override written(slot: number, before: number): void {
    if (this.#weighs) this.segments.reweigh(slot, this.weightAt(slot) - before)
    this.used(slot)
  }

  protected override victim(keep: number | undefined): number {
    this.isFull = true
    return this.segments.victim(keep)
  }

  protected override inOrder(hottestFirst: boolean): Iterable<number> {
    return this.segments.inOrder(hottestFirst)
  }
}
