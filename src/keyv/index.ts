import { callable, knownOptions, wrongType } from '../check.ts'
import { ClosedError } from '../errors.ts'
import { checkedTags } from '../tiers/life.ts'
import { Owed } from '../tiers/owed.ts'
import type { Tier, TierCapabilities, TierEvent, TierSpace } from '../tiers/tier.ts'
import { type KeyvLike, Shelf } from './shelf.ts'
import { KeyvSpace, type Shared, setMark, tagMark } from './space.ts'

export type { KeyvLike } from './shelf.ts'
export type * from '../tiers/tier.ts'

/** How a tier uses a Keyv store. */
export interface KeyvTierOptions {
  /** What all keys begin with. Default: `'polycache'`. */
  prefix?: string | undefined
}

/**
 * Makes a tier of any Keyv store: Postgres, MySQL, MongoDB, a file.
 *
 * A Keyv store knows no conditions, so there are no leases: each process that misses loads by itself. Nor is there a
 * backplane: what another process keeps in its first tier, it keeps until that ends. Invalidations are marks with the
 * time of the wall clock, which every read looks at and every write looks at first: what they invalidate is not read
 * again, as far as the clocks of the processes agree, to a millisecond. A read takes one round trip, or two for an entry with tags; a
 * write takes two. Marks of tags and of clears have no end. A store that drops them for room brings back what they had
 * invalidated, so it should have none of its own bounds.
 *
 * @param keyv an instance that the user has made for this and will close: its `throwOnErrors` is turned on, for otherwise
 * it says that there is nothing when its store fails
 * @throws {TypeError} when it is none, or an option is wrong
 * @example
 * const tier = keyvTier(new Keyv({ store: new KeyvPostgres(uri) }))
 */
export function keyvTier(keyv: KeyvLike, options: KeyvTierOptions = {}): Tier {
  for (const method of ['get', 'set', 'delete'] as const) {
    if (typeof keyv?.[method] !== 'function') throw wrongType('keyv', 'an instance of Keyv (npm install keyv)', keyv)
  }
  knownOptions('keyvTier', options, ['prefix'])
  const { prefix = 'polycache' } = options
  if (typeof prefix !== 'string' || prefix === '') throw wrongType('prefix', 'a string that is not empty', prefix)
  return new KeyvTier(keyv, prefix)
}

class KeyvTier implements Tier {
  readonly capabilities: TierCapabilities = { leases: false, backplane: false }
  readonly connected: boolean = false
  readonly #shared: Shared
  readonly #spaces = new Map<string, KeyvSpace>()
  #closed = false

  constructor(keyv: KeyvLike, prefix: string) {
    const checkOpen = (): void => {
      if (this.#closed) throw new ClosedError('the tier has been closed', undefined)
    }
    // More than can be told apart is never owed at once: every space that this tier has is then cleared.
    const owed = new Owed(() => Promise.all(Array.from(this.#spaces.values(), (space) => space.clear())))
    this.#shared = { shelf: new Shelf(keyv), owed, prefix, checkOpen }
  }

  space(name: string): TierSpace {
    let space = this.#spaces.get(name)
    if (space === undefined) this.#spaces.set(name, (space = new KeyvSpace(name, this.#shared)))
    return space
  }

  async invalidateTags(tags: readonly string[]): Promise<void> {
    this.#shared.checkOpen()
    const { owed, prefix } = this.#shared
    await Promise.all(
      checkedTags(tags).map((tag) => {
        const name = tagMark(prefix, tag)
        return owed.pay(name, () => setMark(this.#shared, name, Infinity))
      }),
    )
  }

  /** Never tells anything: there is no backplane. */
  subscribe(listener: (event: TierEvent) => void): () => void {
    callable('listener', listener)
    return () => {}
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#shared.owed.close()
    this.#shared.shelf.close()
  }
}
