import { argsKey, type Primitive } from '../keys.ts'

/**
 * The key of a call by its arguments as JSON would carry them: by their structure, as {@link argsKey} does, but that a
 * property which is `undefined` is one that is absent, and so is an `undefined` argument at the end.
 *
 * What a model asks comes as JSON, where nothing is `undefined`; a schema with optional parts, or a caller in code, adds
 * such properties without a meaning of their own.
 *
 * @throws KeyError for what has no key, as {@link argsKey} does
 */
export function toolKey(...args: readonly unknown[]): Primitive {
  // Asked first, since it refuses what is cyclic or too large to be gone through.
  const key = argsKey(...args)
  let { length } = args
  while (length > 0 && args[length - 1] === undefined) length--
  const bare = withoutUndefined(length === args.length ? args : args.slice(0, length))
  return bare === args ? key : argsKey(...bare)
}

/** The same value without `undefined` properties at any depth; the value itself where there are none. */
function withoutUndefined<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    // Indices come first among the names, so the last one tells of properties besides the elements.
    if (!/^(0|[1-9]\d*)$/.test(Object.keys(value).at(-1) ?? '0')) return value
    const bare = value.map(withoutUndefined)
    return (bare.some((item, index) => item !== value[index]) ? bare : value) as T
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const entries = Object.entries(value)
  const bare = entries.filter(([, item]) => item !== undefined).map(([name, item]) => [name, withoutUndefined(item)])
  const same = bare.length === entries.length && bare.every(([, item], index) => Object.is(item, entries[index]![1]))
  return same ? value : (Object.fromEntries(bare) as T)
}
