import type { Content, Envelope, Unreadable } from '../codec/envelope.ts'
import type { Clock } from '../types.ts'
import type { Circuit } from './circuit.ts'
import type { Lease, Life, TierEntry, TierRead, TierSpace } from './tier.ts'
import { Deadlines, within } from './within.ts'

/** What was found in a tier, opened. */
export interface Found {
  readonly state: TierRead['state']
  readonly entry: TierEntry | undefined
  /** What is in the entry. */
  readonly value: unknown
  readonly lease: Lease | undefined
  /** The clock's time from which the times of the entry count: when it was asked for, since nobody knows the way back. */
  readonly at: number
}

/** How a shelf deals with a tier. Times are milliseconds. */
export interface ShelfOptions {
  readonly envelope: Envelope
  readonly circuit: Circuit
  readonly clock: Clock
  readonly l2Timeout: number
  readonly leaseWait: number
  /** Counts a failure. It is told to the user if there is an error. */
  readonly failed: (error?: unknown) => void
}

/** The longest delay that a timer can be set to. */
const longestDelay = 2 ** 31 - 1

/** Entries that could not be read are looked at so many times. */
const mostDiscards = 2

/**
 * What one space does to its room in a tier.
 *
 * Reading never fails and never takes longer than it may: a tier that does not answer has nothing. Whatever changes a
 * key goes out in turn, and a read waits for what has been begun before it, so that no answer is older than that.
 */
export class TierShelf {
  readonly #space: TierSpace
  readonly #options: ShelfOptions
  readonly #deadlines: Deadlines
  /** The last change of each key that has one under way. */
  readonly #last = new Map<string, Promise<unknown>>()
  /** The last change of all keys at once. */
  #barrier: Promise<unknown> | undefined
  readonly #behind = new Set<Promise<unknown>>()

  constructor(space: TierSpace, options: ShelfOptions) {
    this.#space = space
    this.#options = options
    this.#deadlines = new Deadlines(options.l2Timeout)
  }

