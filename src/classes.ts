/** What the prototypes of a value say of it. */
export interface Lineage {
  /** The name of its own class. */
  readonly name: string
  /** The name of the nearest built-in class: `Object` for a plain object, `undefined` for an instance of other classes. */
  readonly builtin: string | undefined
  /** Whether all that it inherits from are classes, and none of them has private state. */
  readonly open: boolean
}

const sourceOf = Function.prototype.toString

/** Classes that are written in JavaScript on some platforms, whose private state can be read all the same. */
const readable: ReadonlySet<unknown> = new Set([URL, URLSearchParams])

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

function readLineage(first: object): Lineage {
  const name = nameOf(classOf(first)) || 'a class without a name'
  let builtin: string | undefined
  for (let prototype = first; prototype !== null;) {
    const constructor = classOf(prototype)
    const source = constructor === undefined ? '' : sourceOf.call(constructor)
    const next = Object.getPrototypeOf(prototype)
    if (readable.has(constructor) || nativeSource.test(source)) {
      // All inherit from the root of all objects. That says nothing of any but those that inherit from nothing else.
      if (next !== null || prototype === first) builtin ??= nameOf(constructor)
    } else if (constructor === undefined || privateState.test(source)) {
      return { name, builtin, open: false }
    }
    prototype = next
  }
  return { name, builtin, open: true }
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
