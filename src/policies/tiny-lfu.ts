import { flag, outOfRange, wrongType } from '../check.ts'
import { systemRandom } from '../random.ts'
import type { Random, RemovalListener } from '../types.ts'
import { type BoundOptions, type Bounds, boundsOf } from './bounds.ts'
import { HillClimb } from './hill-climb.ts'
import { TinyLfuPolicy } from './tiny-lfu-policy.ts'

/** The room of a {@link tinyLfu}, `max`, or `maxWeight` with `weigher`, or both; and its window. */
export interface TinyLfuOptions<K, V> extends BoundOptions<K, V> {
  /** Whether the window moves to where the hit rate is best. Default: `true`. */
  adaptive?: boolean | undefined
  /**
   * The share of the room that the window has, or has at first: more than 0 and at most 1. One that stays is rounded up to
   * whole entries, or to a whole weight. Default: 0.01.
   */
  window?: number | undefined
}

/**
 * Makes a store that lets a new entry in for good only if its key has been used more often than that of the entry which
 * would have to leave: W-TinyLFU.
 *
 * Use it where some keys are much more popular than others: it keeps those, and scans and loops pass it by. It fails
 * where what was asked for just now is asked for again and never after (a window of 1 % gets next to nothing of such
 * requests); for that the window grows while that raises the hit rate, which takes tens of requests for each entry.
 * `adaptive` finds its window sooner. A `get` and an overwriting `set` count as use; `peek` and `has` do not.
 *
 * Uses are counted in four bits, those of keys that have left in a sketch of 8 to 16 bytes for each entry (and 8 kB from
 * 64 entries on). The hash is seeded for each store, so nobody can choose keys that look popular. Every operation is
 * O(1), but that after five uses for each entry all counts are halved at once: a few milliseconds for a million entries.
 *
 * The coldest entry is the one that would leave next; behind it those of the main part that are on probation, those of
 * the window, and those that are protected, each in order of use.
 *
 * Gil Einziger, Roy Friedman and Ben Manes, *TinyLFU: A Highly Efficient Cache Admission Policy* (2017); Gil Einziger,
 * Ohad Eytan, Roy Friedman and Ben Manes, *Adaptive Software Cache Management* (2018).
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, or when there is neither `max` nor `maxWeight`
 * @example
 * const articles = tinyLfu<string, Article>({ max: 10_000 })
 */
export function tinyLfu<K = any, V = any>(options: TinyLfuOptions<K, V>): TinyLfu<K, V> {
  const bounds = boundsOf('tinyLfu', options, ['adaptive', 'window'])
  const { adaptive = true, window = 0.01, onRemoval } = options
  return new TinyLfu<K, V>(bounds, onRemoval, flag('adaptive', adaptive), shareOf('window', window))
}

/** Returns a share of the room. */
function shareOf(name: string, value: unknown): number {
  const must = 'a share of the room, more than 0 and at most 1'
  if (typeof value !== 'number') throw wrongType(name, must, value)
  if (!(value > 0 && value <= 1)) throw outOfRange(name, must, value)
  return value
}

/** The store that {@link tinyLfu} makes. */
export class TinyLfu<K, V> extends TinyLfuPolicy<K, V> {
  readonly #climb: HillClimb | undefined

  constructor(
    bounds: Bounds<K, V>,
    onRemoval: RemovalListener<K, V> | undefined,
    adaptive: boolean,
    window: number,
    random: Random = systemRandom,
  ) {
    super(bounds, onRemoval, window, random)
    if (adaptive) this.#climb = new HillClimb(window)
    // A window that stays has the share that was asked for, and no less: to small ones, one entry is much.
    else this.segments.setWindow(window, Math.ceil)
  }

  /** How much of `max`, or of `maxWeight`, the window may take at present. */
  get window(): number {
    return this.segments.mostInWindow
  }

  protected override isSampled(): boolean {
    return false
  }

  protected override observe(): void {}

  protected override arrived(): void {
    const share = this.isFull ? this.#climb?.missed(this.uses.total, this.size) : undefined
    if (share !== undefined) this.segments.setWindow(share)
  }
}
