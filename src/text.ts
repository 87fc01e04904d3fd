import { absent, builtinOf, membersOf, platformSymbols, type Members } from './builtins.ts'
import { classId, lineageOf } from './classes.ts'
import { memberStep, propertyStep, Refusal, refusalOf } from './refusal.ts'

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

const lengths = Array.from({ length: 64 }, (_, length) => `s${length}:`)

function stringText(value: string): string {
  const { length } = value
  return (length < 64 ? lengths[length]! : `s${length}:`) + value
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

/** The text of a class: what tells it from every other in this process. */
export function classText(prototype: object | null): string {
  if (prototype === null) return '@l'
  const { name, ordinal } = classId(prototype)
  return `@${stringText(name)}${ordinal};`
}

/** Whether texts say the class of each object that is neither a plain object nor an array. */
type Classes = 'with classes' | 'without classes'

/** How many more values the text that is being made may have. */
let valuesLeft = maxValues

/**
 * The text of a list of values, {@link MARKER} first.
 *
 * @param nameOf what an error calls the value at this index
 * @throws KeyError for a value that its structure does not tell from all others
 */
export function listText(
  values: readonly unknown[],
  nameOf: (index: number) => string,
  classes: Classes = 'without classes',
): string {
  // A getter of a value may make a key of its own while this one is being made.
  const outerValuesLeft = valuesLeft
  valuesLeft = maxValues
  let index = 0
  try {
    let text = MARKER
    for (; index < values.length; index++) text += valueText(values[index], 1, classes)
    return bounded(text)
  } catch (error) {
    throw refusalOf(error).toKeyError(index < values.length ? nameOf(index) : 'the key')
  } finally {
    valuesLeft = outerValuesLeft
  }
}

function valueText(value: unknown, depth: number, classes: Classes): string {
  switch (typeof value) {
    case 'string':
      return stringText(value)
    case 'number':
      return `${value};`
    case 'object':
      return value === null ? 'l' : objectText(value, depth, classes)
    case 'function':
      throw new Refusal('is a function')
    case 'symbol':
      throw new Refusal('is a symbol')
    default:
      return primitiveText(value as Primitive)
  }
}

function objectText(value: object, depth: number, classes: Classes): string {
  if (depth > maxDepth) throw new Refusal(`is nested more than ${maxDepth} levels deep`, { limit: true })
  const symbols = Object.getOwnPropertySymbols(value)
  if (symbols.length > 0) refuseSymbols(value, symbols)

  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === Object.prototype) return propertiesText(value, sortedKeys(value), depth, classes)
  const array = Array.isArray(value)
  if (array && prototype === Array.prototype) return arrayText(value, depth, classes)

  const tag = classes === 'with classes' ? classText(prototype) : ''
  const lineage = prototype === null ? undefined : lineageOf(prototype)
  if (lineage?.refusal !== undefined) throw new Refusal(lineage.refusal)
  if (array) return tag + arrayText(value, depth, classes)
  if (lineage === undefined || lineage.plain) return tag + propertiesText(value, sortedKeys(value), depth, classes)
  if (lineage.builtin !== undefined) return tag + builtinText(value, lineage.builtin, depth, classes)

  const keys = sortedKeys(value)
  if (keys.length === 0) {
    throw new Refusal(`is an instance of ${lineage.name}, which has no enumerable properties of its own`)
  }
  return tag + propertiesText(value, keys, depth, classes)
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

function propertiesText(value: object, keys: readonly string[], depth: number, classes: Classes): string {
  let text = '{'
  let index = 0
  try {
    spend(keys.length)
    for (; index < keys.length; index++) {
      const key = keys[index]!
      text += stringText(key) + valueText((value as Record<string, unknown>)[key], depth + 1, classes)
    }
  } catch (error) {
    throw refusalOf(error).within(value, () => propertyStep(keys[index]))
  }
  return text + '}'
}

function arrayText(value: readonly unknown[], depth: number, classes: Classes): string {
  const { length } = value
  spend(length)
  const keys = Object.keys(value)
  // Indices come first and in order, so the last key tells whether there is a hole or any other property.
  if (keys.length !== length || (length > 0 && keys[length - 1] !== `${length - 1}`)) {
    return `a${length};` + propertiesText(value, keys.toSorted(), depth, classes)
  }
  let text = '['
  let index = 0
  try {
    for (; index < length; index++) text += valueText(value[index], depth + 1, classes)
  } catch (error) {
    throw refusalOf(error).within(value, () => `[${index}]`)
  }
  return text + ']'
}

function builtinText(value: object, className: string, depth: number, classes: Classes): string {
  const collection = membersOf(value)
  if (collection !== undefined) {
    return addedText(value, Object.keys(value), depth, classes) + membersText(value, collection, depth, classes)
  }
  const builtin = builtinOf(value)
  if (builtin === undefined) {
    throw new Refusal(`is an instance of ${className}, a built-in class whose state cannot be read`)
  }
  const indices = builtin.indices?.(value) ?? 0
  spend(indices)
  let text = addedText(value, Object.keys(value).slice(indices), depth, classes) + builtin.letter
  let index = 0
  try {
    const parts = builtin.parts(value)
    for (; index < parts.length; index++) {
      const part = parts[index]
      text += part === absent ? '_' : valueText(part, depth + 1, classes)
    }
  } catch (error) {
    throw refusalOf(error).within(value, () => builtin.names[index]!)
  }
  return text
}

/** The text of what was added to a built-in value, which goes before its own. */
function addedText(value: object, keys: string[], depth: number, classes: Classes): string {
  return keys.length === 0 ? '' : 'x' + propertiesText(value, keys.toSorted(), depth, classes)
}

/** The text of a Map or a Set: that of its members, whatever their order. */
function membersText(value: object, { letter, members }: Members, depth: number, classes: Classes): string {
  const texts: string[] = []
  let index = 0
  let part = 0
  try {
    spend(members.length)
    for (; index < members.length; index++) {
      const member = members[index]!
      let text = ''
      for (part = 0; part < member.length; part++) text += valueText(member[part], depth + 1, classes)
      texts.push(bounded(text))
    }
  } catch (error) {
    throw refusalOf(error).within(value, () => memberStep(members[index], index, part))
  }
  return letter + texts.toSorted().join('') + ']'
}

/** Counts what is about to be visited, so that a small tangle of shared references cannot unfold without end. */
function spend(values: number): void {
  valuesLeft -= values
  if (valuesLeft < 0) throw new Refusal(`has more than ${maxValues} values in it`, { limit: true })
}

function bounded(text: string): string {
  if (text.length > maxLength) throw new Refusal(`has more than ${maxLength} characters in it`, { limit: true })
  return text
}

function refuseSymbols(value: object, symbols: readonly symbol[]): void {
  for (const symbol of symbols) {
    if (Object.prototype.propertyIsEnumerable.call(value, symbol) && !platformSymbols.has(symbol)) {
      throw new Refusal(`has a property named by a symbol, ${String(symbol)}`)
    }
  }
}
