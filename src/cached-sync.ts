import { frontOf } from './behind.ts'
import { wrongType } from './check.ts'
import { addControls, checkedCallOptions, keyAndOptions, type Controls } from './controls.ts'
import type { EngineOptions } from './engine-options.ts'
import type { CallOptions } from './callers.ts'
import type { Engine } from './engine.ts'
import { checkFreshness } from './freshness.ts'
import { checkStoreOrGiver, makerOf, type Giver, type NotAny } from './methods.ts'
import type { AnyFunction, Result, StoreOf } from './store-types.ts'

/** A cached function that returns at once: the function itself and its controls. */
export type CachedSync<F extends AnyFunction, S = unknown> = F & Controls<F, S> & SyncControls<F>

/** The controls that only a function that returns at once has. */
export interface SyncControls<F extends AnyFunction> {
  /** Loads anew. */
  readonly refresh: (...args: Parameters<F>) => Result<F>
  /** The function, called under these options. */
  readonly with: (options: Omit<CallOptions<Result<F>, Parameters<F>>, 'signal'>) => F
}

/** The options of {@link cachedSync}: those of `cached` that mean something without promises. */
export type CachedSyncOptions<V, Args extends readonly unknown[]> = Omit<
  EngineOptions<V, Args>,
  'context' | 'staleWhileRevalidate' | 'refreshAfter' | 'timeout' | 'softTimeout'
>

/** The options that need a promise to mean something. */
const withoutMeaning = ['context', 'staleWhileRevalidate', 'refreshAfter', 'timeout', 'softTimeout']

/** What makes a method cached that returns at once: a decorator, standard or legacy. */
export interface CachedSyncDecorator<V, KF, Self = any> {
  <This extends Self, F extends (this: This, ...args: any[]) => V>(
    method: F & Fits<F, KF>,
    context: ClassMethodDecoratorContext<This, F>,
  ): void
  <F extends (...args: any[]) => V>(
    owner: Self,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F> & Fits<F, KF>,
  ): void
}

/** What makes the cached function of a function that returns at once. */
export interface CachedSyncWrapper<S, V, KF> {
  <F extends (...args: any[]) => V>(load: F & Fits<F, KF>): CachedSync<F, S>
}

/** What {@link cachedSync} gives: called with a function it makes the cached one, and it decorates methods. */
export interface CachedSyncMaker<S, V, KF> extends CachedSyncDecorator<V, KF>, CachedSyncWrapper<S, V, KF> {}

type Fits<F extends AnyFunction, KF> = KF extends (...args: Parameters<F>) => unknown ? unknown : never

const callOptionNames = ['ttl', 'fresh']

/**
 * Caches a function that returns at once: the same stores, keys, expiry and controls as `cached`, without promises.
 *
 * There are no loads in the air to share; what the function throws goes through to its caller. A function that returns
 * a promise is refused when it is called: `cached` is for those.
 *
 * @example
 * const parse = cachedSync(lru({ max: 100 }))((text: string) => JSON.parse(text))
 *
 * @param store one that answers at once
 * @throws `TypeError` or `RangeError` for options that are wrong or contradict each other
 */
export function cachedSync<G extends Giver<StoreOf<ReturnType<KF>>>, KF extends AnyFunction, V = unknown>(
  store: G & NotAny<G>,
  key: KF,
  options?: CachedSyncOptions<V, Parameters<KF>>,
): CachedSyncDecorator<V, KF, Parameters<G>[0]>
export function cachedSync<G extends Giver<StoreOf<ReturnType<KF>>>, KF extends AnyFunction, V = unknown>(
  store: G & NotAny<G>,
  options: CachedSyncOptions<V, Parameters<KF>> & { key: KF },
): CachedSyncDecorator<V, KF, Parameters<G>[0]>
export function cachedSync<G extends Giver<StoreOf<never>>, V = unknown, Args extends readonly unknown[] = any[]>(
  store: G & NotAny<G>,
  options?: CachedSyncOptions<V, Args>,
): CachedSyncDecorator<V, AnyFunction, Parameters<G>[0]>
export function cachedSync<S extends StoreOf<ReturnType<KF>>, KF extends AnyFunction, V = unknown>(
  store: S,
  key: KF,
  options?: CachedSyncOptions<V, Parameters<KF>>,
): CachedSyncMaker<S, V, KF>
export function cachedSync<S extends StoreOf<ReturnType<KF>>, KF extends AnyFunction, V = unknown>(
  store: S,
  options: CachedSyncOptions<V, Parameters<KF>> & { key: KF },
): CachedSyncMaker<S, V, KF>
export function cachedSync<S extends StoreOf<never>, V = unknown, Args extends readonly unknown[] = any[]>(
  store: S,
  options?: CachedSyncOptions<V, Args>,
): CachedSyncMaker<S, V, AnyFunction>
export function cachedSync(
  store: unknown,
  keyOrOptions?: AnyFunction | EngineOptions<unknown, unknown[]>,
  moreOptions?: EngineOptions<unknown, unknown[]>,
): AnyFunction {
  const given = checkStoreOrGiver(store)
  if (frontOf(given) !== undefined) throw wrongType('store', 'one that answers at once', given)
  const { keyOf, options } = keyAndOptions('cachedSync', keyOrOptions, moreOptions, withoutMeaning)
  checkFreshness(options)
  return makerOf({ store: given, options, make: (engine, load, name) => makeCached(engine, keyOf, load, name) })
}

function makeCached(
  engine: Engine<unknown, unknown[]>,
  keyOf: AnyFunction,
  load: AnyFunction,
  name: string,
): AnyFunction {
  function callWith(self: unknown, args: unknown[], options?: CallOptions<unknown, unknown[]>): unknown {
    const key: unknown = keyOf(...args)
    const entry = options?.fresh === true ? undefined : engine.hitPath.find(key)
    return entry === undefined ? engine.missNow(key, load, self, args, options) : entry.value
  }
  function call(this: unknown, ...args: unknown[]): unknown {
    return callWith(this, args)
  }
  return Object.assign(addControls(call, engine, keyOf, load, name), {
    refresh: (...args: unknown[]) => callWith(undefined, args, { fresh: true }),
    with(options: CallOptions<unknown, unknown[]>) {
      const asked = { ...checkedCallOptions('with', options, callOptionNames) }
      return function (this: unknown, ...args: unknown[]): unknown {
        return callWith(this, args, asked)
      }
    },
  })
}
