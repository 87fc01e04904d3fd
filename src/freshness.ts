import { callable, clockLike, duration, outOfRange, wrongType } from './check.ts'
import { systemClock } from './clock.ts'
import { AgeingEntry, Entry, never, sooner } from './entry.ts'
import type { Generation } from './generation.ts'
import { checkedJitter, jittered, type Jitter } from './jitter.ts'
import { systemRandom } from './random.ts'
import type { TagSet } from './tagging.ts'
import type { Clock, Random } from './types.ts'

/** How long values live: milliseconds, or a function of the value and the arguments that it was loaded for. */
export type Ttl<V, Args extends readonly unknown[]> = number | ((value: V, ...args: Args) => number)

/** The options that say how long entries live. All times are milliseconds. */
export interface FreshnessOptions<V, Args extends readonly unknown[]> {
  /** Milliseconds that a value is fresh, from the moment its load ends; 0 keeps nothing. Default: `Infinity`. */
  ttl?: Ttl<V, Args>
  /**
   * Spreads the ends of entries that began together: each lives `ttl + U[0, jitter)` milliseconds, or as long as a
   * function `(ttl, random) => ms` says. Refreshes by `refreshAfter` are spread in the same way. Needs one of the two.
   * Default: 0.
   */
  jitter?: Jitter
  /** Milliseconds since its last use after which an entry is no longer fresh. Default: `Infinity`. */
  tti?: number
  /**
   * Milliseconds after its end in which an old value is served at once, while one refresh runs behind it (RFC 5861).
   * Default: 0.
   */
  staleWhileRevalidate?: number
  /**
   * Milliseconds after its end in which an old value is served if the load fails (RFC 5861). After a failure the load is
   * left alone for `errorTtl`, or one second, and the old value is served at once. Default: 0.
   */
  staleIfError?: number
  /**
   * Milliseconds after which a hit starts one refresh behind it; or `'early'`: each hit starts it with a probability
   * that grows towards the end of the entry, the sooner the longer its load took (XFetch: Vattani, Chierichetti and
   * Lowenstein, *Optimal Probabilistic Cache Stampede Prevention*, VLDB 2015). Default: never.
   */
  refreshAfter?: number | 'early'
  /** The source of time, read at every use. Default: a monotonic clock of whole milliseconds. */
  clock?: Clock
  /** The source of chance, read at every use. Default: `Math.random`. */
  random?: Random
}

/** The names of {@link FreshnessOptions}. */
export const freshnessOptions = [
  'ttl',
  'jitter',
  'tti',
  'staleWhileRevalidate',
  'staleIfError',
  'refreshAfter',
  'clock',
  'random',
] as const

/** Checks a ttl, of a function or of one call. */
export function checkedTtl<T>(ttl: T): T {
  if (typeof ttl !== 'function') duration('ttl', ttl)
  return ttl
}

