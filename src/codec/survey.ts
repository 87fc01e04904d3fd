import { types } from 'node:util'
import { lineageOf } from '../classes.ts'
import { propertyStep } from '../refusal.ts'

/** A value that a structured clone would change, or could not make. The message names the place in the value. */
export class UnfitValueError extends TypeError {
  override readonly name = 'UnfitValueError'
}

/** What of a value a structured clone loses and a codec must bring along beside it. */
export interface Survey {
  /** The errors in the value: their names, causes and own properties are to be restored. */
  readonly errors: readonly Error[]
  /** The objects without a prototype. */
  readonly bare: readonly object[]
}

/** An object on the way into a value, and how it was reached. */
interface Place {
  readonly value: object
  readonly from: Place | undefined
  readonly step: string
}

/** Classes whose values are cloned in full, if they have no properties of their own. */
const cloned: ReadonlySet<string> = new Set([
  'ArrayBuffer', 'BigInt', 'BigInt64Array', 'BigUint64Array', 'Boolean', 'DataView', 'Date', 'Float32Array',
  'Float64Array', 'Int16Array', 'Int32Array', 'Int8Array', 'Map', 'Number', 'RegExp', 'Set', 'String', 'Uint16Array',
  'Uint32Array', 'Uint8Array', 'Uint8ClampedArray',
]) // prettier-ignore

/** From this length on an array may be mostly holes, and its indices are asked for. */
const longArray = 1_000_000

/**
 * Looks through all of a value for what a structured clone would lose.
 *
 * @throws {UnfitValueError} where it holds what would not come back: a function, a symbol, an instance of a class that
 * is not built in, hidden properties
 */
export function survey(root: unknown): Survey {
  const errors: Error[] = []
  const bare: object[] = []
  const seen = new Set<object>()
  const places: Place[] = []

  const meet = (value: unknown, from: Place | undefined, step: string): void => {
    if (typeof value === 'function' || typeof value === 'symbol') throw unfit({ from, step }, `is a ${typeof value}`)
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    places.push({ value, from, step })
  }

  meet(root, undefined, 'the value')
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const { value } = place
    const at = place
    if (Array.isArray(value)) meetElements(value, (element, index) => meet(element, at, `[${index}]`))
    else if (types.isNativeError(value)) {
      errors.push(value)
      for (const [key, part] of ownParts(value)) meet(part, at, propertyStep(key))
    } else if (isPlain(value, bare)) {
      const keys = Object.keys(value)
      if (Reflect.ownKeys(value).length !== keys.length) {
        throw unfit(place, 'has properties that are hidden or named by a symbol')
      }
      for (const key of keys) meet((value as Record<string, unknown>)[key], at, propertyStep(key))
    } else meetBuiltin(at, meet)
  }
  return { errors, bare }
}

/** The own properties of an error that a clone may lose: all that are named by a string but its stack. */
export function ownParts(error: Error): [key: string, value: unknown, enumerable: boolean][] {
  const parts: [string, unknown, boolean][] = []
  for (const key of Object.getOwnPropertyNames(error)) {
    if (key === 'stack') continue
    const enumerable = Object.prototype.propertyIsEnumerable.call(error, key)
    parts.push([key, (error as unknown as Record<string, unknown>)[key], enumerable])
  }
  if (!Object.hasOwn(error, 'name') && typeof error.name === 'string') parts.push(['name', error.name, false])
  return parts
}

function isPlain(value: object, bare: object[]): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === Object.prototype) return true
  if (prototype !== null) return lineageOf(prototype).builtin === 'Object'
  bare.push(value)
  return true
}

function meetElements(array: readonly unknown[], meet: (element: unknown, index: number | string) => void): void {
  if (array.length < longArray) for (let index = 0; index < array.length; index++) meet(array[index], index)
  else for (const index of Object.keys(array)) meet(array[index as unknown as number], index)
}

function meetBuiltin(place: Place, meet: (value: unknown, from: Place, step: string) => void): void {
  const { value } = place
  if (Buffer.isBuffer(value)) return
  const { name, builtin } = lineageOf(Object.getPrototypeOf(value) as object)
  if (name !== builtin || !cloned.has(name)) throw unfit(place, `is an instance of ${name}`)
  if (ArrayBuffer.isView(value)) return
  const hidden = name === 'RegExp' ? 1 : name === 'String' ? (value as { length: number }).length + 1 : 0
  if (Reflect.ownKeys(value).length > hidden) throw unfit(place, 'has properties of its own')
  if (types.isMap(value)) {
    for (const [key, member] of value) {
      meet(key, place, '.keys()')
      meet(member, place, '.values()')
    }
  } else if (types.isSet(value)) for (const member of value) meet(member, place, '.values()')
}

function unfit(place: Pick<Place, 'from' | 'step'>, reason: string): UnfitValueError {
  let path = ''
  for (let at: Pick<Place, 'from' | 'step'> | undefined = place; at !== undefined; at = at.from) path = at.step + path
  return new UnfitValueError(`${path} ${reason}, which would not come back from a tier as it was: pass a codec`)
}
