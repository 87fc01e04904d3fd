import { abortable } from '../tiers/abortable.ts'
import { checkedLife } from '../tiers/life.ts'
import type { Owed } from '../tiers/owed.ts'
import { decodeRecord, encodeRecord, endingAt, entryAt, type StoredRecord } from '../tiers/record.ts'
import type { Lease, Life, ReadOptions, TierEntry, TierRead, TierSpace } from '../tiers/tier.ts'
import { newToken, placeText, wellFormed } from '../tiers/token.ts'
import type { Shelf } from './shelf.ts'
import { nextTime } from './time.ts'

/** How long a mark of one key is kept, in milliseconds: a load that takes longer writes nothing. */
const longestLoad = 3_600_000

/** What the spaces of one tier share. */
export interface Shared {
  readonly shelf: Shelf
  readonly owed: Owed
  readonly prefix: string
  /** @throws {ClosedError} */
  readonly checkOpen: () => void
}

/**
 * The times of the last invalidations of one key: what began to be loaded before `dead` is dead, and what was stored
 * after `fence` by a load that began before it is, too.
 */
type Mark = readonly [dead: number, fence: number]

/** The name under which the invalidation of a tag is marked. */
export const tagMark = (prefix: string, tag: string): string => `${prefix}:t:${wellFormed(tag)}`

/** The room of one function in a Keyv store. */
export class KeyvSpace implements TierSpace {
  readonly name: string
  readonly #shared: Shared
  readonly #spaceMark: string
  /** When the load of each lease began. */
  readonly #begun = new WeakMap<Lease, number>()

  constructor(name: string, shared: Shared) {
    this.name = name
    this.#shared = shared
    this.#spaceMark = `${shared.prefix}:c:${wellFormed(name)}`
  }

  async read(key: string, { signal }: ReadOptions = {}): Promise<TierRead> {
    signal?.throwIfAborted()
    // A lease here keeps nobody out, so one that comes too late needs no giving back.
    return abortable(this.#read(key), signal, () => {})
  }

  async peek(key: string): Promise<TierEntry | undefined> {
    const record = await this.#find(key)
    return record === undefined ? undefined : entryAt(record, nextTime())
  }

  /** Nobody has to wait where everybody gets a lease. */
  wait(key: string, options: ReadOptions): Promise<TierRead> {
    return this.read(key, options)
  }

  async lease(key: string): Promise<Lease> {
    const { shelf } = this.#shared
    await this.#ready()
    const [dead] = parseMark((await shelf.get([this.#mark(key)]))[0])
    const now = nextTime()
    await this.#setMark(key, [dead, now])
    return this.#grant(nextTime())
  }

  async write(key: string, lease: Lease, bytes: Uint8Array, life: Life): Promise<boolean> {
    const begun = this.#begun.get(lease)
    const checked = checkedLife(life)
    this.#begun.delete(lease)
    await this.#ready()
    if (begun === undefined || nextTime() - begun > longestLoad) return false
    const { prefix, shelf } = this.#shared
    const tagMarks = checked.tags.map((tag) => tagMark(prefix, tag))
    const [own, ...others] = await shelf.get([this.#mark(key), this.#spaceMark, ...tagMarks])
    if (parseMark(own)[1] >= begun || others.some((mark) => parseMark(mark)[0] >= begun)) return false
    await this.#store(key, begun, bytes, checked)
    return true
  }

  async release(_key: string, lease: Lease): Promise<void> {
    this.#begun.delete(lease)
  }

  async put(key: string, bytes: Uint8Array, life: Life): Promise<void> {
    const checked = checkedLife(life)
    await this.#ready()
    await this.#shared.owed.pay(
      `key ${this.#mark(key)}`,
      async () => {
        await this.#markNow(key)
        await this.#store(key, nextTime(), bytes, checked)
      },
      () => this.#markNow(key),
    )
  }

  async expire(key: string): Promise<boolean> {
    this.#shared.checkOpen()
    return this.#shared.owed.pay(
      `key ${this.#mark(key)}`,
      () => this.#expire(key),
      () => this.#markNow(key),
    )
  }

  async invalidate(key: string): Promise<boolean> {
    this.#shared.checkOpen()
    return this.#shared.owed.pay(
      `key ${this.#mark(key)}`,
      async () => {
        const record = await this.#find(key)
        await this.#markNow(key)
        await this.#shared.shelf.delete(this.#entry(key))
        return record !== undefined
      },
      () => this.#markNow(key),
    )
  }

  async clear(): Promise<void> {
    this.#shared.checkOpen()
    await this.#shared.owed.pay(`clear ${this.name}`, () => this.#setMarkAt(this.#spaceMark, Infinity))
  }

  async discard(key: string, entry: TierEntry, options: ReadOptions = {}): Promise<TierRead> {
    const record = await this.#find(key)
    if (record?.id === entry.id) await this.#shared.shelf.delete(this.#entry(key))
    return this.read(key, options)
  }

  #entry(key: string): string {
    return `${this.#shared.prefix}:e:${placeText(this.name, key)}`
  }

  #mark(key: string): string {
    return `${this.#shared.prefix}:k:${placeText(this.name, key)}`
  }

  async #ready(): Promise<void> {
    this.#shared.checkOpen()
    if (this.#shared.owed.any) await this.#shared.owed.settle()
  }

  #grant(begun: number): Lease {
    const lease = { token: newToken() }
    this.#begun.set(lease, begun)
    return lease
  }

  async #read(key: string): Promise<TierRead> {
    await this.#ready()
    // The load counts as begun before the look: what is invalidated during it is not missed.
    const lease = this.#grant(nextTime())
    const record = await this.#find(key)
    if (record === undefined) return { state: 'missing', entry: undefined, lease }
    const entry = entryAt(record, nextTime())
    return entry.freshFor > 0 ? { state: 'fresh', entry, lease: undefined } : { state: 'stale', entry, lease }
  }

