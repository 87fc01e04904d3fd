import { callable, count, countOrNothing, knownOptions, numeric, positiveInteger, wrongType } from '../check.ts'
import { valueOf } from '../held.ts'
import type { RemovalListener, Weigher } from '../types.ts'

/** What may be said of a policy's room: `max`, or `maxWeight` with `weigher`, or all three; and who is told of removals. */
export interface BoundOptions<K, V> {
  /** The most entries to keep: a positive integer, or 0, which keeps nothing. */
  max?: number | undefined
  /** The most weight to keep, in the unit of `weigher`: a positive integer, or 0, which keeps nothing. */
  maxWeight?: number | undefined
  /** Gives the weight of a cached value, a positive integer; asked once per `set`. */
  weigher?: Weigher<K, V> | undefined
  /** Told of each entry that has left, when the store is whole again. An error that it throws becomes a warning. */
  onRemoval?: RemovalListener<K, V> | undefined
}

/** What may be said of the room of a policy that counts and does not weigh: `max`; and who is told of removals. */
export interface CountOptions<K, V> {
  /** The most entries to keep: a positive integer, or 0, which keeps nothing. */
  max: number
  /** Told of each entry that has left, when the store is whole again. An error that it throws becomes a warning. */
  onRemoval?: RemovalListener<K, V> | undefined
}

const boundNames = ['max', 'maxWeight', 'weigher', 'onRemoval'] as const

/** The checked bounds of one policy, and the weights of what is put into it. */
export class Bounds<K, V> {
  readonly max: number
  readonly maxWeight: number
  readonly #weigher: Weigher<K, V> | undefined

  constructor(max: number, maxWeight: number, weigher: Weigher<K, V> | undefined) {
    this.max = max
    this.maxWeight = maxWeight
    this.#weigher = weigher
  }

  /**
   * The weight of what is about to be stored; 0 where nothing is weighed.
   *
   * @throws what the weigher throws
   * @throws {TypeError | RangeError} when the weigher gives anything but a positive integer
   */
  weigh(stored: V, key: K): number {
    if (this.#weigher === undefined) return 0
    return positiveInteger('the weight from weigher', this.#weigher(valueOf(stored) as V, key))
  }
}

/**
 * Checks the options of the policy called `owner`, which may have those of `extraNames` besides the bounds.
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, or when neither `max` nor `maxWeight` is given
 */
export function boundsOf<K, V>(
  owner: string,
  options: BoundOptions<K, V>,
  extraNames: readonly string[] = [],
): Bounds<K, V> {
  const bounds = optionalBoundsOf(owner, options, extraNames)
  if (options.max === undefined && options.maxWeight === undefined) {
    throw wrongType('max', `${countOrNothing} when maxWeight is not given`, undefined)
  }
  return bounds
}

/** As {@link boundsOf}, for a policy that need not be bounded by count or weight. */
export function optionalBoundsOf<K, V>(
  owner: string,
  options: BoundOptions<K, V>,
  extraNames: readonly string[] = [],
): Bounds<K, V> {
  knownOptions(owner, options, [...boundNames, ...extraNames])
  const { max, maxWeight, weigher, onRemoval } = options
  if (max !== undefined) count('max', max)
  if (maxWeight !== undefined) count('maxWeight', maxWeight)
  if (weigher !== undefined) callable('weigher', weigher)
  if (onRemoval !== undefined) callable('onRemoval', onRemoval)
  if (maxWeight !== undefined && weigher === undefined) {
    throw wrongType('weigher', 'a function when maxWeight is given', weigher)
  }
  if (weigher !== undefined && maxWeight === undefined) {
    throw wrongType('maxWeight', `${countOrNothing} when weigher is given`, maxWeight)
  }
  return new Bounds(max ?? Infinity, maxWeight ?? Infinity, weigher)
}

/**
 * As {@link boundsOf}, for a policy whose algorithm counts entries.
 *
 * @throws {TypeError | RangeError} when an option is unknown or wrong, when there is no `max`, or when there is
 *   `maxWeight` or `weigher`
 */
export function countOf<K, V>(owner: string, options: CountOptions<K, V>): Bounds<K, V> {
  const given: BoundOptions<K, V> = options
  const bounds = optionalBoundsOf(owner, given)
  for (const name of ['maxWeight', 'weigher'] as const) {
    if (given[name] !== undefined) throw wrongType(name, `left out: ${owner} counts entries by its paper`, given[name])
  }
  if (given.max === undefined) throw wrongType('max', countOrNothing, undefined)
  return bounds
}

/** Returns how many entries were asked for: 0 or more, `Infinity` for all. */
export function howMany(n: number): number {
  return numeric('n', 'a number of entries, 0 or more', n, n >= 0)
}
