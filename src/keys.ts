import { composed } from './composition.ts'
import { callable, outOfRange, wrongType } from './check.ts'
import { KeyError } from './errors.ts'
import { classText, isItsOwnKey, isPrimitive, listText, MARKER, primitiveText, type Primitive } from './text.ts'

export type { Primitive } from './text.ts'

/** A function that gives the key of a call: calls with equal keys share one entry. */
export type KeyFunction<Args extends readonly unknown[] = readonly unknown[], Key = unknown> = (...args: Args) => Key

/** The primitives that a value of this type can be. */
type PrimitiveOf<T, P extends Primitive = Primitive> = P extends T ? P : never

type KeyOf<T> = unknown extends T ? Primitive : T extends Primitive ? T : string | PrimitiveOf<T>

/** The key that {@link argsKey} gives for arguments of these types: one primitive as it is, a string for all else. */
export type ArgsKey<Args extends readonly unknown[]> = 1 extends Args['length']
  ? KeyOf<Args[0]> | (Args['length'] extends 1 ? never : string)
  : string

function argumentName(index: number): string {
  return `argument ${index + 1}`
}

/** The key of a list of values: that of one primitive is itself, all else is one string. */
function keyOf(
  values: readonly unknown[],
  nameOf: (index: number) => string,
  tagOf?: (prototype: object | null) => string,
): Primitive {
  if (values.length === 1) {
    const [value] = values
    if (isItsOwnKey(value)) return value
  }
  return listText(values, nameOf, tagOf)
}

/**
 * The key of a call by the structure of all its arguments; the default key function.
 *
 * Two calls get one key exactly when their arguments are structurally equal: primitives by type and value (`0` and
 * `-0` are one, `NaN` is itself), objects by their own enumerable properties in any order, arrays by their elements and
 * holes, Maps and Sets by their members in any order, dates, regular expressions, URLs, errors, buffers, typed arrays
 * and boxed primitives by their content. Objects of different classes that hold the same are one; {@link typed} tells
 * them apart. A missing argument is not `undefined`, and an absent property is not an `undefined` one.
 *
 * One primitive argument is its own key. Everything else becomes a string that no string argument can equal.
 *
 * ```ts
 * argsKey(42) // 42
 * argsKey({ page: 1, size: 10 }) === argsKey({ size: 10, page: 1 }) // true
 * argsKey(['a', 'b']) === argsKey('a', 'b') // false
 * ```
 *
 * @throws KeyError for what cannot be told apart by its structure, naming its path: a function, a symbol or a property
 *   named by one, an instance of a class with private state or with no properties, what inherits from a mere object,
 *   what is cyclic, nested more than 1,000 levels deep, of more than 1,000,000 values (holes of arrays included) or of
 *   more than 16,777,216 characters, and what throws when it is read
 */
export function argsKey<Args extends readonly unknown[]>(...args: Args): ArgsKey<Args> {
  return keyOf(args, argumentName) as ArgsKey<Args>
}

/** The key that is the first argument itself: an object by its identity. */
export function identityKey<T>(first: T, ..._rest: readonly unknown[]): T {
  return first
}

/** An object that has this path. Any link but the first may be missing, as long as it is declared. */
type WithPath<Path extends string> = Path extends `${infer Name}.${infer Rest}`
  ? { readonly [K in Name]: WithPath<Rest> | null | undefined }
  : { readonly [K in Path]: unknown }

/** An object that has all of these paths. */
export type WithPaths<Paths extends string> = (
  Paths extends string ? (object: WithPath<Paths>) => void : never
) extends (object: infer Intersection) => void
  ? Intersection
  : never

/** The key that {@link pick} gives for this many paths: for one, what is found there decides. */
export type PickKey<Paths extends readonly string[]> = Paths['length'] extends 1 ? any : string

/**
 * Makes the key of the values at some paths of the first argument, as {@link argsKey} would of these values.
 *
 * A path that ends early gives `undefined`. A load whose first parameter does not declare the paths does not compile.
 *
 * ```ts
 * cached(store, pick('id', 'org.id'))((user: { id: string; org: { id: string }; name: string }) => load(user))
 * ```
 *
 * @param paths at least one; names of properties, joined by dots
 * @throws TypeError when there is no path, or one of them is not such a path
 */
export function pick<const Paths extends readonly [string, ...string[]]>(
  ...paths: Paths
): (object: WithPaths<Paths[number]>, ...rest: readonly unknown[]) => PickKey<Paths> {
  if (paths.length === 0) throw wrongType('the first path of pick', pathForm, undefined)
  const ways = paths.map((path) => {
    if (typeof path !== 'string' || path.split('.').includes('')) throw wrongType('a path of pick', pathForm, path)
    return path.split('.')
  })
  const nameOf = (index: number): string => `argument 1.${paths[index]}`

  if (ways.length === 1) {
    const [way] = ways as [string[]]
    return composed((object) => keyOf([valueAt(object, way)], nameOf) as PickKey<Paths>, argsKey)
  }
  return composed(
    (object) =>
      listText(
        ways.map((way) => valueAt(object, way)),
        nameOf,
      ),
    argsKey,
  )
}