  /** The entry, unless it is dead or over. */
  async #find(key: string): Promise<StoredRecord | undefined> {
    await this.#ready()
    const { prefix, shelf } = this.#shared
    const [text, own, space] = await shelf.get([this.#entry(key), this.#mark(key), this.#spaceMark])
    const record = typeof text === 'string' ? decodeRecord(Buffer.from(text, 'base64')) : undefined
    if (record === undefined || Date.now() >= record.freshUntil + record.staleFor) return undefined
    const { sequence, storedAt, tags } = record
    const [dead, fence] = parseMark(own)
    if (sequence <= Math.max(dead, parseMark(space)[0]) || (sequence <= fence && storedAt > fence)) return undefined
    if (tags.length === 0) return record
    const marks = await shelf.get(tags.map((tag) => tagMark(prefix, tag)))
    return marks.some((mark) => parseMark(mark)[0] >= sequence) ? undefined : record
  }

  async #store(key: string, sequence: number, bytes: Uint8Array, life: ReturnType<typeof checkedLife>): Promise<void> {
    const { freshFor, staleFor, tags } = life
    const storedAt = nextTime()
    const head = { sequence, storedAt, freshUntil: storedAt + freshFor, staleFor, tags, stamp: newToken() }
    const text = encodeRecord(head, bytes).toString('base64')
    await this.#shared.shelf.set(this.#entry(key), text, freshFor + staleFor)
  }

  async #expire(key: string): Promise<boolean> {
    const record = await this.#find(key)
    const { shelf } = this.#shared
    const now = nextTime()
    const [dead] = parseMark((await shelf.get([this.#mark(key)]))[0])
    await this.#setMark(key, [dead, now])
    if (record === undefined) return false
    if (record.staleFor <= 0) await shelf.delete(this.#entry(key))
    else if (record.freshUntil > now) {
      // It stays what was loaded then, so what invalidates it meanwhile still does.
      const text = encodeRecord(endingAt(record, Math.floor(now)), record.bytes).toString('base64')
      await shelf.set(this.#entry(key), text, record.staleFor)
    }
    return true
  }

  #setMark(key: string, mark: Mark): Promise<void> {
    return this.#shared.shelf.set(this.#mark(key), JSON.stringify(mark), longestLoad)
  }

  async #markNow(key: string): Promise<void> {
    await this.#setMarkAt(this.#mark(key), longestLoad)
  }

  async #setMarkAt(name: string, ttl: number): Promise<void> {
    await setMark(this.#shared, name, ttl)
  }
}

/** Marks that everything of a name that began before now is dead. */
export async function setMark({ shelf }: Pick<Shared, 'shelf'>, name: string, ttl: number): Promise<void> {
  const now = nextTime()
  await shelf.set(name, JSON.stringify([now, now]), ttl)
}

/** What a mark says; one that cannot be read says that everything is dead. */
function parseMark(text: unknown): Mark {
  if (text === undefined || text === null) return [-Infinity, -Infinity]
  if (typeof text !== 'string') return [Infinity, Infinity]
  try {
    const [dead, fence] = JSON.parse(text) as [unknown, unknown]
    if (typeof fence === 'number') return [typeof dead === 'number' ? dead : -Infinity, fence]
  } catch {
    // Somebody else has written it.
  }
  return [Infinity, Infinity]
}
