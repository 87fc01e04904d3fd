import { expectTypeOf } from 'expect-type'

import { arc, clock, fifo, lfu, lirs, mru, s3Fifo, sieve, slru, tlru, twoQ } from '../../src/index.ts'
import type { Arc, CountOptions, OrderedPolicy, RemovalCause, TimeToUse, TlruOptions } from '../../src/index.ts'

interface User {
  name: string
}

describe('the types of the policies', () => {
  it('say what is in the store', () => {
    const users = arc<string, User>({ max: 10 })

    expectTypeOf(users).toEqualTypeOf<Arc<string, User>>()
    expectTypeOf(users.get('1')).toEqualTypeOf<User | undefined>()
    expectTypeOf(users.peek('1')).toEqualTypeOf<User | undefined>()
    expectTypeOf(users.hottest(3)).toEqualTypeOf<[string, User][]>()
    expectTypeOf([...users]).toEqualTypeOf<[string, User][]>()
    // @ts-expect-error -- the keys are strings
    users.get(1)
    // @ts-expect-error -- the values are users
    users.set('1', 'name')
  })

  it('say that all of them are in order', () => {
    for (const create of [arc, clock, fifo, lfu, lirs, mru, s3Fifo, sieve, slru, twoQ]) {
      expectTypeOf(create<string, User>({ max: 1 })).toMatchTypeOf<OrderedPolicy<string, User>>()
    }
  })

  it('say what listeners and weighers are given', () => {
    sieve<string, User>({
      maxWeight: 10,
      weigher: (user, key) => {
        expectTypeOf(user).toEqualTypeOf<User>()
        expectTypeOf(key).toEqualTypeOf<string>()
        return 1
      },
      onRemoval: (key, user, cause) => {
        expectTypeOf(key).toEqualTypeOf<string>()
        expectTypeOf(user).toEqualTypeOf<User>()
        expectTypeOf(cause).toEqualTypeOf<RemovalCause>()
      },
    })
  })

  it('say which policies count and do not weigh', () => {
    expectTypeOf<Parameters<typeof arc<string, User>>[0]>().toMatchTypeOf<CountOptions<string, User>>()
    expectTypeOf<Parameters<typeof lirs<string, User>>[0]>().not.toHaveProperty('weigher')
    expectTypeOf<Parameters<typeof arc>[0]['max']>().toEqualTypeOf<number>()
  })

  it('say what ttu is given, and that it must be there', () => {
    expectTypeOf<TlruOptions<string, User>['ttu']>().toEqualTypeOf<TimeToUse<string, User>>()
    tlru<string, User>({ max: 1, ttu: (key, user, now) => now + key.length + user.name.length })
    // @ts-expect-error -- it says when each entry ends
    void (() => tlru({ max: 1 }))
    // @ts-expect-error -- an instant is a number
    tlru<string, User>({ max: 1, ttu: (key) => key })
  })

  it('say that ageing is a choice', () => {
    lfu({ max: 1, ageing: true })
    // @ts-expect-error -- there is one way to age
    void (() => lfu({ max: 1, ageing: 'dynamic' }))
  })
})
