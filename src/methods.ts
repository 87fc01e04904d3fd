import { AsyncLocalStorage } from 'node:async_hooks'
import { callable, wrongType } from './check.ts'
import { leaveWith } from './departures.ts'
import { checkStore, type EngineOptions } from './engine-options.ts'
import { Engine } from './engine.ts'
import type { AnyStore } from './space.ts'
import { identityText } from './store-key.ts'
import type { AnyFunction, Result } from './store-types.ts'
import type { Policy } from './types.ts'

/** How the cached function of a method is made for one instance. */
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

/** Whether what makes cached functions has been called as a decorator, standard or legacy. */
export function isDecoration([context, descriptor]: readonly unknown[]): boolean {
  return 'addInitializer' in Object(context) || 'configurable' in Object(descriptor)
}

/** Whether this is no store, but what gives the store of an instance. */
export function isGiver(store: unknown): store is Giver<unknown> {
  return typeof store === 'function' && !('get' in store)
}

/**
 * Makes a method cached: every object that it is asked of gets a cached function of its own.
 *
 * The property becomes an accessor, which gives the function of its object. A legacy decorator says so at once; a
 * standard one can only put a function in the method's place, and that becomes the accessor when the first instance is
 * made. A private method stays that function.
 *
 * @param rest what comes behind the method: a context; or behind the object whose property it is: a key and a descriptor
 * @throws `TypeError` for what is not a method
 */
export function decorate(making: Making, method: unknown, rest: readonly unknown[]): unknown {
  const [context, descriptor] = rest as [Context & string, PropertyDescriptor | undefined]
  if (descriptor !== undefined) return accessorOf(making, descriptor.value, context)[0]

  const { kind, name } = context
  const [accessor, call] = accessorOf(making, kind === 'method' ? method : kind, name)
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
    const load = original.bind(self)
    const name = options.name ?? `${(typeof self === 'function' ? self : self.constructor).name}.${String(key)}`
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

  function call(this: object): unknown {
    return functionOf(this).apply(this, arguments as unknown as unknown[])
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
