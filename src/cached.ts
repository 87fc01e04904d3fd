import { addControls, argsArray, checkedCallOptions, keyAndOptions, optionsWith, type Controls } from './controls.ts'
import type { EngineOptions } from './engine-options.ts'
import type { CallOptions } from './callers.ts'
import type { Engine } from './engine.ts'
import { checkFreshness } from './freshness.ts'
import { isItsOwnKey, pairKey } from './key-shortcuts.ts'
import { argsKey, type ArgsKey } from './keys.ts'
import { checkStoreOrGiver, makerOf, type GivesPromise, type Giver, type NotAny } from './methods.ts'
import { scopesOf } from './scopes.ts'
import type { AnyFunction, Promised, Result, StoreOf } from './store-types.ts'
import { warm, type ArgsList, type Warmed, type WarmOptions } from './warm.ts'

/** The options of {@link cached}. */
export interface CachedOptions<V, Args extends readonly unknown[]> extends EngineOptions<V, Args> {
  /** Gives the key of a call: calls with equal keys share one entry. Default: `argsKey`. */
  key?: (...args: Args) => unknown
}

/** A cached function: the function itself, with promised results, and its controls. */
export type Cached<F extends AnyFunction, S = unknown> = Promised<F> & Controls<F, S> & AsyncControls<F>

/** The controls that only a function with promised results has. */
export interface AsyncControls<F extends AnyFunction> {
  /** Loads anew, and never joins a load that began before. The old value is served until the new one is there. */
  readonly refresh: (...args: Parameters<F>) => Promise<Result<F>>
  /** The function, called under these options. */
  readonly with: (options: CallOptions<Result<F>, Parameters<F>>) => Promised<F>
  /**
   * The same function in a scope of its own, such as a session, in the same store: the same one for an id until that is
   * closed. Its entries end when it is closed, or this function is. Needs a `name`.
   */
  readonly scope: (id: string) => this
  /**
   * Loads many ahead of use: calls with each of these argument lists, a few at a time. A call that fails does not stop
   * it. Each counts as any call does.
   */
  readonly warm: (argsList: ArgsList<Parameters<F>>, options?: WarmOptions) => Promise<Warmed<Parameters<F>>>
}

/** What makes a method cached: a decorator, standard or legacy. It refuses a method that the rest does not fit. */
export interface CachedDecorator<S, V, KF, Self = any> {
  <This extends Self, F extends (this: This, ...args: any[]) => V | PromiseLike<V>>(
    method: F & Fits<F, S, KF> & GivesPromise<F>,
    context: ClassMethodDecoratorContext<This, F>,
  ): void
  <F extends (...args: any[]) => V | PromiseLike<V>>(
    owner: Self,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F> & Fits<F, S, KF> & GivesPromise<F>,
  ): void
}

/** What makes the cached function of a load, and refuses one that the rest does not fit. */
export interface CachedWrapper<S, V, Args extends readonly unknown[], KF> {
  <F extends (...args: [...Args, ...any[]]) => V | PromiseLike<V>>(load: F & Fits<F, S, KF>): Cached<F, S>
  <F extends (...args: any[]) => V | PromiseLike<V>>(load: F & Fits<F, S, KF> & Takes<F, Args>): Cached<F, S>
}

/** What {@link cached} gives: called with a load it makes the cached function of it, and it decorates methods. */
export interface CachedMaker<S, V, Args extends readonly unknown[], KF>
  extends CachedDecorator<S, V, KF>, CachedWrapper<S, V, Args, KF> {}

/** Nothing more where the key function takes the load's parameters and the store takes its keys, a refusal otherwise. */
type Fits<F extends AnyFunction, S, KF> = KF extends AnyFunction
  ? KF extends (...args: Parameters<F>) => unknown
    ? unknown
    : { 'the key function does not take the parameters of the function': never }
  : S extends { delete(...args: never): PromiseLike<unknown> }
    ? unknown
    : S extends StoreOf<ArgsKey<Parameters<F>>>
      ? unknown
      : { 'the store does not take the keys of argsKey for these parameters': never }

/** Nothing more where what the options are given are the load's parameters, a refusal otherwise. */
type Takes<F extends AnyFunction, Args extends readonly unknown[]> = ((...args: Args) => unknown) extends (
  ...args: Parameters<F>
) => unknown
  ? unknown
  : { 'the functions among the options do not take the parameters of the function': never }

const callOptionNames = ['signal', 'ttl', 'fresh']

/**
 * Caches an async function: one load per key however many callers come, values kept in any Map-like store, expiry with
 * jitter, and invalidation that a running load cannot undo.
 *
 * @example
 * const getUser = cached(lru({ max: 1_000 }), (user: UserRef) => user.id, { ttl: 60_000, jitter: 10_000 })(fetchUser)
 *
 * @param store decides what to keep: a policy, a Map, any store of that form, synchronous or not
 * @param key gives the key of a call; default: `argsKey`, all arguments by their structure
 * @returns a function that takes the load and gives the cached function, which never throws: a throw of the key
 *   function or of the load is a rejection
 * @throws `TypeError` or `RangeError` for options that are wrong or contradict each other, and `TypeError` when a
 *   second function is made on one store and their names do not keep them apart
 */
