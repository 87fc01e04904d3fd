import type { AnyFunction, Promised } from '../store-types.ts'

/*
 * The forms in which tools come: what of a call says what is asked, and what only how.
 *
 * Known by their structure, so that neither the AI SDK nor the Model Context Protocol has to be installed.
 */

/** What a server of the Model Context Protocol gives to a tool's handler as its last argument. */
interface RequestExtra {
  readonly signal: AbortSignal
  readonly requestId: unknown
  readonly sendNotification: (...args: never[]) => unknown
}

/** The arguments of a tool that say what is asked: those of a function, or the input of an `execute`. */
export type ToolArgs<T> = T extends AnyFunction
  ? WithoutExtra<Parameters<T>>
  : T extends { execute?: infer E }
    ? WithInput<Extract<E, AnyFunction>>
    : never

type WithoutExtra<Args extends readonly unknown[]> = Args extends readonly [...infer Before, infer Last]
  ? IsExtra<Last> extends true
    ? Before
    : Args
  : Args

type IsExtra<T> = 0 extends 1 & T ? false : [T] extends [RequestExtra] ? true : false

type WithInput<E> = E extends (input: infer Input, ...rest: any[]) => unknown ? [input: Input] : never

/** What a tool gives, awaited; of one that gives several results in turn, the last. */
export type ToolResult<T> = T extends AnyFunction
  ? Final<ReturnType<T>>
  : T extends { execute?: infer E }
    ? Final<ReturnType<Extract<E, AnyFunction>>>
    : never

type Final<R> = R extends AsyncIterable<infer Value> ? Value : Awaited<R>

/**
 * A tool that has been wrapped: of the same type, but that it gives a promise. One that gives several results
 * in turn gives the last where they are kept, and is left as it is where not.
 */
export type Wrapped<T> = T extends AnyFunction
  ? ReturnType<T> extends AsyncIterable<unknown>
    ? (...args: Parameters<T>) => ReturnType<T> | Promise<ToolResult<T>>
    : Promised<T>
  : T extends { execute: infer E extends AnyFunction }
    ? Promise<never> extends ReturnType<E>
      ? T
      : Omit<T, 'execute'> & { execute: Promised<E> }
    : T

/** The form of a tool, for what has to be known of it at each call. */
export type Shape = 'function' | 'execute'

/** A call of a tool, taken apart. */
export interface ToolCall {
  /** All arguments, as the tool is given them. */
  readonly all: readonly unknown[]
  /** Those that say what is asked. */
  readonly args: readonly unknown[]
  /** Where the options of this one call stand among all arguments; -1 where there are none. */
  readonly optionsAt: number
  /** What those options call the signal of the caller. */
  readonly signalName: 'abortSignal' | 'signal'
}

/** Takes a call apart. */
export function toolCall(shape: Shape, all: readonly unknown[]): ToolCall {
  const last = all.length - 1
  if (shape === 'execute')
    return { all, args: all.slice(0, 1), optionsAt: last < 1 ? -1 : 1, signalName: 'abortSignal' }
  const optionsAt = isRequestExtra(all[last]) ? last : -1
  return { all, args: optionsAt === -1 ? all : all.slice(0, last), optionsAt, signalName: 'signal' }
}

/** The signal of the one who calls. */
export function signalOf({ all, optionsAt, signalName }: ToolCall): AbortSignal | undefined {
  const signal = (all[optionsAt] as Record<string, unknown> | null | undefined)?.[signalName]
  return isSignal(signal) ? signal : undefined
}

/** All arguments, with another signal in the place of the caller's. */
export function withSignal({ all, optionsAt, signalName }: ToolCall, signal: () => AbortSignal): readonly unknown[] {
  if (optionsAt === -1) return all
  return all.with(optionsAt, { ...(all[optionsAt] as object | null | undefined), [signalName]: signal() })
}

function isSignal(value: unknown): value is AbortSignal {
  return typeof (value as Partial<AbortSignal> | null | undefined)?.addEventListener === 'function'
}

function isRequestExtra(value: unknown): value is RequestExtra {
  const extra = value as Partial<RequestExtra> | null
  return (
    typeof extra === 'object' &&
    extra !== null &&
    isSignal(extra.signal) &&
    'requestId' in extra &&
    typeof extra.sendNotification === 'function'
  )
}

/** Whether a tool has answered with several results in turn, of which only the last counts. */
export function isStream(answer: unknown): answer is AsyncIterable<unknown> {
  return typeof (answer as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] === 'function'
}

/** The result of a tool: the last of several. */
export async function finalResult(answer: unknown): Promise<unknown> {
  const settled: unknown = isStream(answer) ? answer : await answer
  if (!isStream(settled)) return settled
  let result: unknown
  for await (const each of settled) result = each
  return result
}

/** Whether a result is the Model Context Protocol's way to say that a tool has failed. */
export function isFailure(result: unknown): boolean {
  const { isError, content } = (result ?? {}) as { isError?: unknown; content?: unknown }
  return isError === true && Array.isArray(content)
}
