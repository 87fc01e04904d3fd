import { wrongType } from './check.ts'
import type { Entry } from './entry.ts'
import type { Generation } from './generation.ts'
import type { Space } from './space.ts'
import type { AnyPredicate } from './store-types.ts'
import { putterOf } from './ttlcache-put.ts'
import type { RemovalCause, Store } from './types.ts'

/** What a space does to a store that answers at once. Whatever the store throws goes through to the caller. */
export class SyncShelf {
  readonly #space: Space
  readonly #store: Store<unknown, unknown>
  readonly #put: (key: unknown, value: unknown) => unknown

  constructor(space: Space) {
    this.#space = space
    this.#store = space.store as Store<unknown, unknown>
    this.#put = putterOf(this.#store)
  }

  write(storeKey: unknown, entry: Entry): void {
    const { census } = this.#space
    const replaced = census.willReplace(storeKey)
    try {
      this.#put(storeKey, entry)
    } catch (error) {
      if (this.#tookAllTheSame(storeKey, entry)) census.put(storeKey, replaced, entry)
      throw error
    }
    census.put(storeKey, replaced, entry)
  }

  /** Looks for an entry that is to count no longer. If the store cannot be read, nothing in it counts any longer. */
  peek(storeKey: unknown): Entry | undefined {
    const entry = this.#inStore(storeKey, this.#space.generation)
    return entry?.alive === true ? entry : undefined
  }

  /** Does so also for one whose tags were invalidated. */
  #inStore(storeKey: unknown, generation: Generation): Entry | undefined {
    try {
      return this.#space.inStore(storeKey, generation)
    } catch (error) {
      this.#space.disbelieve()
      throw error
    }
  }

  /** Takes an entry out and gives it if it counted. It counts no longer even if the store fails to delete it. */
  remove(storeKey: unknown, cause: RemovalCause): Entry | undefined {
    return this.#remove(storeKey, cause, this.#space.generation)
  }

  /** Takes out the entries that a predicate chooses, all of them whatever fails meanwhile, and gives their number. */
  removeWhere(predicate: AnyPredicate): number {
    const { roster } = this.#space.census
    const storeKeys = roster === undefined ? this.#store.keys?.() : roster.keys()
    if (storeKeys === undefined) throw wrongType('store.keys', 'a function where entries are looked through', undefined)
    let removed = 0
    let failure: { readonly error: unknown } | undefined
    for (const storeKey of [...storeKeys]) {
      try {
        const entry = this.peek(storeKey)
        if (entry === undefined || !predicate(this.#space.keyOf(storeKey), entry.value)) continue
        if (this.remove(storeKey, 'invalidated') !== undefined) removed++
      } catch (error) {
        failure ??= { error }
      }
    }
    if (failure !== undefined) throw failure.error
    return removed
  }

  /** Takes out what the given generation has left, once the space has turned to a new one. */
  clear(old: Generation): void {
    const { census } = this.#space
    const { roster } = census
    if (roster !== undefined) {
      for (const storeKey of roster.drain()) this.#remove(storeKey, 'invalidated', old)
    } else if (this.#store.clear !== undefined) {
      const size = census.size()
      this.#store.clear()
      census.emptied(size)
    } else if (this.#store.keys !== undefined) {
      for (const storeKey of [...this.#store.keys()]) this.#remove(storeKey, 'invalidated', old)
    }
  }

  /**
   * Whether a store that has failed to take an entry has it now. If not, what was under the key does not outlive it.
   */
  #tookAllTheSame(storeKey: unknown, entry: Entry): boolean {
    try {
      const there = this.#space.inStore(storeKey)
      if (there === entry) return true
      if (there !== undefined) there.generation = undefined
    } catch {
      // That the store failed to write is what is reported, not that it cannot be read either.
      this.#space.disbelieve()
    }
    return false
  }

  #remove(storeKey: unknown, cause: RemovalCause, generation: Generation): Entry | undefined {
    const entry = this.#inStore(storeKey, generation)
    if (entry === undefined) return undefined
    const { alive } = entry
    const { census } = this.#space
    // Before it leaves: a listener that is told of that may put the key in again.
    census.roster?.delete(storeKey)
    try {
      this.#store.delete(storeKey, cause)
      census.taken(cause)
    } finally {
      entry.generation = undefined
    }
    return alive ? entry : undefined
  }
}
