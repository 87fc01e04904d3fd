import { callable, flag, knownOptions, wrongType } from './check.ts'
import { freshnessOptions, type FreshnessOptions } from './freshness.ts'
import type { AnyStore } from './space.ts'

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
   * The async context (`AsyncLocalStorage`) that a load runs in: that of the caller who began it, or the one in which
   * the function was made. Default: `'caller'`.
   */
  context?: 'caller' | 'isolated'
  /** Told of every failure that no caller sees. Default: a process warning. */
  onError?: ErrorListener
}

const names: readonly string[] = [...freshnessOptions, 'name', 'shareKeys', 'when', 'context', 'onError']

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
  const { name, shareKeys, when, context, onError } = options as EngineOptions<unknown, unknown[]>
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw wrongType('name', 'a string that is not empty', name)
  }
  if (shareKeys !== undefined) flag('shareKeys', shareKeys)
  if (when !== undefined) callable('when', when)
  if (onError !== undefined) callable('onError', onError)
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
