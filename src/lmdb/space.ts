import { ClosedError } from '../errors.ts'
import { abortable } from '../tiers/abortable.ts'
import { checkedLife, type CheckedLife } from '../tiers/life.ts'
import type { Owed } from '../tiers/owed.ts'
import { encodeRecord, endingAt } from '../tiers/record.ts'
import type { Renewals } from '../tiers/renewals.ts'
import type { Lease, Life, ReadOptions, TierEntry, TierRead, TierSpace, WaitOptions } from '../tiers/tier.ts'
import { newToken, placeText, wellFormed } from '../tiers/token.ts'
import type { Waiting } from '../tiers/waiting.ts'
import { type Database, nameKey } from './database.ts'
import type { Journal } from './journal.ts'
import { type Ledger, spaceKey } from './ledger.ts'

/** What the spaces of one tier share. */
export interface Shared {
  readonly database: Database
  readonly ledger: Ledger
  readonly journal: Journal
  readonly waiting: Waiting
  readonly renewals: Renewals
  readonly owed: Owed
  readonly leaseTtl: number
  readonly pollEvery: number
  readonly onError: (error: unknown) => void
  closed: boolean
}

/** Runs a transaction of a tier that is open. */
export function transact<T>(shared: Shared, action: () => T): Promise<T> {
  if (shared.closed) return Promise.reject(new ClosedError('the tier has been closed', undefined))
  return shared.database.transaction(action)
}

/** The room of one function in a file. */
export class LmdbSpace implements TierSpace {
  readonly name: string
  readonly #shared: Shared
  readonly #text: string
  readonly #mark: Buffer

  constructor(name: string, shared: Shared) {
    this.name = name
    this.#shared = shared
    this.#text = placeText(name, '')
    this.#mark = spaceKey(name)
  }

  async read(key: string, { signal }: ReadOptions = {}): Promise<TierRead> {
    signal?.throwIfAborted()
    const { owed } = this.#shared
    if (owed.any) await owed.settle()
    const name = this.#place(key)
    const seen = this.#look(name)
    // Most reads find what they look for, and then nothing is written.
    if (typeof seen === 'object' && seen.freshFor > 0) return { state: 'fresh', entry: seen, lease: undefined }
    if (this.#shared.ledger.lease(name, this.#mark, Date.now()) !== undefined) return found(seen, undefined)
    return abortable(this.#readOrLease(key, name), signal, ({ lease }) => {
      if (lease !== undefined) this.release(key, lease).catch(() => {})
    })
  }

  async peek(key: string): Promise<TierEntry | undefined> {
    const { owed } = this.#shared
    if (owed.any) await owed.settle()
    const seen = this.#look(this.#place(key))
    return typeof seen === 'object' ? seen : undefined
  }

