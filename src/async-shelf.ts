import { wrongType } from './check.ts'
import { AgeingEntry, never, type Entry } from './entry.ts'
import { revived, written, type PlainEntry, type Reading } from './plain-entry.ts'
import type { Space } from './space.ts'
import { spelled, valueOf, type Spelled } from './spelling.ts'
import type { AnyPredicate } from './store-types.ts'
import { MARKER } from './text.ts'
import { wallTime } from './touches.ts'
import type { AsyncStore } from './types.ts'

/** What an asynchronous store is given: plain data that survives serialization. */
interface Record extends PlainEntry {
  /** The value where serialization would lose it. */
  readonly spelled?: Spelled
}

/**
 * What a space does to a store that answers with promises.
 *
 * Operations on one key go out one after the other, so a delete waits for a write that already left. While one is out,
 * the store is not asked for that key: a value on its way there is answered from here, a deleted one is a miss. When a
 * delete or a write fails, nobody knows what the store still has, and nothing that was written until then is believed
 * any more.
 */
class AsyncShelf {
  readonly #space: Space
  readonly #store: AsyncStore<string, unknown>
  /** The last operation on each key that has one out. */
  readonly #last = new Map<string, Promise<unknown>>()
  /** Values on their way to the store: the last write of each, as an object of its own, since an entry is written again. */
  readonly #writing = new Map<string, { readonly entry: Entry }>()
  /** What the store is being looked through for: records up to a time of which a predicate chooses some. */
  readonly #leaving = new Set<{ readonly predicate: AnyPredicate; readonly until: number }>()
  /** A clear that is out: every operation waits for it. */
  #clearing: Promise<unknown> | undefined
  /** Records written up to this time are not believed. */
  #believedAfter = -Infinity
  /** The time of the last clear, read from the store once: a shared store cannot be emptied of one name. */
  #lastClear: Promise<void> | undefined

  constructor(space: Space) {
    this.#space = space
    this.#store = space.store as AsyncStore<string, unknown>
  }

  /** A value on its way to the store. */
  onItsWay(storeKey: string): Entry | undefined {
    const entry = this.#writing.get(storeKey)?.entry
    return entry?.alive === true ? entry : undefined
  }

  /**
   * Reads this space's entry, fresh or not, unless its tags were invalidated. Rejects when the store fails.
   */
  async read(storeKey: string, reading: Reading): Promise<Entry | undefined> {
    if (this.#last.has(storeKey) || this.#clearing !== undefined) return this.onItsWay(storeKey)
    const record = await this.#readRecord(storeKey)
    return record !== undefined && this.#counts(storeKey, record) ? this.#entryOf(record, reading) : undefined
  }

  /** Writes an entry, unless it is overtaken before its turn. */
  write(storeKey: string, entry: Entry): Promise<void> {
    const write = { entry }
    this.#writing.set(storeKey, write)
    return this.#inTurn(
      storeKey,
      async () => {
        if (this.#writing.get(storeKey) !== write) return
        await this.#put(storeKey, entry)
      },
      () => {
        if (this.#writing.get(storeKey) === write) this.#writing.delete(storeKey)
      },
    )
  }

  /** Writes an entry in its turn, if that may still be by then, given what is there. Says whether it did. */
  writeIf(
    storeKey: string,
    entry: Entry,
    may: (there: Entry | undefined) => boolean,
    reading: Reading,
  ): Promise<boolean> {
    return this.#inTurn(storeKey, async () => {
      const record = await this.#readRecord(storeKey)
      const counts = record !== undefined && this.#counts(storeKey, record)
      if (!may(counts ? this.#entryOf(record, reading) : undefined)) return false
      await this.#put(storeKey, entry)
      return true
    })
  }

  /** Deletes the key and says whether it was there. */
  remove(storeKey: string): Promise<boolean> {
    const wasOnItsWay = this.#writing.delete(storeKey)
    return this.#inTurn(storeKey, async () => {
      const wasThere = await this.#store.delete(storeKey)
      return wasThere || wasOnItsWay
    })
  }

