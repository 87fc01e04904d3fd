import { resolve } from 'node:path'
import { callable, flag, knownOptions, outOfRange, positiveInteger, wrongType } from '../check.ts'
import { checkedTags } from '../tiers/life.ts'
import { Owed } from '../tiers/owed.ts'
import { Renewals } from '../tiers/renewals.ts'
import type { Tier, TierCapabilities, TierEvent, TierSpace } from '../tiers/tier.ts'
import { newToken } from '../tiers/token.ts'
import { Waiting } from '../tiers/waiting.ts'
import { warn } from '../warn.ts'
import { Database } from './database.ts'
import { Journal } from './journal.ts'
import { Ledger, tagKey } from './ledger.ts'
import { LmdbSpace, type Shared, transact } from './space.ts'

export { FileSetAsideError } from './file.ts'
export type * from '../tiers/tier.ts'

/** How a tier uses a file. */
export interface LmdbTierOptions {
  /** The file. Its folder is made if need be; two more files of that name, with endings, stand beside it. */
  path: string
  /** The most bytes that the file takes; the entries that were written first make room. Default: 256 MiB. */
  maxBytes?: number | undefined
  /** The bytes of address space that the file is mapped to at first; it grows by itself. Default: `maxBytes`. */
  mapSize?: number | undefined
  /**
   * Whether every write is on the disk before it counts, which takes milliseconds. If not, the file survives whatever
   * happens to processes, and is begun anew after the machine has been restarted. Default: `false`.
   */
  durable?: boolean | undefined
  /** Milliseconds after which a lease ends whose holder has died or hangs. Default: 5,000. */
  leaseTtl?: number | undefined
  /** Milliseconds between two looks for what other processes have done. Default: 10. */
  pollEvery?: number | undefined
  /** The tags and spaces whose last invalidation is remembered. What is older than those forgotten is a miss. Default: 50,000. */
  maxMarks?: number | undefined
  /** Told of damaged entries, and of a file that was set aside. Default: a process warning. */
  onError?: ((error: unknown) => void) | undefined
}

const names = ['path', 'maxBytes', 'mapSize', 'durable', 'leaseTtl', 'pollEvery', 'maxMarks', 'onError']

/** The smallest file in which there is room for anything. */
const leastBytes = 2 ** 20

/**
 * Makes a tier of a file, by LMDB: for the processes of one machine that see one file system. It survives the end of any
 * process at any moment.
 *
 * A hit is a read from memory, without a lock and without a call to the system. Misses, writes and invalidations are
 * transactions, of which one runs at a time over all processes. Every process sees what another has committed at its
 * next call; first tiers hear of it within `pollEvery`.
 *
 * A file that is damaged, cut off or somebody else's is set aside, and a new one is begun; `onError` is told where the
 * old one is.
 *
 * @throws {TypeError | RangeError} when an option is wrong
 * @throws {Error} when the package `lmdb` is not installed, or the file cannot be opened
 * @example
 * const tier = lmdbTier({ path: '/var/cache/shop/cache.mdb', maxBytes: 2 ** 30 })
 */
export function lmdbTier(options: LmdbTierOptions): Tier {
  knownOptions('lmdbTier', options, names)
  const { path, maxBytes = 256 * 2 ** 20, durable = false, leaseTtl = 5_000, pollEvery = 10 } = options
  if (typeof path !== 'string' || path === '') throw wrongType('path', 'the path of a file', path)
  if (positiveInteger('maxBytes', maxBytes) < leastBytes) {
    throw outOfRange('maxBytes', `at least ${leastBytes}`, maxBytes)
  }
  const { mapSize = maxBytes, maxMarks = 50_000, onError = warn } = options
  positiveInteger('mapSize', mapSize)
  positiveInteger('leaseTtl', leaseTtl)
  positiveInteger('pollEvery', pollEvery)
  positiveInteger('maxMarks', maxMarks)
  callable('onError', onError)
  const database = new Database({ path: resolve(path), mapSize, durable: flag('durable', durable), onError })
  return new LmdbTier(database, new Ledger(database, maxBytes, maxMarks), { leaseTtl, pollEvery, onError })
}

class LmdbTier implements Tier {
  readonly capabilities: TierCapabilities = { leases: true, backplane: true }
  readonly #shared: Shared
  readonly #spaces = new Map<string, LmdbSpace>()

  constructor(
    database: Database,
    ledger: Ledger,
    options: { leaseTtl: number; pollEvery: number; onError: (error: unknown) => void },
  ) {
    const waiting = new Waiting()
    const journal = new Journal(database, newToken(), options.pollEvery, () => waiting.wakeAll())
    const owed = new Owed(() => transact(this.#shared, () => ledger.mark([])))
    const renewals = new Renewals(options.leaseTtl)
    this.#shared = { ...options, database, ledger, journal, waiting, renewals, owed, closed: false }
  }

  get connected(): boolean {
    return this.#shared.journal.connected
  }

  space(name: string): TierSpace {
    let space = this.#spaces.get(name)
    if (space === undefined) this.#spaces.set(name, (space = new LmdbSpace(name, this.#shared)))
    return space
  }

  async invalidateTags(tags: readonly string[]): Promise<void> {
    const unique = checkedTags(tags)
    if (unique.length === 0) return
    const { ledger, journal, owed, waiting } = this.#shared
    await owed.pay(`tags ${JSON.stringify(unique)}`, () =>
      transact(this.#shared, () => {
        ledger.mark(unique.map(tagKey))
        journal.write({ type: 'tags', tags: unique })
      }),
    )
    waiting.wakeAll()
  }

  subscribe(listener: (event: TierEvent) => void): () => void {
    return this.#shared.journal.add(callable('listener', listener))
  }

  async close(): Promise<void> {
    const { database, journal, owed, renewals } = this.#shared
    this.#shared.closed = true
    renewals.close()
    journal.close()
    owed.close()
    await database.close()
  }
}
