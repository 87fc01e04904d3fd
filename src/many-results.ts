import { outOfRange, wrongType } from './check.ts'
import { MissingResultError } from './errors.ts'

/**
 * What a load of many gives: an array with a value or an error for each argument, in their order, or a Map of them by
 * key, where the key is what the key function gives.
 */
export type ManyResults<V> = readonly (V | Error)[] | ReadonlyMap<any, V | Error>

/** Loads many at once. The arguments are all different, by their keys, in an array that is its own. */
export type LoadMany<A, V> = (args: A[]) => ManyResults<V> | PromiseLike<ManyResults<V>>

/**
 * Finds the result of each key in what `loadMany` gave.
 *
 * @throws `TypeError` or `RangeError` where that is nothing that it may give
 */
export function resultsByKey<V>(keys: readonly unknown[], found: ManyResults<V>): Map<unknown, V | Error> {
  if (found instanceof Map) return new Map(keys.map((key) => [key, found.has(key) ? found.get(key) : missing(key)]))
  if (!Array.isArray(found)) {
    throw wrongType('what loadMany gives', 'an array of results, or a Map of them by key', found)
  }
  const { length } = keys
  if (found.length !== length) {
    throw outOfRange('the length of what loadMany gives', `${length}, with one result for each argument`, found.length)
  }
  return new Map(keys.map((key, index) => [key, index in found ? found[index] : missing(key)]))
}

function missing(key: unknown): MissingResultError {
  return new MissingResultError(
    'loadMany gave no result for this key; where there is none, give undefined or null',
    key,
  )
}
