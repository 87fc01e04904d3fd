import { callable, knownOptions, positiveInteger, wrongType } from '../check.ts'
import { checkedTags } from '../tiers/life.ts'
import { Renewals } from '../tiers/renewals.ts'
import type { Tier, TierCapabilities, TierEvent, TierSpace } from '../tiers/tier.ts'
import { newToken } from '../tiers/token.ts'
import { Waiting } from '../tiers/waiting.ts'
import { warn } from '../warn.ts'
import { Backplane } from './backplane.ts'
import { type RedisClient, wireOf } from './client.ts'
import { tail } from './messages.ts'
import { Server } from './server.ts'
import { RedisSpace, type Shared } from './space.ts'
import type { TrackingOptions } from './tracking.ts'

export type { IoRedisLike, NodeRedisLike, RedisClient } from './client.ts'
export type * from '../tiers/tier.ts'

/** How a tier uses Redis. All processes that share entries must agree on `prefix` and `shards`. */
export interface RedisTierOptions {
  /** What all keys and the channel begin with, without braces. Default: `'polycache'`. */
  prefix?: string | undefined
  /**
   * The number of hash tags that keys are spread over: 1 keeps all on one node. A cluster needs a few for each node. An
   * invalidation of tags and a clear go to each. Default: 1.
   */
  shards?: number | undefined
  /**
   * Milliseconds after which a lease ends whose holder has died or hangs; it is kept alive while a load runs. Default:
   * 5,000.
   */
  leaseTtl?: number | undefined
  /**
   * Milliseconds between two looks for messages of the backplane that have been lost. One that is lost without a sign is
   * noticed after two of them; a server that hangs, after as long, or a second if that is longer. Default: 1,000.
   */
  checkEvery?: number | undefined
  /**
   * The tags and spaces for each shard whose last invalidation is remembered, half of them at least. What is older than
   * those that were forgotten is a miss. Default: 100,000.
   */
  maxMarks?: number | undefined
  /**
   * How first tiers of this process learn what has become of their copies.
   *
   * - `'pubsub'`: what other tiers do is told by messages.
   * - `'tracking'`: the server tells besides of each entry that was deleted, evicted or flushed, whoever has done it (CLIENT
   *   TRACKING, broadcasting). Each write to an entry then makes a message to each such process, and one look where that
   *   has a copy. For Redis 6 or Valkey on; not for a cluster. A server that does not do it is told to `onError`, and
   *   there are messages alone.
   *
   * Default: `'pubsub'`.
   */
  backplane?: 'pubsub' | 'tracking' | undefined
  /** With `'tracking'`: the most entries that copies are known of; beyond that the oldest are dropped. Default: 100,000. */
  maxTracked?: number | undefined
  /** Told of entries that were found damaged, and of a server that tracks nothing. Default: a process warning. */
  onError?: ((error: unknown) => void) | undefined
}

const names = ['prefix', 'shards', 'leaseTtl', 'checkEvery', 'maxMarks', 'backplane', 'maxTracked', 'onError']

/**
 * Makes a tier of a Redis or Valkey server, or of a cluster of them: leases, fenced writes and a backplane, over a
 * client that the user has made and will close.
 *
 * A read is one round trip, and so is a write. Entries end by the server's own expiry and clock. What the server loses,
 * by eviction, by a restart with old data or with none, makes misses and never brings back what was invalidated. A
 * failover to a replica that had not heard of the last invalidations is met in the same way; a node that is demoted and
 * then promoted again while no client has noticed is not.
 *
 * The client needs the rights to EVAL, EVALSHA, PUBLISH and SUBSCRIBE, and within scripts to INFO; for tracking those
 * to CLIENT, GETRANGE and SET.
 *
 * @param client of ioredis, iovalkey or node-redis, connected or about to be
 * @throws {TypeError | RangeError} when the client or an option is wrong
 * @example
 * const tier = redisTier(new Redis('redis://127.0.0.1'), { prefix: 'shop' })
 */
export function redisTier(client: RedisClient, options: RedisTierOptions = {}): Tier {
  const wire = wireOf(client)
  knownOptions('redisTier', options, names)
  const { prefix = 'polycache', shards = 1, leaseTtl = 5_000, checkEvery = 1_000, maxMarks = 100_000 } = options
  if (typeof prefix !== 'string' || prefix === '' || /[{}]/.test(prefix)) {
    throw wrongType('prefix', 'a string that is not empty and has no braces', prefix)
  }
  const { backplane = 'pubsub', maxTracked = 100_000, onError = warn } = options
  callable('onError', onError)
  if (backplane !== 'pubsub' && backplane !== 'tracking') {
    throw wrongType('backplane', "'pubsub' or 'tracking'", backplane)
  }
  if (backplane === 'tracking' && wire.track === undefined) {
    throw wrongType('backplane', "'pubsub' where the client is of a cluster", backplane)
  }
  positiveInteger('maxTracked', maxTracked)
  positiveInteger('leaseTtl', leaseTtl)
  positiveInteger('checkEvery', checkEvery)
  positiveInteger('maxMarks', maxMarks)
  positiveInteger('shards', shards)
  const tracking = backplane === 'tracking' ? { maxTracked, refused: onError } : undefined
  return new RedisTier(
    { wire, prefix, shards, origin: newToken() },
    { leaseTtl, checkEvery, maxMarks, tracking, onError },
  )
}

class RedisTier implements Tier {
  readonly capabilities: TierCapabilities = { leases: true, backplane: true }
  readonly #shared: Shared
  readonly #maxMarks: string
  readonly #spaces = new Map<string, RedisSpace>()

  constructor(
    at: ConstructorParameters<typeof Server>[0],
    options: {
      leaseTtl: number
      checkEvery: number
      maxMarks: number
      tracking: TrackingOptions | undefined
      onError: (error: unknown) => void
    },
  ) {
    const server = new Server(at, () => this.#markAll([], tail('everything')))
    const waiting = new Waiting()
    this.#maxMarks = String(options.maxMarks)
    this.#shared = {
      server,
      waiting,
      backplane: new Backplane(server, waiting, options.checkEvery, options.tracking),
      renewals: new Renewals(options.leaseTtl),
      leaseTtl: options.leaseTtl,
      onError: options.onError,
      mark: async (what, marks, end) => {
        await server.owed.pay(what, () => this.#markAll(marks, end))
      },
    }
  }

  get connected(): boolean {
    return this.#shared.backplane.connected
  }

  space(name: string): TierSpace {
    let space = this.#spaces.get(name)
    if (space === undefined) this.#spaces.set(name, (space = new RedisSpace(name, this.#shared)))
    return space
  }

  async invalidateTags(tags: readonly string[]): Promise<void> {
    const unique = checkedTags(tags)
    if (unique.length === 0) return
    const marks = unique.map((tag) => `t:${tag}`)
    await this.#shared.mark(`tags ${JSON.stringify(unique)}`, marks, tail('tags', unique))
  }

  subscribe(listener: (event: TierEvent) => void): () => void {
    return this.#shared.backplane.add(callable('listener', listener))
  }

  async close(): Promise<void> {
    this.#shared.renewals.close()
    this.#shared.backplane.close()
    this.#shared.server.close()
  }

  async #markAll(marks: readonly string[], end: string): Promise<void> {
    const { server } = this.#shared
    await server.runOnAll('mark', (shard) => [this.#maxMarks, server.channel, shard.head, end, ...marks])
  }
}
