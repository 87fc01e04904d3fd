import { Roster } from './roster.ts'
import type { RemovalCause, Store } from './types.ts'

/** What has no generation any more once it has left the store. */
interface Leaving {
  readonly generation: object | undefined
}

/**
 * Counts what one function has in its store and how it left.
 *
 * A policy of this library tells each entry that leaves. Any other store drops entries without a word, and then what is
 * missing is found out when somebody asks: a lone function compares what it put in with the store's size, one that
 * shares its store looks through its {@link Roster}.
 */
export class Census {
  evictions = 0
  expirations = 0
  invalidations = 0
  readonly roster: Roster | undefined
  readonly #store: Store<unknown, unknown>
  readonly #told: boolean
  /** Entries put in less entries known to have left. */
  #count = 0

  /**
   * @param shared whether other functions may have entries in the store
   * @param isThere says whether the store has this function's entry under a key
   */
  constructor(store: Store<unknown, unknown>, shared: boolean, isThere: (storeKey: unknown) => boolean) {
    this.#store = store
    this.#told = store.tellsRemovals === true
    this.roster = shared ? new Roster(isThere) : undefined
  }

  /** Called through the entry by a store that tells. */
  removed(cause: RemovalCause): void {
    this.#count--
    this.#add(cause)
  }

  /** Called when the engine itself has taken an entry out. */
  taken(cause: RemovalCause): void {
    if (this.#told) return
    this.#count--
    this.#add(cause)
  }

  /** Whether a store that does not tell has something under the key, asked before that is overwritten. */
  willReplace(storeKey: unknown): boolean {
    return !this.#told && this.#mayHave(storeKey) === true
  }

  /** Called when an entry has been put in, with what {@link willReplace} said before. */
  put(storeKey: unknown, replaced: boolean, entry: Leaving): void {
    const mayHave = this.roster === undefined || this.#mayHave(storeKey) !== false
    // One that has left already has been counted out. One that was never taken in has not.
    if (!replaced && (mayHave || entry.generation === undefined)) this.#count++
    this.roster?.add(storeKey)
  }

  /** Called when a store has been emptied of what {@link size} had given before. */
  emptied(size: number | undefined): void {
    if (this.#told) return
    this.invalidations += size ?? this.#count
    this.#count = 0
  }

  /** The number of entries now, or `undefined` where the store cannot tell. */
  size(): number | undefined {
    if (this.#told) return this.roster === undefined ? this.#store.size : this.#count
    const size = this.roster === undefined ? this.#store.size : this.roster.sweep()
    if (typeof size !== 'number') return undefined
    this.evictions += Math.max(0, this.#count - size)
    this.#count = size
    return size
  }

  /** Whether the store has something under the key; `undefined` where it cannot tell. */
  #mayHave(storeKey: unknown): boolean | undefined {
    try {
      return this.#store.has?.(storeKey)
    } catch {
      return undefined
    }
  }

  #add(cause: RemovalCause): void {
    if (cause === 'evicted') this.evictions++
    else if (cause === 'expired') this.expirations++
    else if (cause === 'invalidated') this.invalidations++
  }
}
