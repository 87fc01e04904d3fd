import { callable, flag, knownOptions, signalLike, wrongType } from './check.ts'
import type { Stats } from './counters.ts'
import { debugKey } from './debug-keys.ts'
import { dump, restore, type DumpedEntry, type Restored } from './dump.ts'
import { checkEngineOptions, type EngineOptions } from './engine-options.ts'
import type { CallOptions } from './callers.ts'
import type { Engine } from './engine.ts'
import { checkedTtl } from './freshness.ts'
import { argsKey } from './keys.ts'
import type { Room } from './room.ts'
import type { AnyFunction, Answer, Result } from './store-types.ts'

/** How a function or a cache is ended. */
export interface CloseOptions {
  /** Whether running loads are awaited and kept; if not, their signals fire and nothing is kept. Default: `true`. */
  wait?: boolean
}

/** What every cached function can be asked and told; parameters are those of the function itself. */
export interface Controls<F extends AnyFunction, S> {
  /**
   * Forgets what there is for these arguments, and says whether it was there. A load that is running may no longer
   * write; those who wait for it get its value, and a call from here on begins a new one.
   */
  readonly invalidate: (...args: Parameters<F>) => Answer<S, boolean>
  /** Makes what there is for these arguments stale, and says whether it was there. Fences like `invalidate`. */
  readonly expire: (...args: Parameters<F>) => Answer<S, boolean>
  /** Whether a call would be a hit. Counts nothing, and changes no order in a store that has `peek`. */
  readonly has: (...args: Parameters<F>) => Answer<S, boolean>
  /** The value that a hit would give, or `undefined`. Counts nothing, as `has`. */
  readonly peek: (...args: Parameters<F>) => Answer<S, Result<F> | undefined>
  /** Puts a value in without a load. It wins over every load that began earlier. */
  readonly set: (args: Parameters<F>, value: Result<F>) => Answer<S, void>
  /**
   * Forgets the entries of this function for which `predicate` says so, and gives their number. It looks at all of them.
   * Every load that is running may no longer write. The store must have `keys`.
   */
  readonly invalidateWhere: (predicate: (key: any, value: Result<F>) => boolean) => Answer<S, number>
  /** Forgets all entries of this function, and only this function's. Fences like `invalidate`. */
  readonly clear: () => Answer<S, void>
  /**
   * Its entries that are of use, as plain records for {@link restore}, each as it is when its turn comes; the coldest
   * first where the store has an order. Counts nothing. The store must have `keys`, and no tier.
   *
   * @throws `TypeError`, when its turn comes, for an entry whose key is an object or known by nothing but its identity
   */
  readonly dump: () => AsyncIterable<DumpedEntry<Result<F>>>
  /**
   * Puts dumped records in, with the life, the tags and the stale windows that they have left: the time between counts.
   * None takes the place of what is newer: of an entry that is there, or of an `invalidate`, `expire`, `set`, `clear` or
   * tag invalidation that this process knows of. What is no record is counted, and left alone.
   */
  readonly restore: (
    records: Iterable<DumpedEntry<Result<F>>> | AsyncIterable<DumpedEntry<Result<F>>>,
  ) => Promise<Restored>
  /** What has happened since the beginning or the last `resetStats`. */
  readonly stats: () => Stats
  /** Sets all counts to 0. */
  readonly resetStats: () => void
  /** The key of a call with these arguments. */
  readonly key: (...args: Parameters<F>) => unknown
  /** The function that was cached. */
  readonly load: F
  /** The store that keeps its values. */
  readonly store: S
  /** The name given, or that of the function. */
  readonly name: string
  /** Ends it, once: every later call is refused with a `ClosedError`. The store is left as it is. */
  readonly close: (options?: CloseOptions) => Promise<void>
  /** Ends it as `close()` does. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** What is behind a cached function: its room, and what gives the keys in it. */
export interface Entrance {
  readonly room: Room<any, any>
  readonly keyOf: AnyFunction
}

const entrances = new WeakMap<object, Entrance>()

/** What is behind a cached function; `undefined` for anything else. */
export function roomOf(fn: unknown): Entrance | undefined {
  return entrances.get(fn as object)
}

/** Says that a function stands for another cached one. */
export function standFor(fn: object, original: object): void {
  entrances.set(fn, entrances.get(original)!)
}

/** Adds the {@link Controls} to the function that stands for `load`. */
export function addControls<V, C extends AnyFunction>(
  call: C,
  engine: Engine<V, unknown[]>,
  keyOf: AnyFunction,
  load: AnyFunction,
  name: string,
): C {
  const { room } = engine
  entrances.set(call, { room, keyOf })
  const controls: { [Name in Exclude<keyof Controls<AnyFunction, unknown>, 'name'>]: unknown } = {
    invalidate: (...args: unknown[]) => answerOf(room, () => room.invalidate(keyOf(...args))),
    expire: (...args: unknown[]) => answerOf(room, () => room.expire(keyOf(...args))),
    has: (...args: unknown[]) => answerOf(room, () => room.has(keyOf(...args))),
    peek: (...args: unknown[]) => answerOf(room, () => room.peek(keyOf(...args))),
    set: (args: unknown[], value: V) =>
      answerOf(room, () => room.set(keyOf(...argsArray('the first argument of set', args)), args, value)),
    invalidateWhere: (predicate: (key: unknown, value: V) => boolean) =>
      answerOf(room, () => room.invalidateWhere(callable('predicate', predicate))),
    clear: () => answerOf(room, () => room.clear()),
    dump: () => dump(room),
    restore: (records: Iterable<unknown>) => restore(room, records),
    stats: () => room.stats(),
    resetStats: () => room.resetStats(),
    key: keyOf,
    load,
    store: room.store,
    close: (options?: CloseOptions) => engine.close(checkedWait(options)),
    [Symbol.asyncDispose]: () => engine.close(true),
  }
  Object.defineProperty(call, 'name', { value: name, configurable: true })
  Object.defineProperty(call, 'length', { value: load.length, configurable: true })
  return Object.assign(call, controls)
}

/** Asks a room. Where its store answers with promises, what would be thrown is a rejection. */
export function answerOf(room: Room<any, any>, ask: () => unknown): unknown {
  try {
    return ask()
  } catch (error) {
    if (room.asyncShelf === undefined) throw error
    return Promise.reject(error)
  }
}

/** Returns the arguments of a call. */
export function argsArray(name: string, args: unknown[]): unknown[] {
  if (!Array.isArray(args)) throw wrongType(name, 'an array of arguments', args)
  return args
}

/** Checks the options of `close`, and gives whether to wait. */
export function checkedWait(options: CloseOptions = {}): boolean {
  knownOptions('close', options, ['wait'])
  return options.wait === undefined ? true : flag('wait', options.wait)
}

/** Checks what a call was asked to be made with. */
export function checkedCallOptions<V, Args extends readonly unknown[]>(
  owner: string,
  options: CallOptions<V, Args>,
  names: readonly string[],
): CallOptions<V, Args> {
  knownOptions(owner, options, names)
  const { signal, ttl, fresh } = options
  if (signal !== undefined) signalLike('signal', signal)
  if (ttl !== undefined) checkedTtl(ttl)
  if (fresh !== undefined) flag('fresh', fresh)
  return options
}

/** The options of a call that leaves with this signal, if there is one. */
export function optionsWith(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}

/** Takes apart what comes after the store: a key function, options, both or neither. */
export function keyAndOptions<O extends EngineOptions<unknown, unknown[]>>(
  owner: string,
  keyOrOptions: AnyFunction | (O & { key?: AnyFunction }) | undefined,
  moreOptions: O | undefined,
  without: readonly string[] = [],
  more: readonly string[] = [],
): { keyOf: AnyFunction; options: O } {
  const keyComesFirst = typeof keyOrOptions === 'function'
  const given = keyComesFirst ? moreOptions : keyOrOptions
  const options = given === undefined ? ({} as O) : given
  if (!keyComesFirst && moreOptions !== undefined) throw wrongType('the key function', 'a function', keyOrOptions)
  checkEngineOptions(owner, options, keyComesFirst ? more : ['key', ...more], without)
  const key = keyComesFirst ? keyOrOptions : (options as { key?: AnyFunction }).key
  const keyOf = key === undefined ? argsKey : callable('key', key)
  return { keyOf: options.debugKeys === true ? debugKey(keyOf) : keyOf, options }
}
