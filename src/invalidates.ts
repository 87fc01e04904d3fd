import { callable, wrongType } from './check.ts'
import { roomOf } from './controls.ts'
import { holdAll, holdKey } from './holding.ts'
import { isThenable } from './space.ts'
import type { AnyFunction } from './store-types.ts'
import type { TagList } from './tagging.ts'
import { Tags } from './tags.ts'

/** A cached function of whatever kind, as far as it can be invalidated. */
interface Target<Args extends any[] = any[]> {
  readonly invalidate: (...args: Args) => unknown
  readonly load: unknown
}

/** What makes a mutation invalidate: called with the mutation it gives it back, and it decorates methods. */
export interface Invalidator<Args extends readonly unknown[]> {
  <M extends (...args: [...Args, ...any[]]) => unknown>(mutation: M, context?: ClassMethodDecoratorContext): M
  <M extends (...args: [...Args, ...any[]]) => unknown>(
    owner: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void
}

/** Says that what a mutation invalidates is settled: it may be kept again, and nothing older is left. */
type Release = () => unknown

/**
 * Makes a mutation invalidate what a cached function has read: before it begins, throughout it and after it has ended,
 * also when it fails.
 *
 * Invalidating before a mutation alone leaves a window in which a read caches the old row while the mutation runs;
 * invalidating after it alone leaves one in which the old row is served when it has changed already, and lets a read that
 * began before write the old row afterwards. Here the entry goes first, reads that come meanwhile load and are not kept,
 * and what was loading when the mutation ended is not kept either. Mutations of one key that overlap hold it until the
 * last has ended; one that never ends blocks no read. Nested, it invalidates several.
 *
 * The mutation stays what it is: its parameters, its result, its errors, its `this`. Where the store is asynchronous and
 * the mutation gives a promise, that waits until the store has forgotten. A failure of the store is told to the `onError`
 * of the function that reads, and changes nothing of the mutation.
 *
 * @example
 * const rename = invalidates(getUser, (id: string) => [id])(async (id: string, name: string) => db.rename(id, name))
 *
 * @param target a cached function; in a decorator also a function that gives it for an instance; or a `Tags`
 * @param map gives the arguments of the read, or the list of tags, for the arguments of the mutation; what it throws,
 *   the mutation throws before it has begun. Without it all entries of the function are invalidated.
 * @throws `TypeError` when the target is nothing that can be invalidated, or `map` not a function
 */
export function invalidates<ReadArgs extends any[], Args extends any[]>(
  target: Target<ReadArgs>,
  map: (...args: Args) => Readonly<NoInfer<ReadArgs>>,
): Invalidator<Args>
export function invalidates(target: Target): Invalidator<[]>
export function invalidates<Self, ReadArgs extends any[], Args extends any[]>(
  target: (self: Self) => Target<ReadArgs>,
  map?: (...args: Args) => Readonly<NoInfer<ReadArgs>>,
): Invalidator<Args>
export function invalidates<Args extends any[]>(target: Tags, map: (...args: Args) => TagList): Invalidator<Args>
// Once more, so that an error of the compiler speaks of this, the usual case: it names the last one.
export function invalidates<ReadArgs extends any[], Args extends any[]>(
  target: Target<ReadArgs>,
  map: (...args: Args) => Readonly<NoInfer<ReadArgs>>,
): Invalidator<Args>
export function invalidates(target: unknown, map?: (...args: any[]) => any): unknown {
  if (map !== undefined) callable('map', map)
  const hold = holderOf(target, map)
  return (mutation: AnyFunction, context?: unknown, descriptor?: PropertyDescriptor): unknown => {
    if (descriptor === undefined) return invalidating(callable('the mutation', mutation), hold)
    descriptor.value = invalidating(callable('the mutation', descriptor.value as AnyFunction), hold)
    return undefined
  }
}

/** Checks a target, and gives what holds it for one mutation. */
function holderOf(target: unknown, map: AnyFunction | undefined): (self: unknown, args: unknown[]) => Release {
  if (target instanceof Tags) {
    if (map === undefined) throw wrongType('map', 'a function that gives a list of tags', map)
    return (_, args) => target.hold(map(...args) as TagList)
  }
  const holdOf = (fn: unknown, args: unknown[]): Release => {
    const entrance = roomOf(fn)
    if (entrance === undefined) throw wrongType('the target of invalidates', 'a cached function or a Tags', fn)
    if (map === undefined) return holdAll(entrance.room)
    const readArgs: unknown = map(...args)
    if (!Array.isArray(readArgs)) throw wrongType('what map gives', 'an array of arguments', readArgs)
    return holdKey(entrance.room, entrance.keyOf(...(readArgs as unknown[])))
  }
  if (roomOf(target) !== undefined) return (_, args) => holdOf(target, args)
  callable('the target of invalidates', target as AnyFunction)
  return (self, args) => holdOf((target as AnyFunction)(self), args)
}

function invalidating(mutation: AnyFunction, hold: (self: unknown, args: unknown[]) => Release): AnyFunction {
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    const release = hold(this, args)
    let result: unknown
    try {
      result = mutation.apply(this, args)
    } catch (error) {
      void release()
      throw error
    }
    if (isThenable(result)) return settled(result, release)
    void release()
    return result
  }
  Object.defineProperty(wrapped, 'name', { value: mutation.name, configurable: true })
  Object.defineProperty(wrapped, 'length', { value: mutation.length, configurable: true })
  return wrapped
}

async function settled(result: PromiseLike<unknown>, release: Release): Promise<unknown> {
  try {
    return await result
  } finally {
    await release()
  }
}
