import { MARKER } from './text.ts'

/**
 * How the key of one function is written in a store that it shares with others, or that knows only strings.
 *
 * A string stays as it is; every other key becomes a string that no string key can equal, because a string that begins
 * with the marker is itself rewritten. A name goes before it, with the separator escaped, so that two functions with
 * different names never meet whatever their keys are.
 *
 * Objects and symbols are known by identity: within a process an object always gets the same text, and the text begins
 * with the process's own tag, so that no other process mistakes it for one of its own.
 */
export function storeKeyText(space: string, key: unknown): string {
  if (typeof key === 'string' && !key.startsWith(MARKER)) return space + key
  return space + MARKER + markedText(key)
}

function markedText(key: unknown): string {
  switch (typeof key) {
    case 'string':
      return `s${key}`
    case 'number':
      return `n${key}`
    case 'bigint':
      return `i${key}`
    case 'symbol': {
      const registered = Symbol.keyFor(key)
      return registered === undefined ? identityText(key) : `y${registered}`
    }
    case 'object':
    case 'function':
      return key === null ? 'null' : identityText(key)
    default:
      return String(key)
  }
}

/** The key that was written so; `undefined` for an object or a symbol, which are known by nothing but their identity. */
export function keyOfText(space: string, storeKey: string): unknown {
  const text = storeKey.slice(space.length)
  if (!text.startsWith(MARKER)) return text
  const marked = text.slice(1)
  const rest = marked.slice(1)
  if (marked === 'null') return null
  switch (marked[0]) {
    case 's':
      return rest
    case 'n':
      return Number(rest)
    case 'i':
      return BigInt(rest)
    case 'y':
      return Symbol.for(rest)
    case 't':
    case 'f':
      return marked === 'true'
    default:
      return undefined
  }
}

/** What goes before all keys of a function with this name. */
export function spaceText(name: string): string {
  return `${name.replaceAll('%', '%25').replaceAll(':', '%3A')}:`
}

const identities = new WeakMap<WeakKey, string>()
const processTag = Math.random().toString(36).slice(2)
let identitiesGiven = 0

/** A text for an object or a symbol that no other has, in this process or in another. */
export function identityText(value: WeakKey): string {
  let text = identities.get(value)
  if (text === undefined) {
    text = `o${processTag}.${++identitiesGiven}`
    identities.set(value, text)
  }
  return text
}
