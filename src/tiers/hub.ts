import type { TagBook } from '../tagging.ts'
import { maxTags, type Tier, type TierEvent } from './tier.ts'

/** One who hears of what other processes do. */
export interface Hearer {
  /** The name of its space. */
  readonly name: string
  readonly book: TagBook | undefined
  hear(event: TierEvent): void
  /**
   * Told of an invalidation of tags that has begun, which reads must wait for.
   *
   * @returns fulfilled when it has ended, and so has all that was on its way when it began
   */
  tagsUnderWay(change: Promise<unknown>): Promise<void>
  /** Told of a failure. */
  failed(error: unknown): void
}

/** What all functions of this process that use one tier share: one subscription, and the way of tags to the tier. */
class Hub {
  readonly #tier: Tier
  readonly #hearers = new Set<Hearer>()
  readonly #books = new Map<TagBook, { readonly unlisten: () => void; count: number }>()
  /** Invalidations of tags that have not come to their end: whoever enters meanwhile must not read what was before them. */
  readonly #underWay = new Set<Promise<unknown>>()
  #unsubscribe: (() => void) | undefined

  constructor(tier: Tier) {
    this.#tier = tier
  }

  /** @returns what ends it */
  enter(hearer: Hearer): () => void {
    this.#hearers.add(hearer)
    for (const change of this.#underWay) void hearer.tagsUnderWay(change)
    if (hearer.book !== undefined) this.#attach(hearer.book)
    this.#unsubscribe ??= this.#tier.subscribe((event) => this.#hear(event))
    return () => {
      if (!this.#hearers.delete(hearer)) return
      if (hearer.book !== undefined) this.#detach(hearer.book)
      if (this.#hearers.size > 0) return
      this.#unsubscribe?.()
      this.#unsubscribe = undefined
    }
  }

  #hear(event: TierEvent): void {
    if (event.type === 'tags') this.#tellBooks(event.tags)
    for (const hearer of this.#hearers) {
      if (!('space' in event) || event.space === hearer.name) hearer.hear(event)
    }
  }

  #attach(book: TagBook): void {
    const known = this.#books.get(book)
    if (known !== undefined) known.count++
    else this.#books.set(book, { count: 1, unlisten: book.listen((names) => this.#invalidate(book, names)) })
  }

  #detach(book: TagBook): void {
    const known = this.#books.get(book)!
    if (--known.count > 0) return
    known.unlisten()
    this.#books.delete(book)
  }

  async #invalidate(book: TagBook, names: readonly string[]): Promise<void> {
    const parts: Promise<void>[] = []
    for (let from = 0; from < names.length; from += maxTags) {
      parts.push(this.#tier.invalidateTags(names.slice(from, from + maxTags)))
    }
    const change = Promise.all(parts)
    this.#underWay.add(change)
    // A tier does not tell books apart, and does not echo what is done here.
    this.#tellBooks(names, book)
    const turns: Promise<void>[] = []
    let concerned: Hearer | undefined
    for (const hearer of this.#hearers) {
      turns.push(hearer.tagsUnderWay(change))
      if (hearer.book === book) concerned = hearer
      else hearer.hear({ type: 'tags', tags: names })
    }
    try {
      await Promise.all([change, ...turns])
    } catch (error) {
      concerned?.failed(error)
      throw error
    } finally {
      this.#underWay.delete(change)
    }
  }

  #tellBooks(names: readonly string[], but?: TagBook): void {
    for (const book of this.#books.keys()) if (book !== but) book.heard(names)
  }
}

const hubs = new WeakMap<Tier, Hub>()

/** The hub of a tier. */
export function hubOf(tier: Tier): Hub {
  let hub = hubs.get(tier)
  if (hub === undefined) hubs.set(tier, (hub = new Hub(tier)))
  return hub
}
