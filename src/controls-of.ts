import type { Cached } from './cached.ts'
import type { CachedSync } from './cached-sync.ts'
import { wrongType } from './check.ts'
import { functionsOf } from './methods.ts'
import type { AnyFunction, Result } from './store-types.ts'

/** A cached method with its controls: those of `cached` where it returns a promise, those of `cachedSync` otherwise. */
export type CachedMethod<F extends AnyFunction> = Promise<Result<F>> extends ReturnType<F> ? Cached<F> : CachedSync<F>

/**
 * The controls of a cached method of one instance, `invalidate` and all the others, typed with the method's parameters.
 *
 * @example
 * controlsOf(users.find).invalidate('42')
 *
 * @param method `instance.method`, whose instance is known from it
 * @param self the instance, where `method` is the same function for all: inside the class, `controlsOf(this.#find, this)`
 * @throws `TypeError` for what is not a cached method, and for a private method without its instance
 */
export function controlsOf<F extends AnyFunction>(method: F, self?: object): CachedMethod<F> {
  const functionOf = functionsOf.get(method)
  if (functionOf === undefined) throw wrongType('what controlsOf is given', 'a cached method', method)
  return functionOf(self) as CachedMethod<F>
}
