import type { Behind, EngineInFront, RoomInFront } from '../behind.ts'
import type { Envelope } from '../codec/envelope.ts'
import type { Entry } from '../entry.ts'
import { never } from '../entry.ts'
import type { AnyFlight } from '../flight.ts'
import { MARKER } from '../text.ts'
import { hubOf, type Hearer } from './hub.ts'
import type { Found, TierShelf } from './shelf.ts'
import type { Lease, Life, Tier, TierEvent } from './tier.ts'

/** How a room deals with its tier. */
export interface TierRoomOptions {
  readonly tier: Tier
  readonly shelf: TierShelf
  readonly envelope: Envelope
  readonly blindTtl: number
}

/** How much later an entry must end to be another one: what is read again comes by another way, and takes its time. */
const sameEnd = 100

/** What one function has in its tier. */
export class TierRoom implements Behind, Hearer {
  readonly name: string
  readonly book: RoomInFront['book']
  readonly #room: RoomInFront
  readonly #shelf: TierShelf
  readonly #envelope: Envelope
  readonly #blindTtl: number
  readonly #prefix: string
  readonly #leaveHub: () => void
  /** The leases under which loads run, or will. */
  readonly #leases = new Map<AnyFlight, Lease>()
  /** The loads that run without one. */
  readonly #unleased = new Set<AnyFlight>()
  /** How many times it was learned that something may have been missed. */
  #gaps = 0
  #blind: NodeJS.Timeout | undefined
  /** Whether there have been entries with tags, which other functions of that name have and this one has not. */
  #strangeTags = false

  constructor(room: RoomInFront, { tier, shelf, envelope, blindTtl }: TierRoomOptions) {
    this.#room = room
    this.#shelf = shelf
    this.#envelope = envelope
    this.#blindTtl = blindTtl
    this.name = room.space.name!
    this.book = room.book
    this.#prefix = room.space.storeKey('') as string
    this.#leaveHub = hubOf(tier).enter(this)
    if (!tier.connected) this.#beBlind()
  }

  async readOrLoad(flight: AnyFlight, engine: EngineInFront): Promise<unknown> {
    const { space, counters } = this.#room
    const key = this.#keyOf(flight.storeKey)
    if (key === undefined) return engine.run(flight)
    let lease: Lease | undefined
    if (flight.fresh) {
      lease = await this.#shelf.lease(key)
    } else {
      flight.askers = 1
      const found = await this.#look(flight, key, engine)
      if ('served' in found) return this.#answer(flight, engine, found)
      lease = found.lease
      counters.joins += flight.askers - 1
      flight.askers = 0
    }
    if (flight.aborted) {
      counters.misses++
      this.#release(flight, lease)
      space.remove(flight)
      throw flight.signal.reason as Error
    }
    this.#hold(flight, lease)
    return this.#load(flight, engine)
  }

  async refresh(flight: AnyFlight, engine: EngineInFront): Promise<unknown> {
    const key = this.#keyOf(flight.storeKey)
    if (key === undefined) return engine.run(flight)
    const before = flight.old as Entry | undefined
    if (this.book !== undefined) flight.stamp = this.book.stamp()
    if (!this.#leases.has(flight)) {
      let found = await this.#read(flight, key)
      let newer = this.#newer(flight, found, before)
      if (newer === undefined && found?.state === 'fresh') {
        // What is due before its end has no lease yet.
        this.#hold(flight, await this.#shelf.lease(key))
      } else if (newer === undefined && found !== undefined && found.lease === undefined) {
        found = await this.#shelf.wait(key, flight.signal)
        newer = this.#newer(flight, found, before)
        // Another process takes its time, and nobody waits here.
        if (found?.lease === undefined && flight.listeners === 0) newer ??= before
      }
      if (newer !== undefined) {
        if (newer !== before && !flight.revoked) this.#room.promote(flight.storeKey, newer)
        return this.#endWith(flight, newer)
      }
      this.#hold(flight, found?.lease)
    }
    return this.#load(flight, engine)
  }

  keep(flight: AnyFlight, entry: Entry | undefined): void {
    const lease = this.#leases.get(flight)
    if (lease === undefined) return
    this.#leases.delete(flight)
    const key = this.#keyOf(flight.storeKey)!
    if (entry === undefined) {
      if (flight.old === undefined && !flight.fresh) this.#shelf.release(key, lease)
      else this.#forgetBehind(key)
      return
    }
    const bytes = this.#sealed(entry)
    const life = this.#lifeOf(entry, flight.fresh)
    if (bytes === undefined || !(life.freshFor > 0)) this.#forgetBehind(key)
    else this.#shelf.write(key, lease, bytes, life, () => this.#dropCopy(flight.storeKey, entry))
  }

