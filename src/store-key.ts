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
  if (typeof key === 'string') return key.startsWith(MARKER) ? `${space}${MARKER}s${key}` : space + key
  switch (typeof key) {
    case 'number':
      return `${space}${MARKER}n${key}`
    case 'bigint':
      return `${space}${MARKER}i${key}`
    case 'boolean':
    case 'undefined':
      return `${space}${MARKER}${key}`
    case 'symbol': {
      const registered = Symbol.keyFor(key)
      return registered === undefined ? `${space}${MARKER}o${identityText(key)}` : `${space}${MARKER}y${registered}`
    }
    default:
      return key === null ? `${space}${MARKER}null` : `${space}${MARKER}o${identityText(key as object)}`
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
const processTag = Math.floor(Math.random() * 2 ** 48).toString(36)
let identitiesGiven = 0

function identityText(value: WeakKey): string {
  let text = identities.get(value)
  if (text === undefined) {
    text = `${processTag}.${++identitiesGiven}`
    identities.set(value, text)
  }
  return text
}
