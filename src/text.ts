import { contentOf, elementsOf, errorNames, platformSymbols } from './builtins.ts'
import { classId, lineageOf } from './classes.ts'
import type { KeyError } from './errors.ts'
import { keyRefused, type Place } from './refusal.ts'

/**
 * Structural text: values as strings, two alike exactly when the values are structurally equal.
 *
 * Every text says where it ends: a number, a boolean and a name have an end of their own, a string is preceded by its
 * length, whatever holds others has a fixed number of them or a bracket that no text begins with. So texts may follow
 * one another without a separator, and nothing inside a string needs escaping or can be taken for what it is not.
 */

/** A value that is equal to another exactly when `Object.is` says so, but for `0` and `-0`, which are one. */
export type Primitive = string | number | bigint | boolean | null | undefined

/**
 * The first character of every text that stands for more than one string.
 *
 * U+0091 is a control character for private use: no text has it by accident, a string with it takes one byte a character,
 * and UTF-8 carries it like any other.
 */
export const MARKER = '\u0091'

/** The deepest nesting that is followed. */
export const maxDepth = 1_000

/** The most values, elements and properties that one text is made of. */
export const maxValues = 1_000_000

/** The most characters that one text has. */
export const maxLength: number = 2 ** 24

/** A short string has one letter before it, from À to ÿ, that says how long it is: short texts are joined for much less. */
function stringText(value: string): string {
  const { length } = value
  return (length < 64 ? String.fromCharCode(0xc0 + length) : `s${length}:`) + value
}

/** The text of one primitive. It can be followed by any other text. */
export function primitiveText(value: Primitive): string {
  switch (typeof value) {
    case 'string':
      return stringText(value)
    case 'number':
      return `${value};`
    case 'bigint':
      return `b${value};`
    case 'boolean':
      return value ? 't' : 'f'
    default:
      return value === null ? 'l' : 'u'
  }
}

export function isPrimitive(value: unknown): value is Primitive {
  return value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')
}

const markerCode = MARKER.charCodeAt(0)

/** Whether this value, alone in its list, is its own key: a primitive that nobody can take for a text. */
export function isItsOwnKey(value: unknown): value is Primitive {
  return typeof value === 'string' ? value.charCodeAt(0) !== markerCode : isPrimitive(value)
}

/** The text of a class: what tells it from every other in this process. */
export function classText(prototype: object | null): string {
  if (prototype === null) return '@l'
  const { name, ordinal } = classId(prototype)
  return `@${stringText(name)}${ordinal};`
}

/**
 * The text of a list of values, {@link MARKER} first.
 *
 * @param nameOf what an error calls the value at this index
 * @param tagOf the text that tells the class of an object from others, given its prototype; it goes before that of each
 *   object that is neither a plain object nor an array
 * @throws KeyError for a value that its structure does not tell from all others
 */
export function listText(
  values: readonly unknown[],
  nameOf: (index: number) => string,
  tagOf?: (prototype: object | null) => string,
): string {
  return new Walk(nameOf, tagOf).through(values)
}

/** The text of one list in the making. */
class Walk {
  readonly #nameOf: (index: number) => string
  readonly #tagOf: ((prototype: object | null) => string) | undefined
  /** Where the walk is, so that an error can say so. */
  #at: Place | undefined
  /** How many more values may be visited, so that a small tangle of shared references cannot unfold without end. */
  #valuesLeft = maxValues
  /** Whether what is being thrown is an error of this walk, and not of the values' own code. */
  #refused = false

  constructor(nameOf: (index: number) => string, tagOf: ((prototype: object | null) => string) | undefined) {
    this.#nameOf = nameOf
    this.#tagOf = tagOf
  }

  through(values: readonly unknown[]): string {
    try {
      return MARKER + this.#parts(values, values)
    } catch (error) {
      if (this.#refused) throw error
      // Where it was the engine that threw, there may be no room on the call stack to find the way.
      throw this.#refuse('cannot be read', error instanceof RangeError, error)
    }
  }

  #value(value: unknown): string {
    switch (typeof value) {
      case 'object':
        return value === null ? 'l' : this.#object(value)
      case 'function':
      case 'symbol':
        throw this.#refuse(`is a ${typeof value}`)
      default:
        return primitiveText(value as Primitive)
    }
  }

