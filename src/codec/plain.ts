import { types } from 'node:util'

/** Values that go deeper are not looked through here. */
const deepest = 100

/**
 * The JSON of a value that JSON brings back exactly, which is read several times as fast as any other form of it;
 * `undefined` for every other value: where one object is in two places, a number is not finite or a list has holes, for
 * whatever is no plain object, list, text, number, truth value or `null`.
 */
export function plainText(value: unknown): string | undefined {
  // What somebody has taught all objects to be in JSON is not what they are.
  if ('toJSON' in Object.prototype || 'toJSON' in Array.prototype) return undefined
  return isPlain(value, new Set(), 0) ? JSON.stringify(value) : undefined
}

function isPlain(value: unknown, seen: Set<object>, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      break
    default:
      return false
  }
  if (value === null) return true
  if (depth === deepest || seen.has(value) || types.isProxy(value)) return false
  seen.add(value)
  const prototype = Object.getPrototypeOf(value) as object | null
  const keys = Object.keys(value)
  if (prototype === Array.prototype) {
    const list = value as readonly unknown[]
    if (keys.length !== list.length) return false
    // By index, as a hole is passed over by all other means; it is no plain value here.
    for (let index = 0; index < list.length; index++) if (!isPlain(list[index], seen, depth + 1)) return false
    return true
  }
  if (prototype !== Object.prototype || Reflect.ownKeys(value).length !== keys.length) return false
  return keys.every((key) => isPlain((value as Record<string, unknown>)[key], seen, depth + 1))
}
