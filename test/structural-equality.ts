import { types } from 'node:util'

/**
 * The model that keys are held against: plain, slow, and meant to be right at a glance.
 *
 * It knows values that have a key. For all others its answer means nothing.
 */
export function structurallyEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b || Object.is(a, b)
  const kind = kindOf(a)
  return kind === kindOf(b) && sameContent(kind, a, b) && sameProperties(a, b)
}

const kinds = [
  ['array', Array.isArray],
  ['map', types.isMap],
  ['set', types.isSet],
  ['date', types.isDate],
  ['regexp', types.isRegExp],
  ['error', types.isNativeError],
  ['typed array', types.isTypedArray],
  ['data view', types.isDataView],
  ['array buffer', types.isArrayBuffer],
  ['shared array buffer', types.isSharedArrayBuffer],
  ['boxed', types.isBoxedPrimitive],
  ['url', (value: unknown) => value instanceof URL],
  ['search', (value: unknown) => value instanceof URLSearchParams],
] as const

type Kind = (typeof kinds)[number][0] | 'object'

function kindOf(value: object): Kind {
  return kinds.find(([, is]) => is(value))?.[0] ?? 'object'
}

function sameContent(kind: Kind, a: any, b: any): boolean {
  switch (kind) {
    case 'array':
      return a.length === b.length
    case 'map':
      return sameMembers([...a], [...b])
    case 'set':
      return sameMembers([...a], [...b])
    case 'date':
      return Object.is(a.getTime(), b.getTime())
    case 'regexp':
      return a.source === b.source && a.flags === b.flags && structurallyEqual(a.lastIndex, b.lastIndex)
    case 'error':
      return (
        ['name', 'message'].every((name) => structurallyEqual(a[name], b[name])) && sameOwn(a, b, 'cause', 'errors')
      )
    case 'typed array':
      return a[Symbol.toStringTag] === b[Symbol.toStringTag] && a.length === b.length
    case 'data view':
      return sameBytes(bytesOf(a.buffer, a.byteOffset, a.byteLength), bytesOf(b.buffer, b.byteOffset, b.byteLength))
    case 'array buffer':
    case 'shared array buffer':
      return sameBytes(bytesOf(a), bytesOf(b))
    case 'boxed':
      return structurallyEqual(a.valueOf(), b.valueOf())
    case 'url':
    case 'search':
      return String(a) === String(b)
    case 'object':
      return true
  }
}

/** Own enumerable properties: elements of arrays and of typed arrays are among them, holes are not. */
function sameProperties(a: any, b: any): boolean {
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && structurallyEqual(a[name], b[name]))
  )
}

function sameOwn(a: any, b: any, ...names: string[]): boolean {
  return names.every((name) => Object.hasOwn(a, name) === Object.hasOwn(b, name) && structurallyEqual(a[name], b[name]))
}

function sameMembers(a: unknown[], b: unknown[]): boolean {
  const left = [...b]
  return (
    a.length === b.length &&
    a.every((member) => {
      const index = left.findIndex((other) => structurallyEqual(member, other))
      if (index >= 0) left.splice(index, 1)
      return index >= 0
    })
  )
}

function bytesOf(buffer: ArrayBufferLike, offset = 0, length?: number): number[] {
  return [...new Uint8Array(buffer, offset, length)]
}

function sameBytes(a: number[], b: number[]): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
