import { expectTypeOf } from 'expect-type'

import {
  argsKey,
  identityKey,
  pick,
  prefix,
  skip,
  typed,
  type ArgsKey,
  type KeyFunction,
  type Primitive,
} from '../src/keys.ts'

describe('the types of the key functions', () => {
  it('say that one primitive is its own key', () => {
    expectTypeOf(argsKey('x')).toEqualTypeOf<string>()
    expectTypeOf(argsKey(1)).toEqualTypeOf<number>()
    expectTypeOf(argsKey(1n)).toEqualTypeOf<bigint>()
    expectTypeOf(argsKey(true)).toEqualTypeOf<boolean>()
    expectTypeOf(argsKey(null)).toEqualTypeOf<null>()
    expectTypeOf(argsKey(undefined)).toEqualTypeOf<undefined>()
    expectTypeOf<ArgsKey<['a' | 'b']>>().toEqualTypeOf<'a' | 'b'>()
  })

  it('say that all else is a string', () => {
    expectTypeOf(argsKey()).toEqualTypeOf<string>()
    expectTypeOf(argsKey({ id: 1 })).toEqualTypeOf<string>()
    expectTypeOf(argsKey([1])).toEqualTypeOf<string>()
    expectTypeOf(argsKey(1, 2)).toEqualTypeOf<string>()
    expectTypeOf(argsKey(undefined, undefined)).toEqualTypeOf<string>()
  })

  it('leave open what the arguments leave open', () => {
    expectTypeOf<ArgsKey<[unknown]>>().toEqualTypeOf<Primitive>()
    expectTypeOf<ArgsKey<[any]>>().toEqualTypeOf<Primitive>()
    expectTypeOf<ArgsKey<[number | { id: number }]>>().toEqualTypeOf<number | string>()
    expectTypeOf<ArgsKey<[page?: number]>>().toEqualTypeOf<number | string | undefined>()
    expectTypeOf<ArgsKey<number[]>>().toEqualTypeOf<number | string>()
    expectTypeOf<ArgsKey<[string, ...number[]]>>().toEqualTypeOf<string>()
    expectTypeOf<ArgsKey<[NonNullable<unknown>]>>().toEqualTypeOf<string | number | bigint | boolean>()
    expectTypeOf<ArgsKey<[]>>().toEqualTypeOf<string>()
  })

  it('let argsKey be the key function of any load', () => {
    expectTypeOf(argsKey).toExtend<(id: string) => string>()
    expectTypeOf(argsKey).toExtend<(id: string, page: { size: number }) => string>()
    expectTypeOf(argsKey).toExtend<KeyFunction>()
  })

  it('give the type of the first argument to identityKey', () => {
    const user = { id: 1 }

    expectTypeOf(identityKey(user)).toEqualTypeOf<{ id: number }>()
    expectTypeOf(identityKey<Date>).toExtend<(when: Date, how: string) => Date>()
  })

  it('ask of a load that its first parameter has the picked paths', () => {
    type LoadKey<Load extends (...args: never[]) => unknown> = (...args: Parameters<Load>) => unknown
    const key = pick('id', 'org.id')

    expectTypeOf(key).returns.toEqualTypeOf<string>()
    expectTypeOf(pick('id')).returns.toBeAny()
    expectTypeOf(key).toExtend<LoadKey<(user: { id: number; org: { id: string }; name: string }) => void>>()
    expectTypeOf(key).toExtend<LoadKey<(user: { id: number; org: { id: string } | null }, more: boolean) => void>>()

    key({ id: 1, org: { id: 'a' } })
    key({ id: 1, org: null }, 'more')
    // @ts-expect-error the path org.id is missing
    key({ id: 1 })
    // @ts-expect-error the path org.id is missing
    key({ id: 1, org: {} })
    // @ts-expect-error the path org.id goes through a number
    key({ id: 1, org: 5 })

    // @ts-expect-error the parameter of the load lacks org.id
    const lacking: LoadKey<(user: { id: number }) => void> = key
    // @ts-expect-error the parameter of the load is no object with these paths
    const primitive: LoadKey<(id: string) => void> = key
    void [lacking, primitive]
  })

  it('refuse wrong paths', () => {
    // @ts-expect-error at least one path
    expectTypeOf(() => pick()).toBeFunction()
    // @ts-expect-error a path is a string
    expectTypeOf(() => pick(1)).toBeFunction()
  })

  it('put the skipped arguments before those of the inner key function', () => {
    const byName = (name: string, size: number): string => `${name} ${size}`

    expectTypeOf(skip(1)).toEqualTypeOf<(...args: readonly unknown[]) => Primitive>()
    expectTypeOf(skip(1, byName)).toExtend<(context: object, name: string, size: number) => string>()
    expectTypeOf(skip(1, byName)).returns.toEqualTypeOf<string>()
    expectTypeOf(skip(2, identityKey<Date>)).returns.toEqualTypeOf<Date>()
    // @ts-expect-error the second argument is a name
    skip(1, byName)({}, 1, 1)
    // @ts-expect-error the number of arguments is a number
    expectTypeOf(() => skip('1')).toBeFunction()
  })

  it('take primitive keys alone into prefix and typed', () => {
    const byId = (user: { id: number }): number => user.id

    expectTypeOf(prefix('user')).toEqualTypeOf<(...args: readonly unknown[]) => string>()
    expectTypeOf(prefix('user', byId)).toEqualTypeOf<(user: { id: number }) => string>()
    expectTypeOf(prefix('user', pick('id'))).toExtend<(user: { id: number }) => string>()
    expectTypeOf(prefix('user', skip(1))).toExtend<(context: object, id: string) => string>()
    expectTypeOf(typed(byId)).toEqualTypeOf<(user: { id: number }) => string>()
    expectTypeOf(typed()('a')).toEqualTypeOf<string>()
    expectTypeOf(typed()(1)).toEqualTypeOf<number>()
    expectTypeOf(typed()({ id: 1 })).toEqualTypeOf<string>()
    // @ts-expect-error an object is no primitive key
    prefix('user', (user: { id: number }) => user)
    // @ts-expect-error an object is no primitive key
    typed((user: { id: number }) => user)
    // @ts-expect-error a prefix is a string
    expectTypeOf(() => prefix(1)).toBeFunction()
  })
})
