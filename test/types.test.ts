import { expectTypeOf } from 'expect-type'
import Keyv from 'keyv'
import { LRUCache } from 'lru-cache'
import QuickLRU from 'quick-lru'
import { TTLCache } from '@isaacs/ttlcache'
import { Cache, cached, cachedSync, invalidates, lru, pick, Tags, type Cached, type Stats } from '../src/index.ts'

interface User {
  id: string
  org: { id: number }
}

async function fetchUser(id: string): Promise<User> {
  return { id, org: { id: 1 } }
}

/* Compiling is the test; nothing here runs. */
export function typesOfCached(): void {
  const getUser = cached(lru<string>({ max: 10 }), (id: string) => id, { ttl: 1000 })(fetchUser)

  expectTypeOf(getUser).toBeCallableWith('1')
  expectTypeOf(getUser).returns.resolves.toEqualTypeOf<User>()
  expectTypeOf(getUser.invalidate).parameters.toEqualTypeOf<[id: string]>()
  expectTypeOf(getUser.invalidate('1')).toEqualTypeOf<boolean>()
  expectTypeOf(getUser.peek('1')).toEqualTypeOf<User | undefined>()
  expectTypeOf(getUser.refresh('1')).resolves.toEqualTypeOf<User>()
  expectTypeOf(getUser.with({ fresh: true })).toEqualTypeOf<typeof fetchUser>()
  expectTypeOf(getUser.load).toEqualTypeOf<typeof fetchUser>()
  expectTypeOf(getUser.stats()).toEqualTypeOf<Stats>()
  expectTypeOf(getUser.store).toHaveProperty('hottest')
  expectTypeOf(getUser.clear()).toEqualTypeOf<void>()
  getUser.set(['1'], { id: '1', org: { id: 2 } })
  expectTypeOf<Cached<typeof fetchUser>>().returns.resolves.toEqualTypeOf<User>()

  // @ts-expect-error -- the function takes a string
  void getUser(1)
  // @ts-expect-error -- the controls take the parameters of the function
  getUser.invalidate(1)
  // @ts-expect-error -- the value is a user
  getUser.set(['1'], { id: 1 })
  // @ts-expect-error -- no such option
  cached(lru({ max: 10 }), { tll: 1000 })
  // @ts-expect-error -- the store takes string keys
  cached(lru<string>({ max: 10 }), (id: number) => id)
  // @ts-expect-error -- a key may be missing, and the store does not take that
  cached(new Map<string, unknown>(), (id: string | undefined) => id)
  // @ts-expect-error -- the key function does not take what the function takes
  cached(new Map(), (id: number) => id)(fetchUser)
  // @ts-expect-error -- a store is Map-like
  cached({ get: () => 1 }, (id: number) => id)
  // @ts-expect-error -- the key of one number is a number
  cached(lru<string>({ max: 10 }))(async (id: number) => id)
  // @ts-expect-error -- the user has no such path
  cached(new Map(), pick('name'))(async (user: User) => user)
}

export function typesOfKeysAndArguments(): void {
  const byPath = cached(new Map(), pick('id', 'org.id'))(async (user: User) => user.id)
  expectTypeOf(byPath).parameters.toEqualTypeOf<[user: User]>()

  const narrower = cached(
    new Map(),
    (user: { id: string }) => user.id,
  )(async (user: User, _verbose?: boolean) => user.org)
  expectTypeOf(narrower).parameters.toEqualTypeOf<[user: User, _verbose?: boolean | undefined]>()

  const inferred = cached(new Map(), (id: string) => id)(async (id) => id.length)
  expectTypeOf(inferred).returns.resolves.toEqualTypeOf<number>()

  cached(new Map(), (id: string) => id, { ttl: (user: User, id) => user.org.id + id.length })(fetchUser)
  // @ts-expect-error -- the ttl is of a user, and the function gives a number
  cached(new Map(), (id: string) => id, { ttl: (user: User) => user.org.id })(async (_: string) => 1)
  cached(new Map(), { key: (id: string) => id, when: (user: User) => user.id !== '' })(fetchUser)
  cached(new Map(), { ttl: (size: number, id: string) => size + id.length })(
    async (id: string, _n?: number) => id.length,
  )
  // @ts-expect-error -- when is given the parameters of the function, and that takes a string
  cached(new Map(), { when: (size: number, id: number) => size > id })(async (id: string) => id.length)
}

