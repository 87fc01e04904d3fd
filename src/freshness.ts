import { clockLike, callable, duration, wrongType } from './check.ts'
import { systemClock } from './clock.ts'
import { Entry, MovingEntry, never } from './entry.ts'
import type { Generation } from './generation.ts'
import { checkedJitter, jittered, type Jitter } from './jitter.ts'
import { systemRandom } from './random.ts'
import type { Clock, Random } from './types.ts'

/** How long values live: milliseconds, or a function of the value and the arguments that it was loaded for. */
export type Ttl<V, Args extends readonly unknown[]> = number | ((value: V, ...args: Args) => number)

/** The options that say how long entries live. All times are milliseconds. */
export interface FreshnessOptions<V, Args extends readonly unknown[]> {
  /** Milliseconds that a value is fresh, from the moment its load ends; 0 keeps nothing. Default: `Infinity`. */
  ttl?: Ttl<V, Args>
  /**
   * Spreads the ends of entries that began together: each lives `ttl + U[0, jitter)` milliseconds, or as long as a
   * function `(ttl, random) => ms` says. Needs a `ttl`. Default: 0.
   */
  jitter?: Jitter
  /** Milliseconds since its last use after which an entry is no longer fresh. Default: `Infinity`. */
  tti?: number
  /** The source of time, read at every use. Default: a monotonic clock of whole milliseconds. */
  clock?: Clock
  /** The source of chance, read at every use. Default: `Math.random`. */
  random?: Random
}

/** The names of {@link FreshnessOptions}. */
export const freshnessOptions = ['ttl', 'jitter', 'tti', 'clock', 'random'] as const

/** Checks a ttl, of a function or of one call. */
export function checkedTtl<T>(ttl: T): T {
  if (typeof ttl !== 'function') duration('ttl', ttl)
  return ttl
}

/**
 * Checks the options before there is anything that they could be used for.
 *
 * @throws `TypeError` or `RangeError` for one that is wrong, or contradicts another
 */
export function checkFreshness<V, Args extends readonly unknown[]>(options: FreshnessOptions<V, Args>): void {
  // What is made is let go of: making it is what checks.
  void new Freshness(options)
}

/** Decides how long the entries of one function are fresh. */
export class Freshness<V, Args extends readonly unknown[]> {
  readonly clock: Clock
  readonly tti: number
  readonly #ttl: Ttl<V, Args>
  readonly #jitter: Jitter
  readonly #random: Random

  constructor(options: FreshnessOptions<V, Args>) {
    const { ttl = Infinity, jitter = 0, tti = Infinity, clock = systemClock, random = systemRandom } = options
    this.#ttl = checkedTtl(ttl)
    this.#jitter = checkedJitter(jitter)
    if (ttl === Infinity && jitter !== 0) throw wrongType('ttl', 'given where jitter is', options.ttl)
    this.tti = duration('tti', tti)
    this.clock = clockLike('clock', clock)
    this.#random = callable('random', random)
  }

  /**
   * The entry for a value whose load has just ended, or `undefined` when it has no life at all.
   *
   * @throws `TypeError` or `RangeError` when a ttl or jitter function gives no number of milliseconds
   */
  entry(
    value: V,
    promise: Promise<V> | undefined,
    generation: Generation,
    args: Args,
    ttl: Ttl<V, Args> = this.#ttl,
  ): Entry<V> | undefined {
    const base = typeof ttl === 'function' ? duration('what ttl gives', ttl(value, ...args)) : ttl
    let life = base
    if (this.#jitter !== 0) {
      life = jittered(base, this.#jitter, this.#random)
      if (!(life >= 0)) duration('what jitter gives', life)
    }
    if (life === 0 || this.tti === 0) return undefined
    if (life === Infinity && this.tti === Infinity) return new Entry(value, promise, generation, never)
    const now = this.clock.now()
    const lastsUntil = this.#deadline(now, life)
    if (this.tti === Infinity) return new Entry(value, promise, generation.timed, lastsUntil)
    return new MovingEntry(value, promise, generation.timed, this.#idleUntil(now, lastsUntil), lastsUntil)
  }

  /** Whether the entry is fresh at this moment. */
  isFresh(entry: Entry<V>): boolean {
    return entry.expiresAt === never || this.clock.now() < entry.expiresAt
  }

  /** Whether the entry is fresh at this moment; if so this counts as a use, which begins a new tti. */
  use(entry: Entry<V>): boolean {
    if (entry.expiresAt === never) return true
    const now = this.clock.now()
    if (now >= entry.expiresAt) return false
    if (this.tti !== Infinity) entry.expiresAt = this.#idleUntil(now, entry.lastsUntil)
    return true
  }

  #idleUntil(now: number, lastsUntil: number): number {
    const idleUntil = this.#deadline(now, this.tti)
    return lastsUntil === never ? idleUntil : Math.min(idleUntil, lastsUntil)
  }

  #deadline(now: number, life: number): number {
    if (life === Infinity) return never
    // The default clock gives whole milliseconds, so a deadline rounded up is passed at the same tick as the exact one,
    // and a whole number costs an entry no box of its own.
    const at = this.clock === systemClock ? Math.ceil(now + life) : now + life
    return at === never ? never + 1 : at
  }
}
