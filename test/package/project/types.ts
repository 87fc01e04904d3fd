/** Type-checked in a project into which the package has been installed, by the oldest and the newest compiler. */
import { cached, controlsOf, lru, tiered } from 'polycache'
import { toolCache } from 'polycache/agents'
import { batched } from 'polycache/batched'
import { argsKey } from 'polycache/keys'
import { keyvTier, type KeyvLike } from 'polycache/keyv'
import { lmdbTier, type Tier } from 'polycache/lmdb'
import { lru as sameLru } from 'polycache/policies'
import { redisTier, type RedisClient, type TierSpace } from 'polycache/redis'
import { fromBytes, toBytes, type Restored } from 'polycache/snapshot'
import { ManualClock, describeStore } from 'polycache/testing'

interface User {
  id: string
}

const load = async (id: string): Promise<User> => ({ id })
const getUser = cached(lru<string>({ max: 10 }), (id: string) => id)(load)

export const user: Promise<User> = getUser('42')
// @ts-expect-error The parameters are those of the load.
getUser(42)
// @ts-expect-error So is the result.
export const other: Promise<number> = getUser('42')

const getMany = batched(lru<string>({ max: 10 }))(async (ids: readonly string[]): Promise<(User | Error)[]> =>
  ids.map((id) => ({ id })),
)

export const one: Promise<User> = getMany('42')
export const many: Promise<(User | Error)[]> = getMany.many(['42'])
// @ts-expect-error The argument is that of the load.
getMany(42)

const tools = toolCache({ store: lru<string>({ max: 10 }) }).wrap(
  {
    load,
    tool: { name: 'tool', execute: async ({ id }: { id: string }, _options: object): Promise<User> => ({ id }) },
  },
  { load: { resource: (id) => id }, tool: { ttl: (found, { id }) => found.id.length + id.length } },
)
export const read: Promise<User> = tools.load('42')
export const executed: Promise<User> = tools.tool.execute({ id: '42' }, {})
// @ts-expect-error A tool stays what it is.
tools.load(42)

export const same: typeof lru = sameLru
export const key: unknown = argsKey('42', { page: 1 })
export const now: number = new ManualClock().now()
export const suite: (...args: Parameters<typeof describeStore>) => unknown = describeStore

/** Checked twice: the compiler takes its decorators for standard ones, and under tsconfig.legacy.json for legacy ones. */
export class Users {
  readonly own = lru<string>({ max: 10 })

  @cached(lru<string>({ max: 10 }), (id: string) => id, { ttl: 1_000 })
  async find(id: string): Promise<User> {
    return { id }
  }

  @cached((self: Users) => self.own)
  async findInOwn(id: string): Promise<User> {
    return { id }
  }

  // @ts-expect-error The key function takes the parameters of the method.
  @cached(new Map(), (id: number) => id)
  async wrong(id: string): Promise<User> {
    return { id }
  }

  async forget(id: string): Promise<boolean> {
    return controlsOf(this.find).invalidate(id)
  }
}
export const tiers = (client: RedisClient, keyv: KeyvLike): Tier[] => [
  redisTier(client, { prefix: 'shop' }),
  lmdbTier({ path: 'cache.mdb', maxBytes: 2 ** 30 }),
  keyvTier(keyv),
]
export const stored = async (space: TierSpace): Promise<boolean> => {
  const { lease } = await space.read('42')
  return lease !== undefined && (await space.write('42', lease, new Uint8Array(), { freshFor: 1000, tags: ['x'] }))
}
export const shared = (tier: Tier): Promise<boolean> => {
  const get = cached(tiered(lru<string>({ max: 10 }), tier, { l2Timeout: 20 }), { name: 'user' })(
    async (id: string): Promise<User> => ({ id }),
  )
  return get.invalidate('42')
}
export const copied = (bytes: AsyncIterable<Uint8Array>): Promise<Restored> => {
  const get = cached(lru<string>({ max: 10 }))(async (id: string): Promise<User> => ({ id }))
  toBytes(get.dump(), { compressAbove: 1000 })
  return get.restore(fromBytes(bytes))
}
// @ts-expect-error A file has a path.
lmdbTier({})
// @ts-expect-error There is no such option.
redisTier({} as RedisClient, { ttl: 1 })