export function typesOfKinds(): void {
  const generic = cached(new Map())(async <T>(value: T): Promise<T> => value)
  expectTypeOf(generic('a' as const)).resolves.toEqualTypeOf<'a'>()

  function over(id: string): Promise<string>
  function over(id: number): Promise<number>
  async function over(id: string | number): Promise<string | number> {
    return id
  }
  const overloaded = cached(new Map())(over)
  expectTypeOf(overloaded('a')).resolves.toEqualTypeOf<string>()
  expectTypeOf(overloaded(1)).resolves.toEqualTypeOf<number>()

  const promised = cached(new Map())((id: string) => id.length)
  expectTypeOf(promised).toBeCallableWith('a')
  expectTypeOf(promised('a')).toEqualTypeOf<Promise<number>>()

  const sync = cachedSync(lru({ max: 1 }))((text: string) => text.length)
  expectTypeOf(sync('a')).toEqualTypeOf<number>()
  expectTypeOf(sync.refresh('a')).toEqualTypeOf<number>()
  // @ts-expect-error -- there is nothing to leave
  sync.with({ signal: AbortSignal.timeout(1) })
}

export function typesOfStores(): void {
  cached(new Map<string, unknown>())(fetchUser)
  cached(new LRUCache<string, object>({ max: 1 }))(fetchUser)
  cached(new TTLCache<string, object>({ ttl: 1 }))(fetchUser)
  cached(new QuickLRU<string, object>({ maxSize: 1 }))(fetchUser)
  const remote = cached(new Keyv(), (id: string) => id)(fetchUser)
  expectTypeOf(remote.invalidate('1')).toEqualTypeOf<Promise<boolean>>()
  expectTypeOf(remote.peek('1')).toEqualTypeOf<Promise<User | undefined>>()
  expectTypeOf(remote.clear()).toEqualTypeOf<Promise<void>>()
  expectTypeOf(cached(new Keyv())(async (id: number) => id).has(1)).toEqualTypeOf<Promise<boolean>>()
}

export function typesOfCache(): void {
  const users = new Cache<string, User>(lru<string>({ max: 10 }), { ttl: (user, id) => user.org.id + id.length })
  expectTypeOf(users.get('1', fetchUser)).resolves.toEqualTypeOf<User>()
  expectTypeOf(users.delete('1')).toEqualTypeOf<boolean | Promise<boolean>>()
  const anyhow = new Cache(lru<string, User>({ max: 10 }))
  void anyhow.get('1', fetchUser)
  expectTypeOf(anyhow.delete('1')).toEqualTypeOf<boolean>()
  // @ts-expect-error -- keys are strings
  void users.get(1, fetchUser)
  // @ts-expect-error -- the store takes string keys
  const wrong = new Cache<number, User>(lru<string>({ max: 10 }))
  void wrong
}

describe('the types of invalidates', () => {
  it('check the mapping against both functions', () => {
    const read = cached(lru({ max: 1 }))(async (id: string, part: number) => `${id}${part}`)
    const change = invalidates(read, (id: string) => [id, 1])(async (id: string, row: object) => ({ id, row }))
    expectTypeOf(change).toEqualTypeOf<(id: string, row: object) => Promise<{ id: string; row: object }>>()

    const wrong = (): void => {
      // @ts-expect-error: the read takes a string and a number
      invalidates(read, (id: string) => [id])
      // @ts-expect-error: in this order
      invalidates(read, (id: string) => [1, id])
      // @ts-expect-error: the mutation does not take what the mapping is given
      invalidates(read, (id: string) => [id, 1])(async (id: number) => id)
      // @ts-expect-error: tags need a mapping
      invalidates(new Tags())
      // @ts-expect-error: that gives strings
      invalidates(new Tags(), (id: number) => [id])
      // @ts-expect-error: this is nothing that can be invalidated
      invalidates(new Map())
    }
    expectTypeOf(wrong).toBeFunction()
  })
})
