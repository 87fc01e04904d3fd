import { expectTypeOf } from 'expect-type'
import Keyv from 'keyv'

import { batched, type Batched, type LoadMany } from '../src/batched.ts'
import { lru, pick, type Stats, type Warmed } from '../src/index.ts'

interface User {
  id: string
  org: { id: number }
}

async function fetchUsers(ids: readonly string[]): Promise<(User | Error)[]> {
  return ids.map((id) => ({ id, org: { id: 1 } }))
}

/* Compiling is the test; nothing here runs. */
export function typesOfBatched(): void {
  const getUser = batched(lru<string>({ max: 10 }), (id: string) => id, { ttl: 1000, maxBatchSize: 100 })(fetchUsers)

  const getLength = batched(lru({ max: 10 }))(async (texts: string[]) => texts.map((text) => text.length))

  expectTypeOf(getLength('1')).resolves.toEqualTypeOf<number>()
  expectTypeOf(getUser).toBeCallableWith('1')
  expectTypeOf(getUser).returns.resolves.toEqualTypeOf<User>()
  expectTypeOf(getUser.many(['1'])).resolves.toEqualTypeOf<(User | Error)[]>()
  expectTypeOf(getUser.many).toBeCallableWith(new Set(['1']))
  expectTypeOf(getUser.invalidate).parameters.toEqualTypeOf<[arg: string]>()
  expectTypeOf(getUser.invalidate('1')).toEqualTypeOf<boolean>()
  expectTypeOf(getUser.peek('1')).toEqualTypeOf<User | undefined>()
  expectTypeOf(getUser.refresh('1')).resolves.toEqualTypeOf<User>()
  expectTypeOf(getUser.with({ fresh: true })('1')).resolves.toEqualTypeOf<User>()
  expectTypeOf(getUser.with({ fresh: true }).many(['1'])).resolves.toEqualTypeOf<(User | Error)[]>()
  expectTypeOf(getUser.load).toEqualTypeOf<LoadMany<string, User>>()
  expectTypeOf(getUser.warm([['1']])).resolves.toEqualTypeOf<Warmed<[arg: string]>>()
  expectTypeOf(getUser.stats()).toEqualTypeOf<Stats>()
  expectTypeOf(getUser.store).toHaveProperty('hottest')
  expectTypeOf(getUser.close()).toEqualTypeOf<Promise<void>>()
  expectTypeOf(getUser[Symbol.asyncDispose]()).toEqualTypeOf<Promise<void>>()
  getUser.set(['1'], { id: '1', org: { id: 2 } })
  expectTypeOf(getUser).toExtend<Batched<string, User>>()

  // @ts-expect-error -- the function takes a string
  void getUser(1)
  // @ts-expect-error -- and many strings
  void getUser.many([1])
  // @ts-expect-error -- the controls take the argument of the function
  getUser.invalidate(1)
  // @ts-expect-error -- the value is a user
  getUser.set(['1'], { id: 1 })
  // @ts-expect-error -- a list of argument lists
  void getUser.warm(['1'])
  // @ts-expect-error -- no such option
  batched(lru({ max: 10 }), { maxBatch: 1 })
  // @ts-expect-error -- the store takes string keys
  batched(lru<string>({ max: 10 }), (id: number) => id)
  // @ts-expect-error -- the key function does not take what the function takes
  batched(new Map(), (id: number) => id)(fetchUsers)
  // @ts-expect-error -- the key of a number is a number
  batched(lru<string>({ max: 10 }))(async (ids: readonly number[]) => ids)
  // @ts-expect-error -- one result for each argument, not one for all
  batched(new Map())(async (ids: readonly string[]) => ids.length)
}

export function typesOfLoads(): void {
  const plain = batched(new Map())(async (ids: readonly number[]) => ids.map(String))
  expectTypeOf(plain(1)).resolves.toEqualTypeOf<string>()

  const typedByItsKey = batched(new Map(), (id: string) => id)(async (ids) => ids.map((id) => id.length))
  expectTypeOf(typedByItsKey).parameters.toEqualTypeOf<[arg: string]>()
  expectTypeOf(typedByItsKey('a')).resolves.toEqualTypeOf<number>()

  const byMap = batched(new Map())(async (ids: readonly string[]) => new Map(ids.map((id) => [id, id.length])))
  expectTypeOf(byMap('a')).resolves.toEqualTypeOf<number>()

  const maybe = batched(new Map())(async (ids: readonly string[]) =>
    ids.map((id): User | undefined => (id === '' ? undefined : { id, org: { id: 1 } })),
  )
  expectTypeOf(maybe('a')).resolves.toEqualTypeOf<User | undefined>()

  const atOnce = batched(new Map())((ids: readonly string[]) => ids.map((id) => id.length))
  expectTypeOf(atOnce('a')).toEqualTypeOf<Promise<number>>()

  const narrower = batched(new Map(), pick('id'))(async (users: readonly User[]) => users.map(({ org }) => org))
  expectTypeOf(narrower).parameters.toEqualTypeOf<[arg: User]>()
  expectTypeOf(narrower({ id: '1', org: { id: 1 } })).resolves.toEqualTypeOf<{ id: number }>()

  batched(new Map(), (id: string) => id, { ttl: (user: User, id) => user.org.id + id.length })(fetchUsers)
  batched(new Map(), { key: (id: string) => id, when: (user: User) => user.id !== '' })(fetchUsers)
  batched(new Map(), { ttl: (user: User) => user.org.id })(fetchUsers)
  // @ts-expect-error -- the ttl is of a user, and the function gives numbers
  batched(new Map(), (id: string) => id, { ttl: (user: User) => user.org.id })(async (_: readonly string[]) => [1])

  const remote = batched(new Keyv(), (id: string) => id)(fetchUsers)
  expectTypeOf(remote.invalidate('1')).toEqualTypeOf<Promise<boolean>>()
}
