import { Batcher, batchOptions, checkBatches, type BatchOptions } from './batcher.ts'
import { cached, type AsyncControls, type Cached, type CachedOptions } from './cached.ts'
import { callable, iterable } from './check.ts'
import { keyAndOptions, standFor, type CloseOptions, type Controls } from './controls.ts'
import type { CallOptions } from './callers.ts'
import { asError } from './errors.ts'
import type { ArgsKey } from './keys.ts'
import type { LoadMany, ManyResults } from './many-results.ts'
import type { AnyFunction, StoreOf } from './store-types.ts'
import type { ArgsList, WarmOptions } from './warm.ts'

export { MissingResultError } from './errors.ts'
export type { BatchOptions, LoadMany, ManyResults }

/** The options of {@link batched}: all of `cached`, and when batches go. */
export interface BatchedOptions<V, A> extends CachedOptions<V, [arg: A]>, BatchOptions {}

/** The ways to call a batched function. */
export interface BatchedCall<A, V> {
  (arg: A): Promise<V>
  /**
   * Calls with each of these arguments and gives what comes of them in their order: a value, or an `Error` in the place
   * of a call that has failed. Rejects where no call was made: when the signal of `with` has fired, and when the
   * function has been closed.
   */
  readonly many: (args: Iterable<A>) => Promise<(V | Error)[]>
}

type One<A, V> = (arg: A) => Promise<V>

/** A batched function: it takes one argument, or many, and has the controls of every cached function. */
export type Batched<A, V, S = unknown> = BatchedCall<A, V> &
  Omit<Controls<One<A, V>, S> & AsyncControls<One<A, V>>, 'load' | 'with' | 'scope'> & {
    /** The function that loads many. */
    readonly load: LoadMany<A, V>
    /** The function, called under these options. */
    readonly with: (options: CallOptions<V, [arg: A]>) => BatchedCall<A, V>
    /** The same function in a scope of its own, as of any cached function. Scopes share batches. */
    readonly scope: (id: string) => Batched<A, V, S>
  }

/** What {@link batched} gives where there is a key function: it makes the batched function of a load of many. */
export interface BatchedMaker<S, A, V> {
  <R extends V>(loadMany: LoadMany<A, R>): Batched<A, R, S>
  <B extends A, R extends V>(loadMany: LoadMany<B, R>): Batched<B, R, S>
}

/** What {@link batched} gives where the key is `argsKey`. It refuses an argument whose key the store does not take. */
export type PlainBatchedMaker<S, V> = <A, R extends V>(
  loadMany: LoadMany<A, R> &
    (S extends { delete(...args: never): PromiseLike<unknown> } | StoreOf<ArgsKey<[A]>>
      ? unknown
      : { 'the store does not take the keys of argsKey for these arguments': never }),
) => Batched<A, R, S>

type KeyOfOne = (arg: any) => unknown

/** How many calls `warm` makes at a time where a batch may have more. */
const mostWarmedAtOnce = 1_000

const controlsOfOne = ['invalidate', 'expire', 'has', 'peek', 'key', 'refresh'] as const

/**
 * Caches a function that loads many at once: calls that come together become one `loadMany`, and each key is cached,
 * shared, invalidated and counted as `cached` does it.
 *
 * Needs the package dataloader.
 *
 * @example
 * const getUser = batched(lru<string>({ max: 1_000 }), { ttl: 60_000 })((ids: readonly string[]) => fetchUsers(ids))
 * const [ann, bob] = await Promise.all([getUser('ann'), getUser('bob')]) // one fetchUsers(['ann', 'bob'])
 *
 * @param store decides what to keep: a policy, a Map, any store of that form, synchronous or not
 * @param key gives the key of an argument; default: `argsKey`
 * @returns a function that takes `loadMany` and gives the batched function
 * @throws `TypeError` or `RangeError` for options that are wrong or contradict each other, `TypeError` when a second
 *   function is made on one store and their names do not keep them apart, and `Error` when dataloader is not installed
 */