  #object(value: object): string {
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      // Some versions of Node mark each promise with symbols of their own.
      const isOurs = Object.prototype.propertyIsEnumerable.call(value, symbol) && !(value instanceof Promise)
      if (isOurs && !platformSymbols.includes(symbol)) {
        throw this.#refuse(`has a property named by a symbol, ${String(symbol)}`)
      }
    }
    const prototype = Object.getPrototypeOf(value) as object | null
    if (prototype === Object.prototype) return this.#properties(value)
    const array = Array.isArray(value)
    if (array && prototype === Array.prototype) return this.#array(value)

    const tag = this.#tagOf?.(prototype) ?? ''
    if (prototype === null) return tag + this.#properties(value)
    const { name, builtin, open } = lineageOf(prototype)
    const text = open ? (array ? this.#array(value) : this.#instance(value, builtin)) : undefined
    if (text !== undefined) return tag + text
    if (value instanceof Promise) throw this.#refuse('is a promise, which may have to be awaited first')
    throw this.#refuse(`is an instance of ${name}, and its properties do not show all of its state`)
  }

  /** The text of an instance of a class; `undefined` when it cannot be told from all others. */
  #instance(value: object, builtin: string | undefined): string | undefined {
    const names = errorNames(value)
    if (names !== undefined) return `e${this.#properties(value, [...names, ...sortedKeys(value)])}`
    if (builtin === undefined || builtin === 'Object') {
      const keys = sortedKeys(value)
      return builtin === undefined && keys.length === 0 ? undefined : this.#properties(value, keys)
    }
    const elements = elementsOf(value)
    this.#spend(elements)
    const content = contentOf(value, builtin)
    if (content === undefined) return undefined
    let text = `o${stringText(builtin)}`
    if (builtin === 'Map' || builtin === 'Set') text += this.#members(value, content as unknown[][])
    else for (const part of content) text += this.#value(part)
    return text + this.#properties(value, Object.keys(value).slice(elements).toSorted())
  }

  #properties(value: object, keys: readonly string[] = sortedKeys(value)): string {
    if (keys.length === 0) return '{}'
    this.#spend(keys.length)
    const place = this.#enter(value)
    let text = '{'
    for (const key of keys) {
      place.part = key
      text += stringText(key) + this.#value((value as Record<string, unknown>)[key])
    }
    return this.#leave(place, text + '}')
  }

  #array(value: readonly unknown[]): string {
    const { length } = value
    this.#spend(length)
    const keys = Object.keys(value)
    // Indices come first and in order, so the last key tells whether there is a hole or any other property.
    if (keys.length !== length || (length > 0 && keys[length - 1] !== `${length - 1}`)) {
      return `a${length};${this.#properties(value)}`
    }
    return `[${this.#parts(value, value)}]`
  }

  /** The text of members, whatever their order. */
  #members(value: object, members: readonly (readonly unknown[])[]): string {
    this.#spend(members.length)
    const place = this.#enter(value)
    const texts: string[] = []
    let index = 0
    for (const member of members) {
      let text = ''
      for (const part of member) {
        place.part = index++
        text += this.#value(part)
      }
      texts.push(text)
    }
    return this.#leave(place, texts.toSorted().join('') + ']')
  }

  /** The texts of the parts of a container, one after the other. */
  #parts(container: object, parts: readonly unknown[]): string {
    const place = this.#enter(container)
    let text = ''
    for (let index = 0; index < parts.length; index++) {
      place.part = index
      text += this.#value(parts[index])
    }
    return this.#leave(place, text)
  }

  #enter(container: object): Place {
    const outer = this.#at
    const depth = outer === undefined ? 0 : outer.depth + 1
    if (depth > maxDepth) throw this.#excess(maxDepth, 'levels')
    const place: Place = { outer, container, depth, part: undefined }
    this.#at = place
    return place
  }

  #leave(place: Place, text: string): string {
    this.#at = place.outer
    if (text.length > maxLength) throw this.#excess(maxLength, 'characters')
    return text
  }

  #spend(values: number): void {
    this.#valuesLeft -= values
    if (this.#valuesLeft < 0) throw this.#excess(maxValues, 'values')
  }

  #excess(most: number, what: string): KeyError {
    return this.#refuse(`has more than ${most} ${what} in it`, true)
  }

  /** @param whole whether it is not this part that is refused but all of the argument */
  #refuse(reason: string, whole = false, cause?: unknown): KeyError {
    const error = keyRefused(this.#nameOf, this.#at, reason, whole, cause)
    this.#refused = true
    return error
  }
}

/** The own enumerable properties, in the order of their code units. Most objects are sorted, or nearly so. */
function sortedKeys(value: object): string[] {
  const keys = Object.keys(value)
  if (keys.length > 16) return keys.toSorted()
  for (let next = 1; next < keys.length; next++) {
    const key = keys[next]!
    let place = next
    for (; place > 0 && keys[place - 1]! > key; place--) keys[place] = keys[place - 1]!
    keys[place] = key
  }
  return keys
}
