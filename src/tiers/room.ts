import type { Behind, EngineInFront, RoomInFront } from '../behind.ts'
import type { Envelope } from '../codec/envelope.ts'
import type { Entry } from '../entry.ts'
import type { AnyFlight } from '../flight.ts'
import { MARKER } from '../text.ts'
import { Entries } from './entries.ts'
import { Ear } from './hearing.ts'
import type { Found, TierShelf } from './shelf.ts'
import type { Lease, Tier } from './tier.ts'

/** How a room deals with its tier. */
export interface TierRoomOptions {
  readonly tier: Tier
  readonly shelf: TierShelf
  readonly envelope: Envelope
  readonly blindTtl: number
}

/** What one function has in its tier. */
export class TierRoom implements Behind {
  readonly #room: RoomInFront
  readonly #shelf: TierShelf
  readonly #entries: Entries
  readonly #ear: Ear
  readonly #prefix: string
  /** The leases under which loads run, or will. */
  readonly #leases = new Map<AnyFlight, Lease>()
  /** The loads that run without one. */
  readonly #unleased = new Set<AnyFlight>()
  /** How many times it was learned that something may have been missed. */
  #gaps = 0

  constructor(room: RoomInFront, { tier, shelf, envelope, blindTtl }: TierRoomOptions) {
    this.#room = room
    this.#shelf = shelf
    this.#prefix = room.space.storeKey('') as string
    this.#entries = new Entries(room, envelope)
    this.#ear = new Ear({ room, tier, shelf, entries: this.#entries, blindTtl, gap: () => this.#doubtAll() })
  }

