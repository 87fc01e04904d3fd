import { AsyncLocalStorage } from 'node:async_hooks'
import { wrongType } from './check.ts'
import { leaveWith } from './departures.ts'
import { checkStore, type EngineOptions } from './engine-options.ts'
import { Engine } from './engine.ts'
import type { AnyStore } from './space.ts'
import { identityText } from './store-key.ts'
import type { AnyFunction, Result } from './store-types.ts'

/** How the cached function of a method is made for one instance. */
export interface Making {
  readonly store: AnyStore | ((self: object) => unknown)
  readonly options: EngineOptions<unknown, unknown[]>
  readonly make: (engine: Engine<unknown, unknown[]>, load: AnyFunction, name: string) => AnyFunction
  /** What a call gives for which there is no cached function. */
  readonly refuse: (error: unknown) => unknown
}

/** Nothing more where the method may give a promise as it is declared, a refusal otherwise. */
export type GivesPromise<F extends AnyFunction> =
  Promise<Result<F>> extends ReturnType<F> ? unknown : { 'the method is not declared to return a promise': never }

/** The part of a standard decorator's context that is asked. */
type Context = Pick<ClassMethodDecoratorContext, 'name' | 'static' | 'addInitializer'> & { readonly kind: string }

/** For every function that stands for a cached method: what gives the cached function of an instance. */
export const functionsOf: WeakMap<AnyFunction, (self: object | undefined) => AnyFunction> = new WeakMap()

/** Whether what makes cached functions has been called as a decorator, standard or legacy. */
export function isDecoration([context, descriptor]: readonly unknown[]): boolean {
  return 'kind' in Object(context) || 'configurable' in Object(descriptor)
}

/** Whether this is no store, but what gives the store of an instance. */
export function isGiver(store: unknown): store is (self: object) => unknown {
  return typeof store === 'function' && !('get' in store)
}

/**
 * Makes a method cached: each object that it is a method of gets a cached function of its own, when first asked for it.
 *
 * The property becomes an accessor, which gives the function of the object that it is asked of. A legacy decorator gives
 * that accessor; a standard one can only put a function in the method's place, and that becomes the accessor when the
 * first instance is made. A private method stays that function.
 *
 * @param subject what the decorator is called with first: the method, or the object whose property it is
 * @param rest what comes behind: a context, or a key and a descriptor
 * @throws `TypeError` for what is not a method
 */
export function decorate(making: Making, subject: unknown, rest: readonly unknown[]): unknown {
  const [context, descriptor] = rest as [Context & string, PropertyDescriptor | undefined]
  if (descriptor !== undefined) return cachedMethod(making, descriptor.value, context, subject).property

  const { name: key } = context
  const method = cachedMethod(making, context.kind === 'method' ? subject : context.kind, key)
  let seen = false
  context.addInitializer(function (this: unknown) {
    if (context.static) method.owner = this
    for (let at = this as object | null; !seen && at !== null; at = Object.getPrototypeOf(at) as object | null) {
      seen = Object.getOwnPropertyDescriptor(at, key)?.value === method.call
      if (seen) Reflect.defineProperty(at, key, method.property)
    }
    seen = true
  })
  return method.call
}

interface CachedMethod {
  /** Calls the function of its `this`. */
  readonly call: AnyFunction
  /** Gives the function of the object that it is asked of. */
  readonly property: PropertyDescriptor
  /** The class, where the method is static. */
  owner: unknown
}

function cachedMethod(making: Making, method: unknown, key: string | symbol, owner?: unknown): CachedMethod {
  if (typeof method !== 'function') throw wrongType('what is decorated', 'a method', method)
  const { options } = making
  const shared = options.shareKeys === true
  if (shared && options.name === undefined) {
    throw wrongType('name', 'given where methods share their keys', undefined)
  }
  const inContext = AsyncLocalStorage.snapshot()
  const functions = new WeakMap<object, AnyFunction>()

  function functionOf(self: object | undefined): AnyFunction {
    return functions.get(self!) ?? inContext(make, self!)
  }

  function make(self: object): AnyFunction {
    if (Object(self) !== self) throw wrongType(`this of ${String(key)}`, 'the object that it is a method of', self)
    const name = options.name ?? `${(typeof self === 'function' ? self : self.constructor).name}.${String(key)}`
    const load = (method as AnyFunction).bind(self) as AnyFunction
    const store = checkStore(isGiver(making.store) ? making.store(self) : making.store)
    const itsName = shared || self === cached.owner ? name : `${name}#${identityText(load)}`
    const engine = new Engine<unknown, unknown[]>(store, { ...options, name: itsName })
    const made = making.make(engine, load, name)
    functions.set(self, made)
    functionsOf.set(made, () => made)
    if (!shared) leaveWith(self, engine.room)
    return made
  }

  function call(this: object): unknown {
    let made: AnyFunction
    try {
      made = functionOf(this)
    } catch (error) {
      return making.refuse(error)
    }
    return made.apply(this, arguments as unknown as unknown[])
  }
  functionsOf.set(call, functionOf)

  const property: PropertyDescriptor & ThisType<object> = {
    configurable: true,
    get() {
      const made = functions.get(this)
      if (made !== undefined) return made
      // A prototype is no instance. What goes wrong is told by a call, and not by a look at the property.
      if (this.constructor?.prototype === this) return call
      try {
        return functionOf(this)
      } catch {
        return call
      }
    },
    set(value: unknown) {
      Object.defineProperty(this, key, { value, writable: true, configurable: true, enumerable: true })
    },
  }
  const cached: CachedMethod = { call, property, owner }
  return cached
}
