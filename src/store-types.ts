/**
 * What the types of this library ask of a store: that it takes keys of type `K`. Written as properties, so that a store
 * whose keys are narrower does not pass.
 */
export interface StoreOf<K> {
  readonly get: (key: K) => unknown
  readonly set: (key: K, value: any) => unknown
  readonly delete: (key: K) => unknown
}

/** `T` from a store that answers at once, a promise of it from one that does not, either where the type does not say. */
export type Answer<S, T> = S extends { delete(...args: never): infer R }
  ? unknown extends R
    ? T | Promise<T>
    : R extends PromiseLike<unknown>
      ? Promise<T>
      : T
  : T | Promise<T>

/** Any function at all. */
export type AnyFunction = (...args: any[]) => any

/** What a function gives, awaited. */
export type Result<F extends AnyFunction> = Awaited<ReturnType<F>>

/** A function with promised results: the function itself, overloads and generics kept, where it has them already. */
export type Promised<F extends AnyFunction> =
  ReturnType<F> extends Promise<unknown> ? F : (...args: Parameters<F>) => Promise<Result<F>>

/** Chooses entries by key and value. */
export type AnyPredicate = (key: unknown, value: any) => boolean