  ended(flight: AnyFlight): void {
    this.#release(flight, this.#leases.get(flight))
    this.#leases.delete(flight)
    this.#unleased.delete(flight)
  }

  async peek(storeKey: unknown): Promise<Entry | undefined> {
    const key = this.#keyOf(storeKey)
    const found = key === undefined ? undefined : await this.#shelf.peek(key)
    const entry = found && this.#entryOf(undefined, found)
    return entry !== undefined && this.#room.freshness.isFresh(entry) ? entry : undefined
  }

  async put(storeKey: unknown, entry: Entry | undefined): Promise<unknown> {
    const key = this.#keyOf(storeKey)
    if (key === undefined) return undefined
    const bytes = entry && this.#sealed(entry)
    if (bytes === undefined) return this.#shelf.invalidate(key)
    return this.#shelf.put(key, bytes, () => this.#lifeOf(entry!, true))
  }

  async invalidate(storeKey: unknown): Promise<boolean> {
    const key = this.#keyOf(storeKey)
    return key !== undefined && this.#shelf.invalidate(key)
  }

  async expire(storeKey: unknown): Promise<boolean> {
    const key = this.#keyOf(storeKey)
    return key !== undefined && this.#shelf.expire(key)
  }

  clear(): Promise<void> {
    return this.#shelf.clear()
  }

  async leave(): Promise<void> {
    await this.#shelf.idle()
    this.#leaveHub()
    this.#see()
  }

  hear(event: TierEvent): void {
    const { space } = this.#room
    if (event.type === 'keys') {
      for (const key of event.keys) {
        const storeKey = this.#prefix + key
        space.revoke(storeKey)
        this.#room.drop(storeKey)
      }
    } else if (event.type === 'clear') this.#room.dropAll()
    else if (event.type === 'lost') this.#beBlind()
    else if (event.type === 'gap') {
      this.#see()
      this.#doubtAll()
    } else if (this.#strangeTags) this.#room.dropAll()
  }

  tagsUnderWay(change: Promise<unknown>): void {
    this.#shelf.waitFor(change)
  }

  failed(error: unknown): void {
    this.#room.storeFailed(error)
  }

  /** The key in the tier; `undefined` for one that is known by identity, which means nothing to another process. */
  #keyOf(storeKey: unknown): string | undefined {
    const key = (storeKey as string).slice(this.#prefix.length)
    return key.startsWith(`${MARKER}o`) ? undefined : key
  }

  /** Looks for something to be served, and waits for another process that loads it. */
  async #look(flight: AnyFlight, key: string, engine: EngineInFront): Promise<Served | { lease: Lease | undefined }> {
    let found = await this.#read(flight, key)
    for (let waited = false; ; waited = true) {
      const entry = found && this.#entryOf(flight, found)
      const lease = found?.lease
      if (entry !== undefined) {
        const { askers } = flight
        if (waited && this.#room.freshness.isFresh(entry)) {
          // They have waited for a load, though it ran elsewhere.
          this.#room.counters.joins += askers
          return { served: true, entry, lease }
        }
        const served = engine.serve(entry, flight.storeKey, askers)
        if (served !== undefined) return { served, entry, lease }
        if (!flight.revoked) flight.old = entry
      }
      if (found === undefined || lease !== undefined || waited || flight.aborted) return { lease }
      // oxlint-disable-next-line no-await-in-loop -- there is one wait at most
      found = await this.#shelf.wait(key, flight.signal)
    }
  }

  /** Reads, and reads again where what was read may be older than an invalidation that has come meanwhile. */
  async #read(flight: AnyFlight, key: string): Promise<Found | undefined> {
    const gaps = this.#gaps
    const found = await this.#shelf.read(key)
    if (found?.entry === undefined || found.lease !== undefined) return found
    if (gaps === this.#gaps && this.#entryOf(flight, found) !== undefined) return found
    if (this.book !== undefined) flight.stamp = this.book.stamp()
    return this.#shelf.read(key)
  }

