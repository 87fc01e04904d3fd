import type { Behind } from './behind.ts'
import { wrongType } from './check.ts'
import type { Entry } from './entry.ts'
import { ClosedError } from './errors.ts'
import { isThenable } from './space.ts'
import type { AnyPredicate } from './store-types.ts'
import { Stock, type MaybePromise } from './stock.ts'

/** What one function has in its store, and all that can be asked of it but loading. */
export class Room<V, Args extends readonly unknown[]> extends Stock<V, Args> {
  /** Forgets a key and says whether it was there. A load that is running may no longer write. */
  invalidate(key: unknown): MaybePromise<boolean> {
    this.assertOpen(key)
    return this.forget(key)
  }

  /** As {@link invalidate}, also when this has been closed. */
  forget(key: unknown): MaybePromise<boolean> {
    const storeKey = this.#raiseFence(key)
    if (this.asyncShelf !== undefined) return this.#countInvalidation(this.asyncShelf.remove(storeKey as string))
    return this.#onBoth(
      () => {
        const entry = this.guarded(() => this.shelf.remove(storeKey, 'invalidated'))
        return entry !== undefined && this.freshness.isOfUse(entry as Entry<V>)
      },
      (behind) => behind.invalidate(storeKey),
    )
  }

  /** Forgets the entries for which `predicate` says so, and gives their number. Fences all loads that are running. */
  invalidateWhere(predicate: AnyPredicate): MaybePromise<number> {
    this.assertOpen(undefined)
    this.learnKind('')
    if (this.behind !== undefined) {
      throw new TypeError('invalidateWhere cannot look through a tier: invalidate by tags, or clear')
    }
    this.space.revokeAll()
    this.space.touches.addAll()
    const shelf = this.asyncShelf
    if (shelf === undefined) return this.guarded(() => this.shelf.removeWhere(predicate))
    return this.watched(
      shelf.removeWhere(predicate, this.reading).then((removed) => {
        this.space.census.invalidations += removed
        return removed
      }),
    )
  }

  /** Makes a key's entry stale and says whether it was there. A load that is running may no longer write. */
  expire(key: unknown): MaybePromise<boolean> {
    const storeKey = this.#fence(key)
    if (this.asyncShelf !== undefined)
      return this.#countInvalidation(this.asyncShelf.expire(storeKey as string, this.freshness.grace))
    return this.#onBoth(
      () => {
        const entry = this.guarded(() => this.shelf.peek(storeKey)) as Entry<V> | undefined
        if (entry === undefined || !this.freshness.isFresh(entry)) return false
        entry.expire(this.freshness.clock.now())
        this.space.census.invalidations++
        return true
      },
      (behind) => behind.expire(storeKey),
    )
  }

  /** Looks whether there is a fresh entry. Counts nothing, and changes no order in a store that has `peek`. */
  has(key: unknown): MaybePromise<boolean> {
    const entry = this.#look(key)
    return entry instanceof Promise ? this.watched(entry.then((found) => found !== undefined)) : entry !== undefined
  }

  /** Looks at the value of a fresh entry, as {@link has} does. */
  peek(key: unknown): MaybePromise<V | undefined> {
    const entry = this.#look(key)
    return entry instanceof Promise ? this.watched(entry.then((found) => found?.value)) : entry?.value
  }

  /** Puts a value in without a load. Loads that are running may no longer write. */
  set(key: unknown, args: Args, value: V): MaybePromise<void> {
    if (isThenable(value)) throw wrongType('value', 'a value, and not the promise of one', value)
    const storeKey = this.#fence(key)
    const entry = this.entryFor(value, args)
    if (this.behind === undefined) return this.replace(storeKey, entry)
    return this.#onBoth(
      () => void this.replace(storeKey, entry),
      (behind) => behind.put(storeKey, entry),
    )
  }

  /** Forgets all entries of this space. Loads that are running may no longer write. */
  clear(): MaybePromise<void> {
    this.assertOpen(undefined)
    return this.empty()
  }

  /** As {@link clear}, also when this has been closed. */
  empty(): MaybePromise<void> {
    this.learnKind('')
    const old = this.space.generation
    this.space.renew()
    this.space.touches.addAll()
    if (this.asyncShelf !== undefined) return this.watched(this.asyncShelf.clear())
    return this.#onBoth(
      () => this.guarded(() => this.shelf.clear(old)),
      (behind) => behind.clear(),
    )
  }

  /** Throws a `ClosedError` when this has been closed. */
  assertOpen(key: unknown): void {
    if (this.closed) throw new ClosedError('this has been closed, and takes no calls any more', key)
  }

  #look(key: unknown): MaybePromise<Entry<V> | undefined> {
    this.assertOpen(key)
    const ifFresh = (entry: Entry | undefined): Entry<V> | undefined =>
      entry !== undefined && this.freshness.isFresh(entry as Entry<V>) ? (entry as Entry<V>) : undefined
    if (this.space.isAsync(key)) {
      return this.asyncShelf!.read(this.space.storeKey(key) as string, this.reading).then(ifFresh)
    }
    const storeKey = this.space.storeKey(key)
    if (this.behind === undefined) return ifFresh(this.guarded(() => this.space.peek(storeKey)))
    return Promise.resolve(ifFresh(this.old(storeKey)) ?? this.behind.peek(storeKey))
  }

  /** Changes the store and what is behind it. What is behind it is asked first, so that it is whatever the store does. */
  #onBoth<R extends boolean | void>(here: () => R, there: (behind: Behind) => Promise<unknown>): MaybePromise<R> {
    if (this.behind === undefined) return here()
    const changed = this.watched(there(this.behind))
    const both = async (): Promise<R> => {
      const done = here()
      const also = await changed
      return (done === false ? also === true : done) as R
    }
    const result = both()
    result.catch(() => {})
    return result
  }

  /** Raises the fence: from here on no load of this key that is running may write. Gives the key's form in the store. */
  #fence(key: unknown): unknown {
    this.assertOpen(key)
    return this.#raiseFence(key)
  }

  #raiseFence(key: unknown): unknown {
    this.learnKind(key)
    const storeKey = this.space.storeKey(key)
    this.space.revoke(storeKey)
    this.space.touches.add(storeKey)
    return storeKey
  }

  #countInvalidation(wasThere: Promise<boolean>): Promise<boolean> {
    return this.watched(
      wasThere.then((answer) => {
        if (answer) this.space.census.invalidations++
        return answer
      }),
    )
  }
}