  /**
   * Makes an entry stale where it is, and says whether it was there and had not ended.
   *
   * @param grace how long it may be of use after that
   */
  expire(storeKey: string, grace: number): Promise<boolean> {
    const onItsWay = this.onItsWay(storeKey)
    if (onItsWay !== undefined) {
      const now = this.#space.clock.now()
      if (onItsWay.endsAt !== never && onItsWay.endsAt <= now) return Promise.resolve(false)
      const { loadMs, tags } = onItsWay
      const ages = { endsAt: now, lastsUntil: now, refreshAt: never, loadMs, grace, tags }
      const ended = new AgeingEntry(onItsWay.value, onItsWay.promise, this.#space.generation.timed, ages)
      return this.write(storeKey, ended).then(() => true)
    }
    return this.#inTurn(storeKey, async () => {
      const record = await this.#readRecord(storeKey)
      const now = wallTime(this.#space.clock)
      if (record === undefined || !this.#counts(storeKey, record)) return false
      if (record.expiresAt !== undefined && record.expiresAt <= now) return false
      const { lastsUntil: _, refreshAt: __, ...rest } = record
      const ended = { ...rest, at: this.#nextAt(), expiresAt: now }
      await this.#store.set(storeKey, ended, lifeLeft(grace))
      return true
    })
  }

  /**
   * Takes out the entries that a predicate chooses, those on their way too, and gives their number. None of them is read
   * from here on, though it takes time to look at all. When the store fails, nothing that it has is believed any more.
   */
  async removeWhere(predicate: AnyPredicate, reading: Reading): Promise<number> {
    const storeKeys = this.storeKeys()
    const removals: Promise<boolean>[] = []
    for (const [storeKey, { entry }] of [...this.#writing]) {
      if (predicate(this.#space.keyOf(storeKey), entry.value)) removals.push(this.remove(storeKey))
    }
    const leaving = { predicate, until: this.#nextAt() }
    this.#leaving.add(leaving)
    try {
      for await (const storeKey of storeKeys) {
        // What is being done to a key may put its older value in once more.
        await this.#last.get(storeKey)?.catch(() => {})
        const record = await this.#readRecord(storeKey)
        if (record === undefined || !this.#isBelieved(record) || record.at > leaving.until) continue
        const entry = this.#entryOf(record, reading)
        if (entry !== undefined && predicate(this.#space.keyOf(storeKey), entry.value)) {
          removals.push(this.remove(storeKey))
        }
      }
      return (await Promise.all(removals)).filter(Boolean).length
    } catch (error) {
      this.#disbelieve()
      throw error
    } finally {
      this.#leaving.delete(leaving)
    }
  }

  /**
   * Whether a record that was read still counts. To be asked in the step in which it is used: a search that fails ends,
   * and nothing is believed any more, in one and the same step.
   */
  #counts(storeKey: string, record: Record): boolean {
    if (!this.#isBelieved(record)) return false
    for (const { predicate, until } of this.#leaving) {
      if (record.at <= until && predicate(this.#space.keyOf(storeKey), valueIn(record))) return false
    }
    return true
  }

  #isBelieved(record: Record): boolean {
    return record.at > this.#believedAfter
  }

  /** The keys of this space that the store has. */
  storeKeys(): AsyncIterable<string> {
    const keys = this.#store.keys?.() ?? this.#store.iterator?.(undefined)
    if (keys === undefined) throw wrongType('store.keys', 'a function where entries are looked through', undefined)
    return this.#ownKeys(keys)
  }

  async *#ownKeys(keys: AsyncIterable<unknown>): AsyncIterable<string> {
    const own = this.#space.storeKey('') as string
    for await (const item of keys) {
      const storeKey = typeof item === 'string' ? item : (item as [string])[0]
      if (storeKey.startsWith(own) && storeKey !== this.#lastClearKey()) yield storeKey
    }
  }

  /** Forgets all entries of this space: those that are there, and those on their way. */
  clear(): Promise<void> {
    this.#writing.clear()
    this.#believedAfter = this.#nextAt()
    const outside = [...this.#last.values(), this.#clearing]
    this.#last.clear()
    const clearing = Promise.allSettled(outside).then(async () => {
      if (this.#space.name === undefined && this.#store.clear !== undefined) await this.#store.clear()
      else await this.#store.set(this.#lastClearKey(), { at: this.#believedAfter })
    })
    const cleared = clearing.finally(() => {
      if (this.#clearing === cleared) this.#clearing = undefined
    })
    cleared.catch(() => {})
    this.#clearing = cleared
    return cleared
  }

  /** Fulfilled when nothing that has been begun is out any more. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#last.values(), this.#clearing])
  }

  async #readRecord(storeKey: string): Promise<Record | undefined> {
    const [record] = await Promise.all([this.#store.get(storeKey), this.#learnLastClear()])
    return isRecord(record) ? record : undefined
  }

  /** Runs an operation on a key after the one that is out, and `done` in the step in which the next may begin. */
  #inTurn<R>(storeKey: string, operation: () => Promise<R>, done?: () => void): Promise<R> {
    const before = this.#last.get(storeKey) ?? this.#clearing
    const inTurn = async (): Promise<R> => {
      try {
        if (before !== undefined) await before.catch(() => {})
        return await operation()
      } catch (error) {
        this.#disbelieve()
        throw error
      } finally {
        done?.()
        if (this.#last.get(storeKey) === result) this.#last.delete(storeKey)
      }
    }
    const result: Promise<R> = inTurn()
    this.#last.set(storeKey, result)
    result.catch(() => {})
    return result
  }

  #disbelieve(): void {
    this.#believedAfter = Math.max(this.#believedAfter, this.#nextAt())
  }

  #lastClearKey(): string {
    return `${this.#space.storeKey('') as string}${MARKER}cleared`
  }

  #learnLastClear(): Promise<void> | undefined {
    if (this.#space.name === undefined && this.#store.clear !== undefined) return undefined
    this.#lastClear ??= this.#readLastClear().catch((error: unknown) => {
      this.#lastClear = undefined
      throw error
    })
    return this.#lastClear
  }

  async #readLastClear(): Promise<void> {
    const record = (await this.#store.get(this.#lastClearKey())) as { at?: unknown } | undefined
    if (typeof record?.at === 'number') this.#believedAfter = Math.max(this.#believedAfter, record.at)
  }

  /** The time of a write. */
  #nextAt(): number {
    return this.#space.touches.moment()
  }

  #put(storeKey: string, entry: Entry): PromiseLike<unknown> {
    const plain = written(entry, this.#space, this.#nextAt())
    const spelling = spelled(entry.value)
    const record: Record = spelling === undefined ? plain : { ...plain, value: null, spelled: spelling }
    return this.#store.set(storeKey, record, lifeLeft(entry.remaining()))
  }

  #entryOf(record: Record, reading: Reading): Entry | undefined {
    const plain = record.spelled === undefined ? record : { ...record, value: valueIn(record) }
    return revived(plain, this.#space, reading)
  }
}

/** The third argument of a store's `set`. A store may take 0 for no end at all. */
function lifeLeft(ms: number): number | undefined {
  return ms === Infinity ? undefined : Math.max(1, Math.ceil(ms))
}

function isRecord(value: unknown): value is Record {
  return typeof value === 'object' && value !== null && (value as Partial<Record>).polycache === 1
}

function valueIn({ value, spelled: spelling }: Record): unknown {
  return spelling === undefined ? value : valueOf(spelling)
}

export type { AsyncShelf }

const shelves = new WeakMap<Space, AsyncShelf>()

/** The one shelf of a space: functions that share their keys share the order of what they do. */
export function asyncShelfOf(space: Space): AsyncShelf {
  let shelf = shelves.get(space)
  if (shelf === undefined) shelves.set(space, (shelf = new AsyncShelf(space)))
  return shelf
}
