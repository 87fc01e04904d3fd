import { show } from './check.ts'
import { compositionOf } from './composition.ts'
import { KeyCollisionError } from './errors.ts'
import { argsKey, identityKey } from './keys.ts'
import { storeKeyText } from './store-key.ts'

/*
 * Finds out, in development, that a key function gives one key for what it should have told apart.
 *
 * A key may well leave things out. So what counts is what the key function reads: it is called once more, with every
 * object behind a proxy that notes what is read of it. Two calls with one key that have read different things collide.
 */

type KeyFn = (...args: any[]) => unknown

/** How many keys are remembered; beyond it, those that were used longest ago are forgotten. */
const most = 10_000

/** What stands between the path and the value in a note of what was read. */
const GAP = '\0'

/**
 * The same key function, but that it throws a `KeyCollisionError` for a key that was given for arguments that differ in
 * what the function reads of them. A key function of this library is given back as it is, unless there is another in it.
 */
export function debugKey(keyOf: KeyFn): KeyFn {
  let watched = keyOf
  let skipped = 0
  for (let inner = compositionOf(keyOf); inner !== undefined; inner = compositionOf(watched)) {
    watched = inner.of
    skipped += inner.skipped
  }
  if (watched === argsKey || watched === identityKey) return keyOf

  const seen = new Map<unknown, Set<string>>()
  return (...args) => {
    const key = keyOf(...args)
    const reads = readsOf(watched, args.slice(skipped), skipped)
    if (reads === undefined) return key
    const before = seen.get(key) ?? reads
    seen.delete(key)
    if (seen.size === most) seen.delete(seen.keys().next().value)
    seen.set(key, before)
    const differing = [...reads].find((read) => !before.has(read)) ?? [...before].find((read) => !reads.has(read))
    if (differing === undefined) return key
    const path = differing.slice(0, differing.indexOf(GAP))
    throw new KeyCollisionError(
      `the key function gives one key, ${show(key)}, for arguments that differ at ${path}, which it reads`,
      key,
    )
  }
}

/** Notes of all that a key function reads; `undefined` where it does not bear being watched. */
function readsOf(keyOf: KeyFn, args: readonly unknown[], skipped: number): Set<string> | undefined {
  const reads = new Set<string>()
  /** What was read of an object before its other properties were copied: `({ left, out, ...rest })`. */
  const takenOut: Map<PropertyKey, string>[] = []

  /** Notes a value, or stands in for an object that is then noted part by part. What is undefined might as well be absent. */
  const read = (path: string, value: unknown, notes?: Map<PropertyKey, string>, name: PropertyKey = ''): unknown => {
    if (typeof value === 'object' && value !== null) return standIn(path, value)
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return value
    const note = `${path}${GAP}${typeof value} ${value as string}`
    if (!reads.has(note)) notes?.set(name, note)
    reads.add(note)
    return value
  }

  /** Notes an object as a whole: by its structure or, where that cannot be read, by `otherwise`. */
  const readWhole = (path: string, value: object, otherwise?: string): void => {
    let text = otherwise
    try {
      text = argsKey([value])
    } catch {
      // Its own classes know what is in it.
    }
    if (text !== undefined) reads.add(`${path}${GAP}${text}`)
  }

  const standIn = (path: string, value: object): object => {
    const isList = Array.isArray(value)
    // The elements of a list count in any order: that a key sorts them is no mistake.
    const pathOf = (name: PropertyKey): string =>
      isList && /^\d/.test(String(name)) ? `${path}[]` : `${path}.${String(name)}`
    const prototype: unknown = Object.getPrototypeOf(value)
    const isPlain = isList || prototype === Object.prototype || prototype === null
    const notes = new Map<PropertyKey, string>()
    let left: Map<PropertyKey, string> | undefined
    // Over an object of its own: a proxy may not give anything else for what is frozen.
    return new Proxy(isList ? [] : {}, {
      get(_, name) {
        const found: unknown = Reflect.get(value, name, value)
        const at = pathOf(name)
        if (found === Object.prototype.toString || (name === Symbol.toPrimitive && found !== undefined)) {
          readWhole(path, value, storeKeyText('', value))
        }
        if (isPlain || name === 'constructor' || typeof found !== 'function') return read(at, found, notes, name)
        // What has private state works on itself alone.
        return (...given: unknown[]) => read(`${at}(${given.map(String).join()})`, Reflect.apply(found, value, given))
      },
      has: (_, name) => Reflect.has(value, name),
      getPrototypeOf: () => prototype as object | null,
      ownKeys() {
        if (!isPlain && Object.keys(value).length === 0) readWhole(path, value)
        takenOut.push((left = new Map(notes)))
        return Reflect.ownKeys(value)
      },
      getOwnPropertyDescriptor(_, name) {
        left?.delete(name)
        const descriptor = Reflect.getOwnPropertyDescriptor(value, name)
        if (descriptor === undefined) return undefined
        if (isList && name === 'length') return { ...descriptor, writable: true }
        if (Reflect.get(value, name, value) !== undefined) reads.add(pathOf(name) + GAP)
        return { ...descriptor, configurable: true }
      },
    })
  }

  const isRead = readerOf(keyOf)
  try {
    const given = args.map((arg, index) => {
      const isObject = typeof arg === 'object' && arg !== null
      return isObject || isRead(index) ? read(`argument ${index + 1 + skipped}`, arg) : arg
    })
    void keyOf(...given)
  } catch {
    // It takes a proxy for what it is not.
    return undefined
  }
  for (const notes of takenOut) for (const note of notes.values()) reads.delete(note)
  return reads
}

/**
 * Tells which primitive arguments a function reads, by its text: those with a parameter that is used, and all where it
 * takes `arguments`, or where the text says nothing.
 */
function readerOf(keyOf: KeyFn): (index: number) => boolean {
  const text = Function.prototype.toString.call(keyOf)
  if (/\barguments\b|\[native code\]/.test(text)) return () => true
  const [, list, lone] = /^[^(=]*\(([^()]*)\)|^(?:async )?([\w$]+) *=>/.exec(text) ?? []
  const names = (list ?? lone ?? '...').split(',').map((name) => name.replace(/=.*/s, '').trim())
  return (index) => {
    const last = names.at(-1)!
    const name = names[index] ?? (last.startsWith('...') ? last : '')
    return name !== '' && (!/^[\w$]+$/.test(name) || text.split(name).length > 2)
  }
}
