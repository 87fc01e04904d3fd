/** What the prototypes of a value say of it. */
export interface Lineage {
  /** Whether it inherits from the root of all objects and from nothing else. */
  readonly plain: boolean
  /** The name of the nearest built-in class that it inherits from. */
  readonly builtin: string | undefined
  /** The name of its own class. */
  readonly name: string
  /** Why its properties do not tell all of it, where that is so: the end of a sentence that begins with the value. */
  readonly refusal: string | undefined
}

const sourceOf = Function.prototype.toString

/** Classes that are written in JavaScript on some platforms, whose private state can be read all the same. */
const readable: ReadonlySet<unknown> = new Set([URL.prototype, URLSearchParams.prototype])

/**
 * State that no property shows: `#name` anywhere but at the beginning of a string, or what compilers and careful hands
 * write in its place. It is better to ask for a key function in vain than to give two values one key.
 */
const privateState = /(?<!['"`])#[\p{ID_Start}$_\\]|\.(?:set|add)\(\s*this\s*[,)]|[pP]rivate(?:Add|Field|Method|Set)/u
const nativeSource = /\{\s*\[native code\]\s*\}\s*$/

type Class = (abstract new (...args: never[]) => unknown) & { readonly name: unknown }

/** The class whose prototype this is, or `undefined` when it is the prototype of no class. */
function classOf(prototype: object): Class | undefined {
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  if (typeof constructor !== 'function') return undefined
  return constructor.prototype === prototype ? (constructor as unknown as Class) : undefined
}

function nameOf(constructor: Class | undefined): string {
  return typeof constructor?.name === 'string' ? constructor.name : ''
}

/** Whether this is `Object.prototype`, of this realm or of another. */
function isRoot(prototype: object, constructor: Class | undefined): boolean {
  if (prototype === Object.prototype) return true
  if (Object.getPrototypeOf(prototype) !== null || constructor === undefined) return false
  return constructor.name === 'Object' && nativeSource.test(sourceOf.call(constructor))
}

function readLineage(first: object): Lineage {
  const name = nameOf(classOf(first)) || 'a class without a name'
  let builtin: string | undefined
  let prototype: object | null = first
  while (prototype !== null) {
    const constructor = classOf(prototype)
    if (isRoot(prototype, constructor)) break
    if (constructor === undefined) {
      const refusal = 'inherits from an object that is not the prototype of a class'
      return { plain: false, builtin, name, refusal }
    }
    const source = sourceOf.call(constructor)
    if (readable.has(prototype) || nativeSource.test(source)) {
      builtin ??= nameOf(constructor)
    } else if (privateState.test(source)) {
      return { plain: false, builtin, name, refusal: `is an instance of ${name}, which has private state` }
    }
    prototype = Object.getPrototypeOf(prototype) as object | null
  }
  return { plain: prototype === first, builtin, name, refusal: undefined }
}

const lineages = new WeakMap<object, Lineage>()

/** What is known of all values with this prototype. Source is read once for each prototype. */
export function lineageOf(prototype: object): Lineage {
  let lineage = lineages.get(prototype)
  if (lineage === undefined) {
    lineage = readLineage(prototype)
    lineages.set(prototype, lineage)
  }
  return lineage
}

/** The name of a class, and how many others of that name were seen before it. */
export interface ClassId {
  readonly name: string
  readonly ordinal: number
}

const ids = new WeakMap<object, ClassId>()
const seen = new Map<string, number>()

/** What tells a class from all others in this process, by its prototype. */
export function classId(prototype: object): ClassId {
  let id = ids.get(prototype)
  if (id === undefined) {
    const name = nameOf(classOf(prototype))
    const ordinal = seen.get(name) ?? 0
    seen.set(name, ordinal + 1)
    id = { name, ordinal }
    ids.set(prototype, id)
  }
  return id
}