const pathForm = 'names of properties joined by dots, such as "org.id"'

function valueAt(object: unknown, way: readonly string[]): unknown {
  let value = object
  try {
    for (const name of way) {
      if (value === null || value === undefined) return undefined
      value = (value as Record<string, unknown>)[name]
    }
  } catch (cause) {
    throw new KeyError(`argument 1.${way.join('.')} cannot be read`, { cause })
  }
  return value
}

/** As many unknown types as the number says; any number of them when it is not known. */
type Unknowns<N extends number, List extends readonly unknown[] = []> = number extends N
  ? unknown[]
  : List['length'] extends N
    ? List
    : Unknowns<N, [...List, unknown]>

/**
 * Makes the key of a call without its first arguments: a request context, a database handle.
 *
 * @param n how many arguments are left out, 0 or more
 * @param keyFn makes the key of the others
 * @throws TypeError or RangeError when `n` is not an integer, 0 or more, or `keyFn` not a function
 */
export function skip(n: number): (...args: readonly unknown[]) => Primitive
export function skip<const N extends number, Args extends readonly unknown[], Key>(
  n: N,
  keyFn: (...args: Args) => Key,
): (...args: readonly [...Unknowns<N>, ...Args]) => Key
export function skip(n: number, keyFn?: (...args: readonly unknown[]) => unknown) {
  if (!Number.isSafeInteger(n) || n < 0) {
    const error = typeof n === 'number' ? outOfRange : wrongType
    throw error('the first argument of skip', 'an integer, 0 or more', n)
  }
  if (keyFn === undefined || keyFn === argsKey) {
    const nameOf = (index: number): string => argumentName(index + n)
    return composed((...args: readonly unknown[]): Primitive => keyOf(args.slice(n), nameOf), argsKey)
  }
  callable('the key function of skip', keyFn)
  return composed((...args: readonly unknown[]): unknown => keyFn(...args.slice(n)), keyFn, n)
}

/**
 * Makes the same key in a space of its own: it equals no key of another text, and none that was made without one.
 *
 * @param text the name of the space
 * @param keyFn makes the key, which must be a primitive
 * @throws TypeError when `text` is not a string or `keyFn` not a function; the function that is made throws a KeyError
 *   when the key is not a primitive
 */
export function prefix(text: string): (...args: readonly unknown[]) => string
export function prefix<Args extends readonly unknown[]>(
  text: string,
  keyFn: (...args: Args) => Primitive,
): (...args: Args) => string
export function prefix(text: string, keyFn: (...args: readonly unknown[]) => Primitive = argsKey) {
  if (typeof text !== 'string') throw wrongType('the text of prefix', 'a string', text)
  callable('the key function of prefix', keyFn)
  const head = `${MARKER}p${primitiveText(text)}`
  return composed((...args: readonly unknown[]): string => head + innerText('prefix', keyFn(...args)), keyFn)
}

/**
 * Makes a key that also tells apart values of different classes that look alike.
 *
 * Without a key function it is {@link argsKey} with the class of every object, at every level: an instance from a plain
 * object, a `Buffer` from a `Uint8Array`. With one it is the key of that function with the type or the class of every
 * argument. Classes of one name are numbered in the order in which a process meets them, so such keys are not for a
 * store that several processes share.
 *
 * @param keyFn makes the key, which must be a primitive
 * @throws TypeError when `keyFn` is not a function; the function that is made throws a KeyError as {@link argsKey}
 *   does, and when the key is not a primitive
 */
export function typed(): <Args extends readonly unknown[]>(...args: Args) => ArgsKey<Args>
export function typed<Args extends readonly unknown[]>(keyFn: (...args: Args) => Primitive): (...args: Args) => string
export function typed(keyFn?: (...args: readonly unknown[]) => Primitive) {
  if (keyFn === undefined) {
    return composed((...args: readonly unknown[]): Primitive => keyOf(args, argumentName, classText), argsKey)
  }
  callable('the key function of typed', keyFn)
  return composed((...args: readonly unknown[]): string => {
    let text = `${MARKER}k${innerText('typed', keyFn(...args))}`
    for (const value of args) text += typeText(value)
    return text
  }, keyFn)
}

function innerText(owner: string, key: unknown): string {
  if (!isPrimitive(key)) {
    const kind = typeof key === 'object' ? 'an object' : `a ${typeof key}`
    throw new KeyError(`the key function of ${owner} must give a primitive key, but gave ${kind}`)
  }
  return primitiveText(key)
}

/** The text of the class of an object, or of the type of anything else. */
function typeText(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? classText(Object.getPrototypeOf(value) as object | null)
    : `${value === null ? 'null' : typeof value};`
}
