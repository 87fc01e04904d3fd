import { types } from 'node:util'

/** Symbols that some platforms put on their own objects, where they say nothing of the content. */
export const platformSymbols: ReadonlySet<symbol> = new Set(
  [new URL('data:,'), new URLSearchParams()].flatMap(Object.getOwnPropertySymbols),
)

/** What a built-in value holds, beside its enumerable properties. */
export interface Content {
  /** The name of the kind: values of two kinds are never equal. */
  readonly kind: string
  /** Primitives, in the same number for each of its kind; of a Map or a Set what it holds. */
  readonly parts: readonly unknown[]
  /** How many parts make one member, where the order of members does not count; else 0. */
  readonly perMember: number
  /** Properties that count although they are not enumerable. */
  readonly names: readonly string[]
}

/** How many of the enumerable properties, which come first, are a view of the content. */
export function elementsOf(value: object): number {
  return types.isTypedArray(value) ? Reflect.get(Uint8Array.prototype, 'length', value) : 0
}

/**
 * Reads the content of a value of this built-in class, whatever its own properties and its prototypes pretend.
 *
 * The methods and getters of built-in classes look at what a value is and throw for another's. Where they do, and for
 * classes that keep their state to themselves, this is `undefined`.
 */
export function contentOf(value: object, className: string): Content | undefined {
  if (types.isNativeError(value)) {
    const own = ['cause', 'errors'].filter((name) => Object.hasOwn(value, name))
    return { kind: 'Error', parts: [], perMember: 0, names: ['name', 'message', ...own] }
  }
  try {
    const perMember = className === 'Map' ? 2 : className === 'Set' ? 1 : 0
    const names = className === 'RegExp' ? ['lastIndex'] : []
    return { kind: className, parts: partsOf(value, className), perMember, names }
  } catch {
    return undefined
  }
}

function partsOf(value: any, className: string): unknown[] {
  const { prototype } = Reflect.get(globalThis, className)
  const read = (name: string): any => Reflect.get(prototype, name, value)
  switch (className) {
    case 'Map':
      return [...prototype.entries.call(value)].flat()
    case 'Set':
      return [...prototype.values.call(value)]
    case 'Date':
    case 'String':
    case 'Number':
    case 'Boolean':
    case 'BigInt':
    case 'Symbol':
      return [prototype.valueOf.call(value)]
    case 'URL':
    case 'URLSearchParams':
      return [prototype.toString.call(value)]
    case 'RegExp':
      // A copy has no flags but those that it was made with.
      return [read('source'), new RegExp(value).flags]
    case 'ArrayBuffer':
    case 'SharedArrayBuffer':
      return [new Uint8Array(value, 0, read('byteLength')).join()]
    case 'DataView':
      return [new Uint8Array(read('buffer'), read('byteOffset'), read('byteLength')).join()]
    default:
      return [Uint8Array.prototype.join.call(value)]
  }
}
