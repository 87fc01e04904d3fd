import { types } from 'node:util'

/** Stands for a part that a value does not have, which is not the same as one that is `undefined`. */
export const absent: unique symbol = Symbol('absent')

/** Symbols that some platforms put on their own objects, where they say nothing of the content. */
export const platformSymbols: ReadonlySet<symbol> = new Set(
  [new URL('data:,'), new URLSearchParams()].flatMap(Object.getOwnPropertySymbols),
)

/** A kind of built-in value whose content can be read in full, whatever its properties and prototype pretend. */
export interface Builtin {
  /** One letter of its own for each kind. */
  readonly letter: string
  readonly is: (value: object) => boolean
  /** How each part is read, as it stands after the name of the value. */
  readonly names: readonly string[]
  /** Always as many parts as there are names. */
  readonly parts: (value: object) => readonly unknown[]
  /** How many of its own enumerable properties, which come first, are a view of its content. */
  readonly indices?: (value: object) => number
}

type Method = (this: unknown, ...args: unknown[]) => unknown

/** The method as it was at import, to be called on anything. */
function method(prototype: object, name: string): (value: unknown, ...args: unknown[]) => unknown {
  const captured = Reflect.get(prototype, name) as Method
  return (value, ...args) => Reflect.apply(captured, value, args)
}

/** The getter as it was at import; gives `undefined` where the platform does not have it. */
function getter(prototype: object, name: PropertyKey): (value: unknown) => unknown {
  const captured = Object.getOwnPropertyDescriptor(prototype, name)?.get
  return captured === undefined ? () => undefined : (value) => Reflect.apply(captured, value, [])
}

function answers(read: (value: unknown) => unknown, value: unknown): boolean {
  try {
    read(value)
    return true
  } catch {
    return false
  }
}

const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object
const arrayKind = getter(typedArrayPrototype, Symbol.toStringTag)
const arrayLength = getter(typedArrayPrototype, 'length') as (value: object) => number
const arrayJoin = method(typedArrayPrototype, 'join')

const timeOf = method(Date.prototype, 'getTime')
const sourceOf = getter(RegExp.prototype, 'source')
const flagsOf: readonly (readonly [string, (value: unknown) => unknown])[] = [
  ['d', getter(RegExp.prototype, 'hasIndices')],
  ['g', getter(RegExp.prototype, 'global')],
  ['i', getter(RegExp.prototype, 'ignoreCase')],
  ['m', getter(RegExp.prototype, 'multiline')],
  ['s', getter(RegExp.prototype, 'dotAll')],
  ['u', getter(RegExp.prototype, 'unicode')],
  ['v', getter(RegExp.prototype, 'unicodeSets')],
  ['y', getter(RegExp.prototype, 'sticky')],
]

const hrefOf = getter(URL.prototype, 'href')
const searchText = method(URLSearchParams.prototype, 'toString')

const viewBuffer = getter(DataView.prototype, 'buffer') as (value: object) => ArrayBuffer
const viewOffset = getter(DataView.prototype, 'byteOffset') as (value: object) => number
const viewLength = getter(DataView.prototype, 'byteLength') as (value: object) => number

const stringOf = method(String.prototype, 'valueOf')
const numberOf = method(Number.prototype, 'valueOf')
const booleanOf = method(Boolean.prototype, 'valueOf')
const bigintOf = method(BigInt.prototype, 'valueOf')
const symbolOf = method(Symbol.prototype, 'valueOf')

function unboxed(value: object): unknown {
  if (types.isStringObject(value)) return stringOf(value)
  if (types.isNumberObject(value)) return numberOf(value)
  if (types.isBooleanObject(value)) return booleanOf(value)
  return types.isBigIntObject(value) ? bigintOf(value) : symbolOf(value)
}

function errorParts(value: object): readonly unknown[] {
  const error = value as { name: unknown; message: unknown; cause?: unknown; errors?: unknown }
  return [
    error.name,
    error.message,
    Object.hasOwn(error, 'cause') ? error.cause : absent,
    Object.hasOwn(error, 'errors') ? error.errors : absent,
  ]
}

const builtins: readonly Builtin[] = [
  {
    letter: 'D',
    is: types.isDate,
    names: ['.getTime()'],
    parts: (value) => [timeOf(value)],
  },
  {
    letter: 'U',
    is: (value) => Object.prototype.isPrototypeOf.call(URL.prototype, value) && answers(hrefOf, value),
    names: ['.href'],
    parts: (value) => [hrefOf(value)],
  },
  {
    letter: 'T',
    is: types.isTypedArray,
    names: ['', '.join()'],
    parts: (value) => [arrayKind(value), arrayJoin(value)],
    indices: arrayLength,
  },
  {
    letter: 'E',
    is: types.isNativeError,
    names: ['.name', '.message', '.cause', '.errors'],
    parts: errorParts,
  },
  {
    letter: 'R',
    is: types.isRegExp,
    names: ['.source', '.flags', '.lastIndex'],
    parts: (value) => {
      let flags = ''
      for (const [letter, has] of flagsOf) if (has(value) === true) flags += letter
      return [sourceOf(value), flags, (value as RegExp).lastIndex]
    },
  },
  {
    letter: 'Q',
    is: (value) => Object.prototype.isPrototypeOf.call(URLSearchParams.prototype, value) && answers(searchText, value),
    names: ['.toString()'],
    parts: (value) => [searchText(value)],
  },
  {
    letter: 'B',
    is: types.isArrayBuffer,
    names: ['.bytes'],
    parts: (value) => [arrayJoin(new Uint8Array(value as ArrayBuffer))],
  },
  {
    letter: 'H',
    is: types.isSharedArrayBuffer,
    names: ['.bytes'],
    parts: (value) => [arrayJoin(new Uint8Array(value as SharedArrayBuffer))],
  },
  {
    letter: 'V',
    is: types.isDataView,
    names: ['.bytes'],
    parts: (value) => [arrayJoin(new Uint8Array(viewBuffer(value), viewOffset(value), viewLength(value)))],
  },
  {
    letter: 'O',
    is: types.isBoxedPrimitive,
    names: [''],
    parts: (value) => [unboxed(value)],
    indices: (value) => (types.isStringObject(value) ? (stringOf(value) as string).length : 0),
  },
]

/** The kind of a built-in value, or `undefined` when its content cannot be read. Maps and Sets are apart. */
export function builtinOf(value: object): Builtin | undefined {
  return builtins.find((builtin) => builtin.is(value))
}

const eachOfMap = method(Map.prototype, 'forEach')
const eachOfSet = method(Set.prototype, 'forEach')

/** What a Map or a Set holds: the key and the value of each member, or each member alone. */
export interface Members {
  readonly letter: 'M' | 'S'
  readonly members: readonly (readonly unknown[])[]
}

/** The members of a Map or a Set; `undefined` for anything else. */
export function membersOf(value: object): Members | undefined {
  if (types.isMap(value)) {
    const members: unknown[][] = []
    eachOfMap(value, (item: unknown, key: unknown) => members.push([key, item]))
    return { letter: 'M', members }
  }
  if (types.isSet(value)) {
    const members: unknown[][] = []
    eachOfSet(value, (item: unknown) => members.push([item]))
    return { letter: 'S', members }
  }
  return undefined
}