  /** Serves what was found, and refreshes it behind the caller if that is due. */
  #answer(flight: AnyFlight, engine: EngineInFront, { served, entry, lease }: Served): unknown {
    flight.askers = 0
    this.#endWith(flight, entry)
    if (served !== true) {
      this.#release(flight, lease)
      throw served.error
    }
    if (flight.revoked) this.#release(flight, lease)
    else {
      this.#room.promote(flight.storeKey, entry)
      if (engine.isDue(entry, flight.storeKey)) {
        const behind = flight.again(entry) as AnyFlight
        this.#hold(behind, lease)
        engine.loadBehind(behind)
      } else this.#release(flight, lease)
    }
    return entry.value
  }

  /** What was found, if it is fresh and not what is to be refreshed. */
  #newer(flight: AnyFlight, found: Found | undefined, before: Entry | undefined): Entry | undefined {
    const entry = found?.state === 'fresh' ? this.#entryOf(flight, found) : undefined
    return entry !== undefined && isNewer(entry, before) ? entry : undefined
  }

  #endWith(flight: AnyFlight, entry: Entry): unknown {
    this.#room.space.remove(flight)
    flight.ended = true
    return entry.value
  }

  /** The entry that was found, for the store in front; `undefined` where a tag of it has been invalidated. */
  #entryOf(flight: AnyFlight | undefined, { entry, value, at }: Found): Entry | undefined {
    if (entry === undefined) return undefined
    const { freshness, space } = this.#room
    const { book } = this
    const passed = freshness.clock.now() - at
    const times = { age: entry.age + passed, freshFor: entry.freshFor - passed }
    if (entry.tags.length === 0) return freshness.revived(value, space.generation, times, undefined)
    if (book === undefined) this.#strangeTags = true
    const tags = book?.take(entry.tags, flight === undefined ? book.stamp() : flight.stamp)
    if (book !== undefined && tags === undefined) return undefined
    return freshness.revived(value, space.generation, times, tags)
  }

  #lifeOf({ endsAt, tags }: Entry, announce: boolean): Life {
    const { clock, grace } = this.#room.freshness
    const freshFor = endsAt === never ? Infinity : endsAt - clock.now()
    return { freshFor, staleFor: grace, tags: tags?.names ?? [], announce }
  }

  /** The bytes of a value; nothing where it does not go into a tier, which is told. */
  #sealed({ value }: Entry): Uint8Array | undefined {
    try {
      return this.#envelope.seal({ kind: 'value', value })
    } catch (error) {
      this.#room.storeFailed(error)
      return undefined
    }
  }

  #forgetBehind(key: string): void {
    this.#shelf.invalidate(key).catch((error: unknown) => this.#room.storeFailed(error))
  }

  #dropCopy(storeKey: unknown, entry: Entry): void {
    try {
      if (this.#room.space.peek(storeKey) === entry) this.#room.drop(storeKey)
    } catch (error) {
      this.#room.storeFailed(error)
      this.#room.space.disbelieve()
    }
  }

  #load(flight: AnyFlight, engine: EngineInFront): Promise<unknown> {
    if (!this.#leases.has(flight)) this.#unleased.add(flight)
    return engine.run(flight)
  }

  /** Lets a load run under a lease, which has been invalidated if the flight has. */
  #hold(flight: AnyFlight, lease: Lease | undefined): void {
    if (lease === undefined) return
    if (flight.revoked) this.#release(flight, lease)
    else this.#leases.set(flight, lease)
  }

  #release(flight: AnyFlight, lease: Lease | undefined): void {
    if (lease !== undefined) this.#shelf.release(this.#keyOf(flight.storeKey)!, lease)
  }

  /** Nothing is heard of others: what there is counts no longer than that. */
  #beBlind(): void {
    if (this.#blind !== undefined || this.#blindTtl > longestDelay) return
    this.#blind = setInterval(() => this.#room.space.disbelieve(), Math.max(1, this.#blindTtl)).unref()
  }

  #see(): void {
    clearInterval(this.#blind)
    this.#blind = undefined
  }

  /** Something may have been missed. What is loaded under a lease is not concerned: the tier says whether it counts. */
  #doubtAll(): void {
    const { space } = this.#room
    this.#gaps++
    space.disbelieve()
    for (const flight of this.#unleased) space.revokeFlight(flight)
    this.#unleased.clear()
  }
}

/** What answers the callers of a flight. */
interface Served {
  readonly served: true | { readonly error: unknown }
  readonly entry: Entry
  readonly lease: Lease | undefined
}

/** The longest delay that a timer can be set to. */
const longestDelay = 2 ** 31 - 1

/** Whether an entry is not the one that is to be refreshed, seen again. */
function isNewer(entry: Entry, before: Entry | undefined): boolean {
  if (before === undefined) return true
  if (before.endsAt !== never || entry.endsAt !== never) return entry.endsAt > before.endsAt + sameEnd
  return entry.refreshAt > before.refreshAt + sameEnd
}