  async wait(key: string, options: WaitOptions): Promise<TierRead> {
    const { waiting, pollEvery } = this.#shared
    return waiting.until(this.#text + key, options, () => this.read(key, options), pollEvery)
  }

  async lease(key: string): Promise<Lease> {
    const name = this.#place(key)
    const lease = { token: newToken() }
    await transact(this.#shared, () => this.#grant(name, lease))
    this.#hold(name, lease)
    return lease
  }

  async write(key: string, lease: Lease, bytes: Uint8Array, life: Life): Promise<boolean> {
    const { ledger, journal, renewals } = this.#shared
    renewals.drop(lease)
    const checked = checkedLife(life)
    const name = this.#place(key)
    const stored = await transact(this.#shared, () => {
      const held = ledger.lease(name, this.#mark, Date.now())
      if (held?.token !== lease.token) return false
      ledger.endLease(name)
      if (!ledger.isAlive(held.sequence, this.#mark, checked.tags)) return false
      ledger.store(name, this.#record(held.sequence, lease.token, bytes, checked))
      if (checked.announce) this.#announce(key, journal)
      return true
    })
    this.#wake(key)
    return stored
  }

  async release(key: string, lease: Lease): Promise<void> {
    const { ledger, renewals } = this.#shared
    renewals.drop(lease)
    const name = this.#place(key)
    await transact(this.#shared, () => {
      if (ledger.lease(name, this.#mark, Date.now())?.token === lease.token) ledger.endLease(name)
    })
    this.#wake(key)
  }

  async put(key: string, bytes: Uint8Array, life: Life): Promise<void> {
    const { database, ledger } = this.#shared
    const checked = checkedLife(life)
    const token = newToken()
    await this.#change(key, (name) => {
      ledger.store(name, this.#record(database.number('seq'), token, bytes, checked))
      return true
    })
  }

  expire(key: string): Promise<boolean> {
    const { ledger } = this.#shared
    return this.#change(key, (name) => {
      const now = Date.now()
      const record = ledger.find(name, this.#mark, now)
      if (typeof record !== 'object') return false
      if (record.staleFor <= 0) ledger.remove(name)
      else if (record.freshUntil > now) ledger.store(name, encodeRecord(endingAt(record, now), record.bytes))
      return true
    })
  }

  invalidate(key: string): Promise<boolean> {
    const { ledger } = this.#shared
    return this.#change(key, (name) => {
      const wasThere = typeof ledger.find(name, this.#mark, Date.now()) === 'object'
      ledger.remove(name)
      return wasThere
    })
  }

  async clear(): Promise<void> {
    const { ledger, journal, owed, waiting } = this.#shared
    await owed.pay(`clear ${this.name}`, () =>
      transact(this.#shared, () => {
        ledger.mark([this.#mark])
        journal.write({ type: 'clear', space: this.name })
      }),
    )
    waiting.wakeAll()
  }

  async discard(key: string, entry: TierEntry, options: ReadOptions = {}): Promise<TierRead> {
    const { ledger } = this.#shared
    const name = this.#place(key)
    await transact(this.#shared, () => {
      const now = ledger.look(name, this.#mark, Date.now())
      if (typeof now === 'object' && now.id === entry.id) ledger.remove(name)
    })
    return this.read(key, options)
  }

  #place(key: string): Buffer {
    return nameKey(this.#text + wellFormed(key))
  }

  /** Looks at what all processes have written until now. */
  #look(name: Buffer): TierEntry | 'damaged' | undefined {
    const { database, ledger, closed } = this.#shared
    if (closed) throw new ClosedError('the tier has been closed', undefined)
    try {
      database.refresh()
      return ledger.look(name, this.#mark, Date.now())
    } catch (error) {
      throw database.failed(error)
    }
  }

  async #readOrLease(key: string, name: Buffer): Promise<TierRead> {
    const { ledger, onError } = this.#shared
    const lease = { token: newToken() }
    let damaged = false
    const read = await transact(this.#shared, () => {
      const now = Date.now()
      const seen = ledger.look(name, this.#mark, now)
      if (seen === 'damaged') damaged = ledger.remove(name)
      if (typeof seen === 'object' && seen.freshFor > 0) return found(seen, undefined)
      if (ledger.lease(name, this.#mark, now) !== undefined) return found(seen, undefined)
      this.#grant(name, lease)
      return found(seen, lease)
    })
    if (damaged) onError(new Error(`the entry under ${JSON.stringify(key)} was damaged, and has been taken out`))
    if (read.lease !== undefined) this.#hold(name, lease)
    return read
  }

  #grant(name: Buffer, { token }: Lease): void {
    const { database, ledger, leaseTtl } = this.#shared
    ledger.setLease(name, { token, sequence: database.number('seq'), until: Date.now() + leaseTtl })
  }

  #hold(name: Buffer, lease: Lease): void {
    const { ledger, leaseTtl, renewals } = this.#shared
    renewals.hold(lease, () =>
      transact(this.#shared, () => {
        const held = ledger.lease(name, this.#mark, Date.now())
        if (held?.token !== lease.token) return false
        ledger.setLease(name, { ...held, until: Date.now() + leaseTtl })
        return true
      }),
    )
  }

  /** Does something to a key that no load that began before may undo, and tells of it. */
  async #change(key: string, change: (name: Buffer) => boolean): Promise<boolean> {
    const { ledger, journal, owed } = this.#shared
    const name = this.#place(key)
    const run = (action: (name: Buffer) => boolean): Promise<boolean> =>
      transact(this.#shared, () => {
        const wasThere = action(name)
        ledger.endLease(name)
        this.#announce(key, journal)
        return wasThere
      })
    const wasThere = await owed.pay(
      `key ${this.#text}${key}`,
      () => run(change),
      () => run(() => ledger.remove(name)),
    )
    this.#wake(key)
    return wasThere
  }

  #announce(key: string, journal: Journal): void {
    journal.write({ type: 'keys', space: this.name, keys: [key] })
  }

  #wake(key: string): void {
    this.#shared.waiting.wake(this.#text + key)
  }

  #record(sequence: number, stamp: string, bytes: Uint8Array, { freshFor, staleFor, tags }: CheckedLife): Buffer {
    const storedAt = Date.now()
    return encodeRecord({ sequence, storedAt, freshUntil: storedAt + freshFor, staleFor, stamp, tags }, bytes)
  }
}

function found(seen: TierEntry | 'damaged' | undefined, lease: Lease | undefined): TierRead {
  if (typeof seen !== 'object') return { state: 'missing', entry: undefined, lease }
  return seen.freshFor > 0 ? { state: 'fresh', entry: seen, lease: undefined } : { state: 'stale', entry: seen, lease }
}
