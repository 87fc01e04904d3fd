import { types } from 'node:util'

/** Symbols that some platforms put on their own objects, where they say nothing of the content. */
export const platformSymbols: readonly symbol[] = [new URL('data:,'), new URLSearchParams()].flatMap(
  Object.getOwnPropertySymbols,
)

/** How many of the enumerable properties, which come first, are a view of the content. */
export function elementsOf(value: object): number {
  return types.isTypedArray(value) ? Reflect.get(Uint8Array.prototype, 'length', value) : 0
}

/** The properties of an error that count although they are not enumerable; `undefined` for anything else. */
export function errorNames(value: object): readonly string[] | undefined {
  if (!types.isNativeError(value)) return undefined
  return ['name', 'message', ...['cause', 'errors'].filter((name) => Object.hasOwn(value, name))]
}

/**
 * What a value of this built-in class holds, whatever its own properties and its prototypes pretend: of a Map or a Set
 * its members, each a list of its parts, of any other as many primitives as of each of its class.
 *
 * The methods and getters of built-in classes look at what a value is, and throw for what is none of theirs. Where they
 * do, and for classes that keep their state to themselves, this is `undefined`.
 */
export function contentOf(value: any, className: string): readonly unknown[] | undefined {
  try {
    const { prototype } = Reflect.get(globalThis, className)
    const read = (name: string): any => Reflect.get(prototype, name, value)
    const primitive: unknown = prototype.valueOf.call(value)
    if (typeof primitive !== 'object') return [primitive]
    switch (className) {
      case 'Map':
        return [...prototype.entries.call(value)]
      case 'Set':
        return Array.from(prototype.values.call(value), (member) => [member])
      case 'URL':
      case 'URLSearchParams':
        return [prototype.toString.call(value)]
      case 'RegExp':
        // A copy has no flags but those that it was made with.
        return [read('source'), new RegExp(value).flags, value.lastIndex]
      case 'ArrayBuffer':
      case 'SharedArrayBuffer':
        return [new Uint8Array(value, 0, read('byteLength')).join()]
      case 'DataView':
        return [new Uint8Array(read('buffer'), read('byteOffset'), read('byteLength')).join()]
      default:
        return [Uint8Array.prototype.join.call(value)]
    }
  } catch {
    return undefined
  }
}