export function cached<G extends Giver<StoreOf<ReturnType<KF>>>, KF extends AnyFunction, V = unknown>(
  store: G & NotAny<G>,
  key: KF,
  options?: EngineOptions<V, Parameters<KF>>,
): CachedDecorator<ReturnType<G>, V, KF, Parameters<G>[0]>
export function cached<G extends Giver<StoreOf<ReturnType<KF>>>, KF extends AnyFunction, V = unknown>(
  store: G & NotAny<G>,
  options: EngineOptions<V, Parameters<KF>> & { key: KF },
): CachedDecorator<ReturnType<G>, V, KF, Parameters<G>[0]>
export function cached<G extends Giver<StoreOf<never>>, V = unknown, Args extends readonly unknown[] = any[]>(
  store: G & NotAny<G>,
  options?: EngineOptions<V, Args>,
): CachedDecorator<ReturnType<G>, V, undefined, Parameters<G>[0]>
export function cached<S extends StoreOf<ReturnType<KF>>, KF extends AnyFunction, V = unknown>(
  store: S,
  key: KF,
  options?: EngineOptions<V, Parameters<KF>>,
): CachedMaker<S, V, Parameters<KF>, KF>
export function cached<S extends StoreOf<ReturnType<KF>>, KF extends AnyFunction, V = unknown>(
  store: S,
  options: EngineOptions<V, Parameters<KF>> & { key: KF },
): CachedMaker<S, V, Parameters<KF>, KF>
export function cached<S extends StoreOf<never>, V = unknown, Args extends readonly unknown[] = any[]>(
  store: S,
  options?: EngineOptions<V, Args>,
): CachedMaker<S, V, Args, undefined>
export function cached(
  store: unknown,
  keyOrOptions?: AnyFunction | CachedOptions<unknown, unknown[]>,
  moreOptions?: EngineOptions<unknown, unknown[]>,
): AnyFunction {
  const given = checkStoreOrGiver(store)
  const { keyOf, options } = keyAndOptions('cached', keyOrOptions, moreOptions)
  checkFreshness(options)
  return makerOf({ store: given, options, make: (engine, load, name) => makeCached(engine, keyOf, load, name) })
}

function makeCached(
  engine: Engine<unknown, unknown[]>,
  keyOf: AnyFunction,
  load: AnyFunction,
  name: string,
): AnyFunction {
  const keyIsArgument = keyOf === argsKey
  const { find, findArgument } = engine.hitPath
  const { revalidates } = engine.room.freshness

  // The hit path. An array of the arguments, or an `arguments` that goes anywhere but into `apply`, would be made at
  // every call, and cost as much as the look-up in the store.
  function call(this: unknown, first?: unknown): Promise<unknown> {
    if (arguments.length === 1) return findArgument(first) ?? callLone(this, first)
    return callOther.apply(this, arguments as unknown as [unknown, unknown])
  }

  /** Goes on with a lone argument that has just been looked for: it needs no second look where it is its own key. */
  function callLone(self: unknown, first: unknown): Promise<unknown> {
    if (!isItsOwnKey(first)) return callOne(self, first)
    const old = revalidates ? engine.serveWhileRefreshed(first) : undefined
    return old ?? engine.miss(first, load, self, [first])
  }

  function callOther(this: unknown, first: unknown, second: unknown): Promise<unknown> {
    if (arguments.length === 2) return callTwo(this, first, second)
    if (arguments.length !== 1) return callMany.apply(this, arguments as unknown as unknown[])
    return callOne(this, first)
  }

  function callOne(self: unknown, first: unknown): Promise<unknown> {
    let key: unknown
    try {
      key = keyOf(first)
    } catch (error) {
      return Promise.reject(error)
    }
    const entry = find(key)
    return entry === undefined ? engine.miss(key, load, self, [first]) : (entry.promise ?? entry.settled())
  }

  function callTwo(self: unknown, first: unknown, second: unknown): Promise<unknown> {
    let key: unknown
    try {
      key = keyIsArgument ? pairKey(first, second) : keyOf(first, second)
    } catch (error) {
      return Promise.reject(error)
    }
    const entry = find(key)
    return entry === undefined ? engine.miss(key, load, self, [first, second]) : entry.settled()
  }

  function callMany(this: unknown, ...args: unknown[]): Promise<unknown> {
    let key: unknown
    try {
      key = keyOf(...args)
    } catch (error) {
      return Promise.reject(error)
    }
    const entry = find(key)
    return entry === undefined ? engine.miss(key, load, this, args) : entry.settled()
  }

  function callWith(
    self: unknown,
    args: unknown[],
    options: CallOptions<unknown, unknown[]>,
    loadIt: AnyFunction = load,
  ): Promise<unknown> {
    if (options.signal?.aborted === true) return Promise.reject(options.signal.reason as Error)
    let key: unknown
    try {
      key = keyOf(...args)
    } catch (error) {
      return Promise.reject(error)
    }
    const entry = options.fresh === true ? undefined : find(key)
    return entry === undefined ? engine.miss(key, loadIt, self, args, options) : entry.settled()
  }

  return Object.assign(addControls(keyIsArgument ? call : callOther, engine, keyOf, load, name), {
    scope: scopesOf(engine, (scoped) => makeCached(scoped, keyOf, load, name) as Cached<AnyFunction>),
    refresh: (...args: unknown[]) => callWith(undefined, args, { fresh: true }),
    warm: (argsList: ArgsList<unknown[]>, options?: WarmOptions) =>
      warm(argsList, options, {
        args: (args) => argsArray('each item of argsList', args),
        isClosed: () => engine.room.closed,
        call: (args, signal, begun) =>
          callWith(undefined, args, optionsWith(signal), (...given: unknown[]) => {
            begun()
            return load(...given) as unknown
          }),
      }),
    with(options: CallOptions<unknown, unknown[]>) {
      const asked = { ...checkedCallOptions('with', options, callOptionNames) }
      return function (this: unknown, ...args: unknown[]): Promise<unknown> {
        return callWith(this, args, asked)
      }
    },
  })
}