  readOrLoad(flight: AnyFlight, engine: EngineInFront): Promise<unknown> {
    const key = this.#keyOf(flight.storeKey)
    if (key === undefined) return engine.run(flight)
    if (flight.fresh) return this.#shelf.lease(key).then((lease) => this.#loadUnder(flight, lease, engine))
    flight.askers = 1
    const gaps = this.#gaps
    return this.#shelf.read(key).then((found) => {
      // Most of what is found is fresh, and then nothing is left to wait for.
      if (found?.state !== 'fresh' || gaps !== this.#gaps) return this.#lookOn(flight, key, engine, found, gaps)
      const entry = this.#entries.from(found, flight.stamp)
      const served = entry && this.#serve(flight, engine, entry)
      if (served === undefined) return this.#lookOn(flight, key, engine, found, gaps)
      return this.#answer(flight, engine, { served, entry: entry!, lease: undefined })
    })
  }

  async refresh(flight: AnyFlight, engine: EngineInFront): Promise<unknown> {
    const key = this.#keyOf(flight.storeKey)
    if (key === undefined) return engine.run(flight)
    const before = flight.old as Entry | undefined
    this.#stamp(flight)
    if (!this.#leases.has(flight)) {
      let found = await this.#read(flight, key)
      let newer = this.#entries.newer(found, flight.stamp, before)
      if (newer === undefined && found?.state === 'fresh') {
        // What is due before its end has no lease yet.
        this.#hold(flight, await this.#shelf.lease(key))
      } else if (newer === undefined && found !== undefined && found.lease === undefined) {
        found = await this.#shelf.wait(key, flight.signal)
        newer = this.#entries.newer(found, flight.stamp, before)
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
    const bytes = this.#entries.sealed(entry)
    const life = this.#entries.lifeOf(entry, flight.fresh)
    if (bytes === undefined || !(life.freshFor > 0)) this.#forgetBehind(key)
    else this.#shelf.write(key, lease, bytes, life, () => this.#room.drop(flight.storeKey, entry))
  }

  ended(flight: AnyFlight): void {
    this.#release(flight, this.#leases.get(flight))
    this.#leases.delete(flight)
    this.#unleased.delete(flight)
  }

  async peek(storeKey: unknown): Promise<Entry | undefined> {
    const key = this.#keyOf(storeKey)
    const found = key === undefined ? undefined : await this.#shelf.peek(key)
    const entry = this.#entries.from(found, undefined)
    return entry !== undefined && this.#room.freshness.isFresh(entry) ? entry : undefined
  }

  async put(storeKey: unknown, entry: Entry | undefined): Promise<unknown> {
    const key = this.#keyOf(storeKey)
    if (key === undefined) return undefined
    const bytes = entry && this.#entries.sealed(entry)
    if (bytes === undefined) return this.#shelf.invalidate(key)
    return this.#shelf.put(key, bytes, () => this.#entries.lifeOf(entry!, true))
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
    this.#ear.close()
  }

  /** The key in the tier; `undefined` for one that is known by identity, which means nothing to another process. */
  #keyOf(storeKey: unknown): string | undefined {
    const key = (storeKey as string).slice(this.#prefix.length)
    return key.startsWith(`${MARKER}o`) ? undefined : key
  }

  /** Goes on with what was found, or should not have been: serves it, waits for another process, or loads. */
  async #lookOn(
    flight: AnyFlight,
    key: string,
    engine: EngineInFront,
    first: Found | undefined,
    gaps: number,
  ): Promise<unknown> {
    let found = this.#isBelieved(flight, first, gaps) ? first : await this.#readAgain(flight, key)
    for (let waited = false; ; waited = true) {
      const entry = this.#entries.from(found, flight.stamp)
      const lease = found?.lease
      if (entry !== undefined) {
        if (waited && this.#room.freshness.isFresh(entry)) {
          // They have waited for a load, though it ran elsewhere.
          this.#room.counters.joins += flight.askers
          flight.tellAskers('joins')
          return this.#answer(flight, engine, { served: true, entry, lease })
        }
        const served = this.#serve(flight, engine, entry)
        if (served !== undefined) return this.#answer(flight, engine, { served, entry, lease })
        if (!flight.revoked) flight.old = entry
      }
      if (found === undefined || lease !== undefined || waited || flight.aborted) {
        this.#room.counters.joins += flight.askers - 1
        flight.tellAskers('joins')
        return this.#loadUnder(flight, lease, engine)
      }
      // oxlint-disable-next-line no-await-in-loop -- there is one wait at most
      found = await this.#shelf.wait(key, flight.signal)
    }
  }

  /** Loads, if there is still somebody who wants it. */
  #loadUnder(flight: AnyFlight, lease: Lease | undefined, engine: EngineInFront): Promise<unknown> {
    if (flight.aborted) {
      this.#room.counters.misses++
      this.#release(flight, lease)
      this.#room.space.remove(flight)
      throw flight.signal.reason as Error
    }
    this.#hold(flight, lease)
    return this.#load(flight, engine)
  }

  /** Reads, and reads again where what was read may be older than an invalidation that has come meanwhile. */
  async #read(flight: AnyFlight, key: string): Promise<Found | undefined> {
    const gaps = this.#gaps
    const found = await this.#shelf.read(key)
    return this.#isBelieved(flight, found, gaps) ? found : this.#readAgain(flight, key)
  }

  /** @param gaps how many there had been when it was asked for */
  #isBelieved(flight: AnyFlight, found: Found | undefined, gaps: number): boolean {
    if (found?.entry === undefined || found.lease !== undefined) return true
    const mayCount = found.entry.tags.length === 0 || this.#entries.from(found, flight.stamp) !== undefined
    return mayCount && gaps === this.#gaps
  }

  #readAgain(flight: AnyFlight, key: string): Promise<Found | undefined> {
    this.#stamp(flight)
    return this.#shelf.read(key)
  }

  /** Counts all who have asked where they may be given what was found, fresh or not, or a failure that is remembered. */
  #serve(flight: AnyFlight, engine: EngineInFront, entry: Entry): Served['served'] | undefined {
    const isFresh = this.#room.freshness.isFresh(entry)
    const served = engine.serve(entry, flight.storeKey, flight.askers)
    if (served !== undefined) flight.tellAskers(served === true && !isFresh ? 'staleHits' : 'hits')
    return served
  }

  /** Serves what was found, and refreshes it behind the caller if that is due. */
  #answer(flight: AnyFlight, engine: EngineInFront, { served, entry, lease }: Served): unknown {
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

  #endWith(flight: AnyFlight, entry: Entry): unknown {
    this.#room.space.remove(flight)
    flight.ended = true
    return entry.value
  }

  #forgetBehind(key: string): void {
    this.#shelf.invalidate(key).catch((error: unknown) => this.#room.storeFailed(error))
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

  /** From here on an invalidation of tags counts against what the flight brings. */
  #stamp(flight: AnyFlight): void {
    const { book } = this.#room
    if (book !== undefined) flight.stamp = book.stamp()
  }

  /** What is loaded under a lease is not concerned by a gap: the tier says whether it counts. */
  #doubtAll(): void {
    this.#gaps++
    for (const flight of this.#unleased) this.#room.space.revokeFlight(flight)
    this.#unleased.clear()
  }
}

/** What answers the callers of a flight. */
interface Served {
  readonly served: true | { readonly error: unknown }
  readonly entry: Entry
  readonly lease: Lease | undefined
}
