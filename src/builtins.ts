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
 *
 * @throws RangeError when the engine has no room for it
 */
export function contentOf(value: any, className: string): readonly unknown[] | undefined {
  try {
    const { prototype } = Reflect.get(globalThis, className)
    const primitive: unknown = prototype.valueOf.call(value)
    if (typeof primitive !== 'object') return [primitive]
    switch (className) {
      case 'Map':
      case 'Set': {
        const members: unknown[][] = []
        prototype.forEach.call(value, (item: unknown, key: unknown) => {
          members.push(className === 'Map' ? [key, item] : [item])
        })
        return members
      }
      case 'URL':
      case 'URLSearchParams':
        return [prototype.toString.call(value)]
      case 'RegExp':
        // A copy has no flags but those that it was made with.
        return [Reflect.get(prototype, 'source', value), new RegExp(value).flags, value.lastIndex]
      case 'ArrayBuffer':
      case 'SharedArrayBuffer':
        return [new Uint8Array(value, 0, Reflect.get(prototype, 'byteLength', value)).join()]
      case 'DataView': {
        const [buffer, offset, length] = ['buffer', 'byteOffset', 'byteLength'].map((name) =>
          Reflect.get(prototype, name, value),
        )
        return [new Uint8Array(buffer, offset, length).join()]
      }
      default:
        return [Uint8Array.prototype.join.call(value)]
    }
  } catch (error) {
    if (error instanceof RangeError) throw error
    return undefined
  }
}
