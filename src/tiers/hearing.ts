import type { RoomInFront } from '../behind.ts'
import type { Entries } from './entries.ts'
import { hubOf, type Hearer } from './hub.ts'
import type { TierShelf } from './shelf.ts'
import type { Tier, TierEvent } from './tier.ts'

/** The longest delay that a timer can be set to. */
const longestDelay = 2 ** 31 - 1

/** What the hearing of a function needs of its room. */
export interface Hearing {
  readonly room: RoomInFront
  readonly tier: Tier
  readonly shelf: TierShelf
  readonly entries: Entries
  readonly blindTtl: number
  /** Told when something may have been missed, and whatever is not under a lease is not to be kept. */
  readonly gap: () => void
}

/** Lets the store of one function forget what other processes have changed, or may have. */
export class Ear implements Hearer {
  readonly name: string
  readonly book: RoomInFront['book']
  readonly #hearing: Hearing
  readonly #prefix: string
  readonly #leave: () => void
  /** Runs while nothing is heard. */
  #blind: NodeJS.Timeout | undefined

  constructor(hearing: Hearing) {
    const { room, tier } = hearing
    this.#hearing = hearing
    this.name = room.space.name!
    this.book = room.book
    this.#prefix = room.space.storeKey('') as string
    this.#leave = hubOf(tier).enter(this)
    if (!tier.connected) this.#beBlind()
  }

  hear(event: TierEvent): void {
    const { room, entries, gap } = this.#hearing
    if (event.type === 'keys') {
      for (const key of event.keys) {
        const storeKey = this.#prefix + key
        room.space.revoke(storeKey)
        room.drop(storeKey)
      }
    } else if (event.type === 'clear') room.dropAll()
    else if (event.type === 'lost') this.#beBlind()
    else if (event.type === 'gap') {
      this.#see()
      room.space.disbelieve()
      gap()
    } else if (entries.strangeTags) room.dropAll()
  }

  tagsUnderWay(change: Promise<unknown>): Promise<void> {
    return this.#hearing.shelf.waitFor(change)
  }

  failed(error: unknown): void {
    this.#hearing.room.storeFailed(error)
  }

  /** Hears nothing any more. */
  close(): void {
    this.#leave()
    this.#see()
  }

  /** Nothing is heard of others: what there is counts no longer than that. */
  #beBlind(): void {
    const { room, blindTtl } = this.#hearing
    if (this.#blind !== undefined || blindTtl > longestDelay) return
    this.#blind = setInterval(() => room.space.disbelieve(), Math.max(1, blindTtl)).unref()
  }

  #see(): void {
    clearInterval(this.#blind)
    this.#blind = undefined
  }
}
