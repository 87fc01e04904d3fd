import type { RoomInFront } from '../behind.ts'
import type { Envelope } from '../codec/envelope.ts'
import { never, type Entry } from '../entry.ts'
import type { Found } from './shelf.ts'
import type { Life } from './tier.ts'

/** How much later an entry must end to be another one: what is read again comes by another way, and takes its time. */
const sameEnd = 100

/** Turns the entries of one function into what a tier keeps, and back. */
export class Entries {
  readonly #room: RoomInFront
  readonly #envelope: Envelope
  /** Whether there have been entries with tags, which other functions of that name have and this one has not. */
  strangeTags = false

  constructor(room: RoomInFront, envelope: Envelope) {
    this.#room = room
    this.#envelope = envelope
  }

  /**
   * The entry that was found, for the store in front; `undefined` where there is none, or a tag of it was invalidated.
   *
   * @param stamp the moment from which on such an invalidation counts
   */
  from(found: Found | undefined, stamp: number | undefined): Entry | undefined {
    if (found?.entry === undefined) return undefined
    const { entry, value, at } = found
    const { freshness, space, book } = this.#room
    const passed = freshness.clock.now() - at
    const times = { age: entry.age + passed, freshFor: entry.freshFor - passed }
    if (entry.tags.length === 0) return freshness.revived(value, space.generation, times, undefined)
    if (book === undefined) this.strangeTags = true
    const tags = book?.take(entry.tags, stamp ?? book.stamp())
    return book !== undefined && tags === undefined
      ? undefined
      : freshness.revived(value, space.generation, times, tags)
  }

  /** What was found, if it is fresh and not what is to be refreshed, seen again. */
  newer(found: Found | undefined, stamp: number, before: Entry | undefined): Entry | undefined {
    const entry = found?.state === 'fresh' ? this.from(found, stamp) : undefined
    if (entry === undefined || before === undefined) return entry
    const ends = before.endsAt !== never || entry.endsAt !== never
    const later = ends ? entry.endsAt - before.endsAt : entry.refreshAt - before.refreshAt
    return later > sameEnd ? entry : undefined
  }

  /** How long a tier is to keep an entry from now on: not at all where a tag of it has been invalidated. */
  lifeOf({ endsAt, tags }: Entry, announce: boolean): Life {
    const { clock, grace } = this.#room.freshness
    const isAlive = tags === undefined || tags.alive
    const freshFor = !isAlive ? 0 : endsAt === never ? Infinity : endsAt - clock.now()
    return { freshFor, staleFor: grace, tags: tags?.names ?? [], announce }
  }

  /** The bytes of a value; nothing where it does not go into a tier, which is told. */
  sealed({ value }: Entry): Uint8Array | undefined {
    try {
      return this.#envelope.seal({ kind: 'value', value })
    } catch (error) {
      this.#room.storeFailed(error)
      return undefined
    }
  }
}
