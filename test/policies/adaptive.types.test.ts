import { expectTypeOf } from 'expect-type'
import { type Adaptive, adaptive, type Explanation, type TinyLfu, tinyLfu } from '../../src/index.ts'
import type { OrderedPolicy, WindowCandidate } from '../../src/index.ts'

interface User {
  name: string
}

describe('the types of adaptive and tinyLfu', () => {
  it('say what is in the store', () => {
    const users = adaptive<string, User>({ max: 10 })
    const articles = tinyLfu<string, User>({ maxWeight: 10, weigher: (user, key) => user.name.length + key.length })

    expectTypeOf(users).toEqualTypeOf<Adaptive<string, User>>()
    expectTypeOf(users).toMatchTypeOf<OrderedPolicy<string, User>>()
    expectTypeOf(users.get('1')).toEqualTypeOf<User | undefined>()
    expectTypeOf(articles).toEqualTypeOf<TinyLfu<string, User>>()
    expectTypeOf(articles).toMatchTypeOf<OrderedPolicy<string, User>>()
    expectTypeOf(articles.window).toEqualTypeOf<number>()
    // @ts-expect-error -- the keys are strings
    users.get(1)
  })

  it('say what is explained', () => {
    const explanation = adaptive<string, User>({ max: 10 }).explain()

    expectTypeOf(explanation).toEqualTypeOf<Explanation>()
    expectTypeOf(explanation.candidates).toEqualTypeOf<readonly WindowCandidate[]>()
    expectTypeOf(explanation.why).toEqualTypeOf<string>()
  })

  it('say that there is nothing to tune in adaptive', () => {
    // @ts-expect-error -- it finds its window
    void (() => adaptive({ max: 1, window: 0.1 }))
    tinyLfu({ max: 1, window: 0.1, adaptive: false })
  })
})
