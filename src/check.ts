/**
 * The one place that words the errors about options: *name · what it must be · what it was*.
 *
 * A value of the wrong type is a `TypeError`, a number out of bounds a `RangeError`.
 */

/** How a wrong value is shown in an error: short, on one line, and never by running the value's own code. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
    case 'bigint':
      return `${value}n`
    case 'function':
      return 'a function'
    case 'symbol':
      return 'a symbol'
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object'
    default:
      return String(value)
  }
}

/** A `TypeError` in the form of every option error. */
export function wrongType(name: string, must: string, value: unknown): TypeError {
  return new TypeError(`${name} must be ${must}, but got: ${show(value)}`)
}

/** A `RangeError` in the form of every option error. */
export function outOfRange(name: string, must: string, value: unknown): RangeError {
  return new RangeError(`${name} must be ${must}, but got: ${show(value)}`)
}

/** Returns a number for which something holds. */
export function numeric(name: string, must: string, value: unknown, holds: boolean): number {
  if (typeof value !== 'number') throw wrongType(name, must, value)
  if (!holds) throw outOfRange(name, must, value)
  return value
}

/** Returns a value that is of the right type. */
function typed<T>(name: string, must: string, value: T, holds: boolean): T {
  if (!holds) throw wrongType(name, must, value)
  return value
}

/** What {@link count} is to be. That it may be 0 as well is for the documentation to say. */
export const countOrNothing = 'a positive integer'

/** Returns a count: a non-negative integer that a store can hold. */
export function count(name: string, value: unknown): number {
  return numeric(name, countOrNothing, value, Number.isSafeInteger(value) && (value as number) >= 0)
}

/** Returns a positive integer. */
export function positiveInteger(name: string, value: unknown): number {
  return numeric(name, 'a positive integer', value, Number.isSafeInteger(value) && (value as number) > 0)
}

/** Returns a number of milliseconds: 0 or more, `Infinity` included. */
export function duration(name: string, value: unknown): number {
  return numeric(name, 'a number of milliseconds, 0 or more', value, (value as number) >= 0)
}

/** Returns a number of milliseconds: 0 or more, and finite. */
export function finiteDuration(name: string, value: unknown): number {
  const must = 'a finite number of milliseconds, 0 or more'
  return numeric(name, must, value, (value as number) >= 0 && value !== Infinity)
}

/** Returns a function. */
export function callable<F extends (...args: never[]) => unknown>(name: string, value: F): F {
  return typed(name, 'a function', value, typeof value === 'function')
}

/** Returns a boolean. */
export function flag(name: string, value: unknown): boolean {
  return typed(name, 'true or false', value, typeof value === 'boolean') as boolean
}

/** Returns a clock. */
export function clockLike<C extends { now(): number }>(name: string, value: C): C {
  const now: unknown = (value as C | null | undefined)?.now
  return typed(name, 'a clock, an object with now(): ms', value, typeof now === 'function')
}

/** Returns something to go through, step by step or as it comes. */
export function iterable<T>(name: string, value: T): T {
  const steps = Object(value) as object
  const goes = typeof value !== 'string' && (Symbol.iterator in steps || Symbol.asyncIterator in steps)
  return typed(name, 'an array or another iterable', value, goes)
}

/** Returns an `AbortSignal`, of whatever realm or library. */
export function signalLike(name: string, value: AbortSignal): AbortSignal {
  const { aborted, addEventListener } = Object(value) as Partial<AbortSignal>
  return typed(name, 'an AbortSignal', value, typeof aborted === 'boolean' && typeof addEventListener === 'function')
}

/** Checks that `options` is an object with no name outside `known`. */
export function knownOptions(owner: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw wrongType(`the options of ${owner}`, 'an object', options)
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw wrongType(`an option of ${owner}`, `one of ${known.join(', ')}`, name)
  }
}