export function batched<S extends StoreOf<ReturnType<KF>>, KF extends KeyOfOne, V = unknown>(
  store: S,
  key: KF,
  options?: Omit<BatchedOptions<V, Parameters<KF>[0]>, 'key'>,
): BatchedMaker<S, Parameters<KF>[0], V>
export function batched<S extends StoreOf<ReturnType<KF>>, KF extends KeyOfOne, V = unknown>(
  store: S,
  options: Omit<BatchedOptions<V, Parameters<KF>[0]>, 'key'> & { key: KF },
): BatchedMaker<S, Parameters<KF>[0], V>
export function batched<S extends StoreOf<never>, V = unknown, A = any>(
  store: S,
  options?: Omit<BatchedOptions<V, A>, 'key'>,
): PlainBatchedMaker<S, V>
export function batched(
  store: StoreOf<unknown>,
  keyOrOptions?: AnyFunction | BatchedOptions<unknown, unknown>,
  moreOptions?: BatchedOptions<unknown, unknown>,
): (loadMany: LoadMany<unknown, unknown>) => unknown {
  const { keyOf, options } = keyAndOptions('batched', keyOrOptions, moreOptions, [], batchOptions)
  const { maxBatchSize, window: _window, schedule: _schedule, key: _key, ...rest } = options
  checkBatches(options)
  const make = cached(store, keyOf, rest)
  return (loadMany) => {
    callable('loadMany', loadMany)
    const batcher = new Batcher(loadMany, options)
    const one = make((arg: unknown) => batcher.load(arg)) as Cached<One<unknown, unknown>>
    const most = Math.min(maxBatchSize ?? Infinity, mostWarmedAtOnce)
    return makeBatched(one, batcher, loadMany, options.name ?? loadMany.name, most)
  }
}

/** Makes the function of many out of the cached function of one. */
function makeBatched(
  one: Cached<One<unknown, unknown>>,
  batcher: Batcher<unknown, unknown>,
  loadMany: LoadMany<unknown, unknown>,
  name: string,
  mostWarmed: number,
  isScope = false,
): unknown {
  const scopes = new WeakMap<object, unknown>()
  const close = (options?: CloseOptions): Promise<void> => {
    const closing = one.close(options)
    if (!isScope) batcher.close()
    return closing
  }
  const controls = {
    ...one,
    // Of these too only the first argument counts, however many a caller such as `forEach` gives.
    ...Object.fromEntries(controlsOfOne.map((control) => [control, (arg: unknown) => one[control](arg)])),
    load: loadMany,
    scope: (id: string) => {
      const scoped = one.scope(id)
      const known = scopes.get(scoped) ?? makeBatched(scoped, batcher, loadMany, name, mostWarmed, true)
      scopes.set(scoped, known)
      return known
    },
    with: (options: CallOptions<unknown, [arg: unknown]>) => {
      const asked = one.with(options)
      return withMany((arg) => asked(arg), batcher, options.signal)
    },
    warm: async (argsList: ArgsList<[arg: unknown]>, options: WarmOptions = {}) =>
      one.warm(argsList, { concurrency: mostWarmed, ...options }),
    close,
    [Symbol.asyncDispose]: () => close(),
  }
  const call = Object.assign(
    withMany((arg) => one(arg), batcher),
    controls,
  )
  standFor(call, one)
  return Object.defineProperty(call, 'name', { value: name, configurable: true })
}

/** Adds {@link BatchedCall.many} to a call. */
function withMany(
  call: One<unknown, unknown>,
  batcher: Batcher<unknown, unknown>,
  signal?: AbortSignal,
): BatchedCall<unknown, unknown> {
  async function many(args: Iterable<unknown>): Promise<unknown[]> {
    signal?.throwIfAborted()
    const list = [...iterable('what many is given', args)]
    const refused = batcher.closed
    return Promise.all(
      list.map((arg) =>
        call(arg).catch((error: unknown) => {
          if (refused || (signal?.aborted === true && error === signal.reason)) throw error
          return asError(error)
        }),
      ),
    )
  }
  return Object.assign(call, { many })
}