function refreshDelay(value: unknown): number {
  if (typeof value === 'number' && value > 0 && value < Infinity) return value
  const error = typeof value === 'number' ? outOfRange : wrongType
  throw error('refreshAfter', "a finite number of milliseconds, more than 0, or 'early'", value)
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

/** Decides how long the entries of one function are fresh, and how long they may be served after that. */
export class Freshness<V, Args extends readonly unknown[]> {
  readonly clock: Clock
  readonly tti: number
  /** Milliseconds after its end in which an entry may be of use. */
  readonly grace: number
  /** Whether entries end, as a rule. */
  readonly ends: boolean
  /** Whether there is a time in which an old value is served and refreshed behind it. */
  readonly revalidates: boolean
  readonly #ttl: Ttl<V, Args>
  readonly #jitter: Jitter
  readonly #whileRevalidate: number
  readonly #ifError: number
  readonly #refreshAfter: number | 'early' | undefined
  readonly #random: Random
  /** Whether entries need to know more than when they end. */
  readonly #ageing: boolean
  /** Whether an entry whose ttl is `Infinity` has no end whatever else there is. */
  readonly #endless: boolean

  constructor(options: FreshnessOptions<V, Args>) {
    const { ttl = Infinity, jitter = 0, tti = Infinity, refreshAfter, clock = systemClock, random } = options
    const { staleWhileRevalidate = 0, staleIfError = 0 } = options
    this.#ttl = checkedTtl(ttl)
    this.ends = ttl !== Infinity
    this.#jitter = checkedJitter(jitter)
    this.tti = duration('tti', tti)
    this.#whileRevalidate = duration('staleWhileRevalidate', staleWhileRevalidate)
    this.#ifError = duration('staleIfError', staleIfError)
    this.revalidates = staleWhileRevalidate > 0
    this.grace = Math.max(staleWhileRevalidate, staleIfError)
    this.#refreshAfter =
      refreshAfter === undefined || refreshAfter === 'early' ? refreshAfter : refreshDelay(refreshAfter)
    if (ttl === Infinity && jitter !== 0 && typeof refreshAfter !== 'number') {
      throw wrongType('ttl', 'given where jitter is', options.ttl)
    }
    if (ttl === Infinity && refreshAfter === 'early') {
      throw wrongType('ttl', "given where refreshAfter is 'early'", options.ttl)
    }
    if (typeof ttl === 'number' && typeof refreshAfter === 'number' && refreshAfter >= ttl) {
      throw outOfRange('refreshAfter', `less than ttl, which is ${ttl}`, refreshAfter)
    }
    this.clock = clockLike('clock', clock)
    this.#random = random === undefined ? systemRandom : callable('random', random)
    this.#ageing = tti !== Infinity || this.grace > 0 || refreshAfter !== undefined
    this.#endless = !this.#ageing && jitter === 0
  }

  /**
   * The entry for a value whose load has just ended, or `undefined` when it has no life at all.
   *
   * @param loadMs how long its load took
   * @throws `TypeError` or `RangeError` when a ttl or jitter function gives no number of milliseconds
   */
  entry(
    value: V,
    promise: Promise<V> | undefined,
    generation: Generation,
    args: Args,
    ttl: Ttl<V, Args> = this.#ttl,
    loadMs = 0,
    tags?: TagSet,
  ): Entry<V> | undefined {
    if (this.#endless && ttl === Infinity && tags === undefined) return new Entry(value, promise, generation, never)
    const base = typeof ttl === 'function' ? duration('what ttl gives', ttl(value, ...args)) : ttl
    const life = this.#spread(base)
    if ((life === 0 && this.grace === 0) || this.tti === 0) return undefined
    const endless = life === Infinity
    const ageing = this.#ageing || tags !== undefined
    if (!ageing && endless) return new Entry(value, promise, generation, never)
    const now = this.clock.now()
    const lastsUntil = this.#deadline(now, life)
    if (!ageing) return new Entry(value, promise, generation.timed, lastsUntil)
    return new AgeingEntry(value, promise, tags === undefined ? generation.timed : generation.watched, {
      endsAt: this.#idleUntil(now, lastsUntil),
      lastsUntil,
      refreshAt: this.#refreshAt(now, life / base),
      grace: this.grace,
      loadMs,
      tags,
    })
  }

  /**
   * The entry for a value that was loaded elsewhere, or in another life of this process.
   *
   * @param times how many milliseconds ago it was loaded, and for how many it is still fresh; less than 0 if no longer
   */
  revived(
    value: V,
    generation: Generation,
    { age, freshFor }: { readonly age: number; readonly freshFor: number },
    tags: TagSet | undefined,
  ): Entry<V> {
    const now = this.clock.now()
    const lastsUntil = this.#deadline(now, freshFor)
    return new AgeingEntry(value, undefined, generation.watched, {
      endsAt: freshFor > 0 ? this.#idleUntil(now, lastsUntil) : lastsUntil,
      lastsUntil,
      refreshAt:
        typeof this.#refreshAfter === 'number'
          ? this.#deadline(now, this.#refreshAfter - age)
          : this.#refreshAt(now, 1),
      grace: this.grace,
      loadMs: 0,
      tags,
    })
  }

  /** Whether the entry is fresh at this moment. */
  isFresh(entry: Entry<V>): boolean {
    return this.isFreshAt(entry, this.clock.now())
  }

  /** Whether the entry is fresh at some moment. */
  isFreshAt(entry: Entry<V>, now: number): boolean {
    return entry.endsAt === never || now < entry.endsAt
  }

  /** Whether the entry is fresh, or may still be served by one of the stale options. */
  isOfUse(entry: Entry<V>): boolean {
    return entry.endsAt === never || this.clock.now() - entry.endsAt < this.grace || this.isFresh(entry)
  }

  /** Whether a hit on the entry has no more to do at this moment; if so this counts as a use, which begins a new tti. */
  use(entry: Entry<V>): boolean {
    if (!entry.alive) return false
    if (entry.checkAt === never) return true
    const now = this.clock.now()
    if (now >= entry.checkAt) return false
    this.touch(entry, now)
    return true
  }

  /** Counts as a use of the entry, which begins a new tti. */
  touch(entry: Entry<V>, now: number): void {
    if (this.tti !== Infinity) entry.endAt(this.#idleUntil(now, entry.lastsUntil))
  }

  /** Whether an entry that has ended may be served at once. */
  mayServe(entry: Entry<V>, now: number): boolean {
    return now - entry.endsAt < this.#whileRevalidate
  }

  /** Whether an entry that has ended may be served in the place of a failure. */
  mayStandIn(entry: Entry<V>, now: number): boolean {
    return now - entry.endsAt < this.#ifError
  }

  /** Whether a use of the entry should start a refresh. */
  wantsRefresh(entry: Entry<V>, now: number): boolean {
    if (entry.endsAt !== never && now >= entry.endsAt) return true
    if (this.#refreshAfter !== 'early') return entry.refreshAt !== never && now >= entry.refreshAt
    return entry.endsAt !== never && now - entry.loadMs * Math.log(this.#random()) >= entry.endsAt
  }

  #spread(ttl: number): number {
    if (this.#jitter === 0) return ttl
    const life = jittered(ttl, this.#jitter, this.#random)
    return life >= 0 ? life : duration('what jitter gives', life)
  }

  /** @param stretch how much longer the entry lives than its ttl: refreshes are spread as ends are */
  #refreshAt(now: number, stretch: number): number {
    const after = this.#refreshAfter
    if (after === undefined) return never
    // Each hit on such an entry draws its own lot.
    if (after === 'early') return now
    return this.#deadline(now, Number.isFinite(stretch) ? after * stretch : this.#spread(after))
  }

  #idleUntil(now: number, lastsUntil: number): number {
    return sooner(this.#deadline(now, this.tti), lastsUntil)
  }

  #deadline(now: number, life: number): number {
    if (life === Infinity) return never
    // The default clock gives whole milliseconds, so a deadline rounded up is passed at the same tick as the exact one,
    // and a whole number costs an entry no box of its own.
    const at = this.clock === systemClock ? Math.ceil(now + life) : now + life
    return at === never ? never + 1 : at
  }
}