  /** Looks, and takes the lease if it is to be had. Gives `undefined` where the tier does not answer. */
  read(key: string): Promise<Found | undefined> {
    const { circuit, clock } = this.#options
    if (!circuit.allows()) return Promise.resolve(undefined)
    const at = clock.now()
    const late = this.#giveBack(key)
    // One promise does all of it where there is an answer that can be read.
    return this.#deadlines.within(
      this.#whenDone(key, () => this.#space.read(key)),
      (read, error) => {
        if (read === undefined) return this.#notAnswered(error)
        circuit.succeeded()
        return this.#opened(key, read, at) ?? this.#readPast(key, read, at)
      },
      late,
    )
  }

  /** Waits for the load of another process. */
  async wait(key: string, signal: AbortSignal): Promise<Found | undefined> {
    const { clock, leaseWait, l2Timeout } = this.#options
    const look = async (): Promise<TierRead> => {
      try {
        return await this.#space.wait(key, { timeout: leaseWait, signal })
      } catch (error) {
        if (!signal.aborted) throw error
        return { state: 'missing', entry: undefined, lease: undefined }
      }
    }
    const read = await this.#bounded(key, look, Math.min(leaseWait + l2Timeout, longestDelay), this.#giveBack(key))
    // Of a wait only its end is known.
    const at = clock.now()
    return read && (this.#opened(key, read, at) ?? this.#readPast(key, read, at))
  }

  /** Takes the lease, whoever has it. The last one that is asked for is the one that counts. */
  lease(key: string): Promise<Lease | undefined> {
    const take = (): Promise<Lease> => this.#inTurn(key, () => this.#space.lease(key))
    return this.#ifAsked(take, this.#options.l2Timeout, (lease) => this.release(key, lease))
  }

  /** Looks at a fresh entry. */
  async peek(key: string): Promise<Found | undefined> {
    const at = this.#options.clock.now()
    const entry = await this.#bounded(
      key,
      () => this.#space.peek(key),
      this.#options.l2Timeout,
      () => {},
    )
    if (entry === undefined) return undefined
    const content = this.#options.envelope.open(entry.bytes)
    if (content.kind !== 'value') return undefined
    return { state: entry.freshFor > 0 ? 'fresh' : 'stale', entry, value: content.value, lease: undefined, at }
  }

  /**
   * Stores what was loaded under a lease, behind the caller's back.
   *
   * @param refused called when the tier did not take it, since it has been invalidated or loaded anew
   */
  write(key: string, lease: Lease, bytes: Uint8Array, life: Life, refused: () => void): void {
    this.#follow(
      this.#space.write(key, lease, bytes, life).then((stored) => {
        if (!stored) refused()
      }),
    )
  }

  /** Gives a lease up. */
  release(key: string, lease: Lease): void {
    this.#follow(this.#space.release(key, lease))
  }

  /**
   * @param life is asked when its turn has come, and again when it has been put in, since an invalidation of its tags
   *   may have overtaken it: what has no life any more takes out what there is
   */
  put(key: string, bytes: Uint8Array, life: () => Life): Promise<unknown> {
    return this.#inTurn<unknown>(key, async () => {
      const left = life()
      if (left.freshFor > 0) await this.#space.put(key, bytes, left)
      return life().freshFor > 0 ? undefined : this.#space.invalidate(key)
    })
  }

  invalidate(key: string): Promise<boolean> {
    return this.#inTurn(key, () => this.#space.invalidate(key))
  }

  expire(key: string): Promise<boolean> {
    return this.#inTurn(key, () => this.#space.expire(key))
  }

  clear(): Promise<void> {
    return this.#allInTurn(() => this.#space.clear())
  }

  /** Lets every read wait for something that changes many keys. Fulfilled when that and all before it have ended. */
  async waitFor(change: Promise<unknown>): Promise<void> {
    await this.#allInTurn(() => change).catch(() => {})
  }

  /** Fulfilled when nothing is under way any more, or when the tier has had its time. */
  async idle(): Promise<void> {
    const all = Promise.allSettled([...this.#last.values(), this.#barrier, ...this.#behind])
    await within(all, this.#options.l2Timeout).catch(() => {})
  }

  /** What gives back the lease of a read that has come too late. */
  #giveBack(key: string): (read: TierRead) => void {
    return ({ lease }) => {
      if (lease !== undefined) this.release(key, lease)
    }
  }

  /** What was read, opened; `undefined` for what cannot be read. */
  #opened(key: string, { state, entry, lease }: TierRead, at: number): Found | undefined {
    if (entry === undefined) return { state, entry, value: undefined, lease, at }
    const content = this.#options.envelope.open(entry.bytes)
    if (content.kind === 'value') return { state, entry, value: content.value, lease, at }
    this.#tellUnreadable(key, content)
    return lease && { state: 'missing', entry: undefined, value: undefined, lease, at }
  }

  /** Takes out what cannot be read, and looks again. */
  async #readPast(key: string, unreadable: TierRead, at: number): Promise<Found | undefined> {
    let entry = unreadable.entry!
    const discard = (): Promise<TierRead> => this.#space.discard(key, entry)
    for (let discards = 0; discards < mostDiscards; discards++) {
      // oxlint-disable-next-line no-await-in-loop -- each look is at what the one before has left
      const read = await this.#bounded(key, discard, this.#options.l2Timeout, this.#giveBack(key))
      const found = read && this.#opened(key, read, at)
      if (read?.entry === undefined || found !== undefined) return found
      entry = read.entry
    }
    return undefined
  }

  #tellUnreadable(key: string, content: Content | Unreadable): void {
    // A failure in the place of a value is of a later version.
    const why = content.kind === 'unreadable' ? content.why : 'version'
    // That a deploy leaves old entries behind is no mistake.
    if (why === 'version' || why === 'schema') this.#options.failed()
    else this.#options.failed(new Error(`what the tier has under ${JSON.stringify(key)} cannot be read: ${why}`))
  }

  /** Looks when what has been begun before is done. */
  #whenDone<T>(key: string, look: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? this.#barrier
    return before === undefined ? look() : before.then(look, look)
  }

  #bounded<T>(key: string, look: () => Promise<T>, ms: number, late: (value: T) => void): Promise<T | undefined> {
    return this.#ifAsked(() => this.#whenDone(key, look), ms, late)
  }

  /** Asks the tier if it is to be asked. Gives `undefined` where it fails, or has not answered in time. */
  async #ifAsked<T>(ask: () => Promise<T>, ms: number, late?: (value: T) => void): Promise<T | undefined> {
    const { circuit } = this.#options
    if (!circuit.allows()) return undefined
    try {
      const answer = await within(ask(), ms, late)
      circuit.succeeded()
      return answer
    } catch (error) {
      return this.#notAnswered(error)
    }
  }

  #notAnswered(error: unknown): undefined {
    this.#options.circuit.failed()
    this.#options.failed(error)
  }

  #inTurn<R>(key: string, change: () => Promise<R>): Promise<R> {
    const before = this.#last.get(key) ?? this.#barrier
    const result = (before === undefined ? change() : before.then(change, change)).finally(() => {
      if (this.#last.get(key) === result) this.#last.delete(key)
    })
    this.#last.set(key, result)
    return result
  }

  #allInTurn<R>(change: () => Promise<R>): Promise<R> {
    const before = [...this.#last.values(), this.#barrier].filter((one) => one !== undefined)
    this.#last.clear()
    const turn = before.length === 0 ? change() : Promise.allSettled(before).then(change)
    const result = turn.finally(() => {
      if (this.#barrier === result) this.#barrier = undefined
    })
    this.#barrier = result
    return result
  }

  /** Counts and tells the failure of what nobody waits for. */
  #follow(operation: Promise<unknown>): void {
    const followed = operation
      .catch((error: unknown) => this.#options.failed(error))
      .finally(() => this.#behind.delete(followed))
    this.#behind.add(followed)
  }
}
