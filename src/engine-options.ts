import { callable, duration, flag, knownOptions, outOfRange, wrongType } from './check.ts'
import { freshnessOptions, type FreshnessOptions } from './freshness.ts'
import type { AnyStore } from './space.ts'
import type { TagBook, TagRule } from './tagging.ts'

/** Told of a failure that no caller sees: of the store, of a listener, of an option's own function. */
export type ErrorListener = (error: unknown) => void

/** What every function and cache can be told, on top of its store. */
export interface EngineOptions<V, Args extends readonly unknown[]> extends FreshnessOptions<V, Args> {
  /** The space in a store that several functions share. Needed there, and different for each. Default: none. */
  name?: string
  /** Whether to share keys, entries and loads with another of the same name on the same store. Default: `false`. */
  shareKeys?: boolean
  /** Which values to keep. A value that is not kept takes the older one under its key with it. Default: all. */
  when?: (value: V, ...args: Args) => boolean
  /**
   * What entries can be invalidated by together with others: `tags.of((value, ...args) => [...])` of a `Tags`, or the
   * `Tags` itself where loads name all tags by `loadContext().addTags`. Default: none.
   */
  tags?: TagRule<V, Args> | { readonly tags: TagBook }
  /**
   * Milliseconds for which a failure is remembered, and answers calls in the place of a load; a function is given the
   * error. At most 10,000 failures are remembered. Default: 0; 1,000 where there is an old value to be served.
   */
  errorTtl?: number | ((error: unknown, ...args: Args) => number)
  /**
   * Milliseconds after which a caller gets a `LoadTimeoutError`. The load goes on, is joined by those who come
   * meanwhile, and is kept when it ends. Default: never.
   */
  timeout?: number
  /**
   * Milliseconds after which a caller gets the old value, if there is one: within the stale windows, or of any age
   * where there is none of them. The load goes on as with `timeout`. Default: never.
   */
  softTimeout?: number
  /**
   * The async context (`AsyncLocalStorage`) that a load runs in: that of the caller who began it, or the one in which
   * the function was made. Default: `'caller'`.
   */
  context?: 'caller' | 'isolated'
  /**
   * For development: whether a call is refused with a `KeyCollisionError` when its key has been given for arguments that
   * differ in what the key function reads of them. What it does not read may differ, and so may the order of a list. A
   * key function that means to make one of two arguments, as `toLowerCase` does, is refused too. It is called twice at
   * every call, the last 10,000 keys are remembered, and those of this library are never in doubt. Default: `false`.
   */
  debugKeys?: boolean
  /** Told of every failure that no caller sees. Default: a process warning. */
  onError?: ErrorListener
}

const names: readonly string[] = [
  ...freshnessOptions,
  'name',
  'shareKeys',
  'when',
  'tags',
  'errorTtl',
  'timeout',
  'softTimeout',
  'context',
  'debugKeys',
  'onError',
]

/** The longest delay that a timer can be set to. */
const longestDelay = 2 ** 31 - 1

/** Checks the delay of a timer. */
function delay(name: string, value: unknown): void {
  if (typeof value === 'number' && value > 0 && value <= longestDelay) return
  const error = typeof value === 'number' ? outOfRange : wrongType
  throw error(name, `a number of milliseconds, more than 0 and at most ${longestDelay}`, value)
}

/**
 * Checks everything about the options but what {@link FreshnessOptions} checks itself.
 *
 * @param more names that the owner knows besides
 * @param without names that mean nothing to the owner
 */
export function checkEngineOptions(
  owner: string,
  options: object,
  more: readonly string[] = [],
  without: readonly string[] = [],
): void {
  knownOptions(owner, options, [...more, ...names.filter((known) => !without.includes(known))])
  const { name, shareKeys, when, context, debugKeys, onError, tags, errorTtl, timeout, softTimeout } =
    options as EngineOptions<unknown, unknown[]>
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw wrongType('name', 'a string that is not empty', name)
  }
  if (shareKeys !== undefined) flag('shareKeys', shareKeys)
  if (debugKeys !== undefined) flag('debugKeys', debugKeys)
  if (when !== undefined) callable('when', when)
  if (onError !== undefined) callable('onError', onError)
  if (tags !== undefined && typeof (tags as Partial<typeof tags> | null)?.tags?.take !== 'function') {
    throw wrongType('tags', 'what the method of() of a Tags gives, or a Tags', tags)
  }
  if (errorTtl !== undefined && typeof errorTtl !== 'function') duration('errorTtl', errorTtl)
  if (timeout !== undefined) delay('timeout', timeout)
  if (softTimeout !== undefined) delay('softTimeout', softTimeout)
  if (timeout !== undefined && softTimeout !== undefined && softTimeout >= timeout) {
    throw outOfRange('softTimeout', `less than timeout, which is ${timeout}`, softTimeout)
  }
  if (context !== undefined && context !== 'caller' && context !== 'isolated') {
    throw wrongType('context', "'caller' or 'isolated'", context)
  }
}

/** Checks that a store has what every store needs. */
export function checkStore(store: unknown): AnyStore {
  if ((typeof store !== 'object' && typeof store !== 'function') || store === null) {
    throw wrongType('store', 'a Map-like object with get, set and delete', store)
  }
  for (const method of ['get', 'set', 'delete'] as const) {
    const value: unknown = (store as Record<string, unknown>)[method]
    if (typeof value !== 'function') throw wrongType(`store.${method}`, 'a function', value)
  }
  return store as AnyStore
}
