import { KeyError } from './errors.ts'

/** How a property is named in a path. */
export function propertyStep(key: string | undefined): string {
  if (key === undefined) return ''
  if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) && key.length <= 40) return `.${key}`
  return `[${/^\d{1,15}$/.test(key) ? key : shortText(key)}]`
}

/** How a member of a Map or a Set is named in a path. */
export function memberStep(member: readonly unknown[] | undefined, index: number, part: number): string {
  if (member === undefined) return ''
  const [key] = member
  if (part === 0) return `.${member.length === 2 ? 'keys' : 'values'}()[${index}]`
  if (typeof key === 'object' && key !== null) return `.values()[${index}]`
  return `.get(${typeof key === 'string' ? shortText(key) : typeof key === 'bigint' ? `${key}n` : String(key)})`
}

function shortText(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}

/**
 * One step on the way to a value: what was entered, and how the way goes on from there.
 *
 * The name is made at the end, for there may be no room on the call stack to make it where the step is noted.
 */
type Step = readonly [container: object, name: () => string]

/**
 * Why a value has no text.
 *
 * It learns the way to the value while it is thrown through what holds the value, so nothing is noted down on the way
 * in, and a cycle is looked for only when a limit was met.
 */
export class Refusal extends Error {
  /** The last step is the first one. */
  readonly #steps: Step[] = []
  readonly #reason: string
  readonly #limit: boolean

  constructor(reason: string, { limit = false, ...options }: ErrorOptions & { limit?: boolean } = {}) {
    super(reason, options)
    this.#reason = reason
    this.#limit = limit
  }

  /** This, seen from outside of a container. */
  within(container: object, name: () => string): this {
    this.#steps.push([container, name])
    return this
  }

  toKeyError(root: string): KeyError {
    const steps = this.#steps.toReversed()
    return this.#limit ? this.#limitError(root, steps) : this.#error(pathOf(root, steps), this.#reason)
  }

  #limitError(root: string, steps: readonly Step[]): KeyError {
    const seen = new Map<object, number>()
    for (const [index, [container]] of steps.entries()) {
      const first = seen.get(container)
      if (first !== undefined) {
        const again = pathOf(root, steps.slice(0, first))
        return this.#error(pathOf(root, steps.slice(0, index)), `is cyclic: it is ${again} again`)
      }
      seen.set(container, index)
    }
    return this.#error(root, this.#reason)
  }

  #error(path: string, reason: string): KeyError {
    const options = this.cause === undefined ? undefined : { cause: this.cause }
    return new KeyError(`${path} ${reason}: pass a key function that makes a key of what matters`, options)
  }
}

function pathOf(root: string, steps: readonly Step[]): string {
  let path = root
  for (const [, name] of steps) path += name()
  return path
}

/** What was thrown while a value was read, by this module or by the value's own code. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown
  if (thrown instanceof RangeError && thrown.message.includes('call stack')) {
    return new Refusal('is nested deeper than the call stack allows', { cause: thrown, limit: true })
  }
  if (thrown instanceof RangeError && thrown.message.includes('string length')) {
    return new Refusal('has more characters in it than a string can have', { cause: thrown, limit: true })
  }
  return new Refusal('cannot be read: its own code threw', { cause: thrown })
}
