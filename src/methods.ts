import { AsyncLocalStorage } from 'node:async_hooks'
import { frontOf } from './behind.ts'
import { callable, wrongType } from './check.ts'
import { leaveWith } from './departures.ts'
import { checkStore, type EngineOptions } from './engine-options.ts'
import { Engine } from './engine.ts'
import type { AnyStore } from './space.ts'
import { identityText } from './store-key.ts'
import type { AnyFunction, Result } from './store-types.ts'
import type { Policy } from './types.ts'

/** How a cached function is made of a function, or for one instance of a method. */
export interface Making {
  readonly store: AnyStore | Giver<unknown>
  readonly options: EngineOptions<unknown, unknown[]>
  readonly make: (engine: Engine<unknown, unknown[]>, load: AnyFunction, name: string) => AnyFunction
}

/** Gives the store of one instance. */
export type Giver<S> = (self: any) => S

/** A refusal where the type is `any`, which may be a store as well as a {@link Giver}. */
export type NotAny<T> = 0 extends 1 & T ? never : unknown

/** Nothing more where the method may give a promise as it is declared, a refusal otherwise. */
export type GivesPromise<F extends AnyFunction> =
  Promise<Result<F>> extends ReturnType<F> ? unknown : { 'the method is not declared to return a promise': never }

/** The part of a standard decorator's context that is asked. */
type Context = Pick<ClassMethodDecoratorContext, 'name' | 'addInitializer'> & { readonly kind: string }

/** For every function that stands for a cached method: what gives the cached function of an instance. */
export const functionsOf: WeakMap<AnyFunction, (self: object | undefined) => AnyFunction> = new WeakMap()

/** How many spaces of this process have been numbered. */
let numbered = 0

function isGiver(store: unknown): store is Giver<unknown> {
  return typeof store === 'function' && !('get' in store)
}

/** Checks what is to be a store, or to give the store of an instance when there is one. */
export function checkStoreOrGiver(store: unknown): AnyStore | Giver<unknown> {
  return isGiver(store) ? store : checkStore(store)
}

/** What makes the cached function of a function, and decorates methods, standard or legacy. */
export function makerOf(making: Making): AnyFunction {
  return (subject: unknown, ...rest: unknown[]) => {
    const [context, descriptor] = rest
    if ('addInitializer' in Object(context) || 'configurable' in Object(descriptor)) {
      return decorate(making, subject, context as Context & string, descriptor as PropertyDescriptor | undefined)
    }
    const load = callable('the function to cache', subject as AnyFunction)
    const { options } = making
    return making.make(new Engine(checkStore(making.store), options, load.name), load, options.name ?? load.name)
  }
}

/**
 * Makes a method cached: every object that it is asked of gets a cached function of its own.
 *
 * The property becomes an accessor, which gives the function of its object. A legacy decorator says so at once; a
 * standard one can only put a function in the method's place, and that becomes the accessor when the first instance is
 * made. A private method stays that function.
 *
 * @param subject the method, or for a legacy decorator the object whose property it is
 * @param context that of a standard decorator, or for a legacy one the key
 * @throws `TypeError` for what is not a method
 */
function decorate(making: Making, subject: unknown, context: Context & string, legacy?: PropertyDescriptor): unknown {
  if (legacy !== undefined) return accessorOf(making, legacy.value, context)[0]

  const { kind, name } = context
  const [accessor, call] = accessorOf(making, kind === 'method' ? subject : kind, name)
  let looked = false
  context.addInitializer(function (this: unknown) {
    for (let at = this as object | null; !looked && at !== null; at = Object.getPrototypeOf(at) as object | null) {
      looked = Object.getOwnPropertyDescriptor(at, name)?.value === call
      if (looked) Reflect.defineProperty(at, name, accessor)
    }
    looked = true
  })
  return call
}

/** Gives the accessor of a cached method, and a function that stands for it wherever there can be no accessor. */
function accessorOf(making: Making, method: unknown, key: string | symbol): [PropertyDescriptor, AnyFunction] {
  const original = callable('the method to cache', method as AnyFunction)
  const { options } = making
  const shared = options.shareKeys === true
  if (shared && options.name === undefined) throw wrongType('name', 'given to a method with shareKeys', undefined)
  const inContext = AsyncLocalStorage.snapshot()
  const functions = new WeakMap<object, AnyFunction>()

  function make(self: object): AnyFunction {
    if (Object(self) !== self) throw wrongType(`this of ${String(key)}`, 'an object', self)
    const store = checkStore(isGiver(making.store) ? making.store(self) : making.store)
    // What one instance has means nothing to another process.
    if (frontOf(store) !== undefined && !shared) {
      throw wrongType('shareKeys', 'true for a method whose store has a tier', options.shareKeys)
    }
    const load = original.bind(self)
    const name = options.name ?? `${(typeof self === 'function' ? self : self.constructor)?.name}.${String(key)}`
    // A hit joins name and key, which is faster for a short name. Only a store of this process can do with a number.
    const isHere = store instanceof Map || (store as Partial<Policy<unknown, unknown>>).tellsRemovals === true
    const ownName = isHere ? `${options.name ?? ''}#${++numbered}` : `${name}#${identityText(load)}`
    const engine = new Engine<unknown, unknown[]>(store, { ...options, name: shared ? name : ownName })
    const made = making.make(engine, load, name)
    functions.set(self, made)
    functionsOf.set(made, () => made)
    if (!shared) leaveWith(self, engine.room)
    return made
  }

  function functionOf(self: object | undefined): AnyFunction {
    return functions.get(self!) ?? inContext(make, self!)
  }

  function call(this: object, ...args: unknown[]): unknown {
    return functionOf(this)(...args)
  }

  functionsOf.set(call, functionOf)
  const accessor: PropertyDescriptor & ThisType<object> = {
    configurable: true,
    get() {
      // A prototype is no instance.
      return functions.get(this) ?? (this.constructor?.prototype === this ? call : functionOf(this))
    },
    set(value: unknown) {
      Object.defineProperty(this, key, { value, writable: true, configurable: true, enumerable: true })
    },
  }
  return [accessor, call]
}
