import { cached, type Cached } from '../cached.ts'
import { loadContext } from '../load-context.ts'
import type { AnyFunction, StoreOf } from '../store-types.ts'
import type { Tags } from '../tags.ts'
import type { Clock } from '../types.ts'
import {
  finalResult,
  isFailure,
  isStream,
  signalOf,
  toolCall,
  withSignal,
  type Shape,
  type ToolCall,
} from './shapes.ts'
import type { RunTimes, Tally } from './tally.ts'
import { toolKey } from './tool-key.ts'
import { bookOf, keepingOptions, resourcesOf, type AnyRule, type ToolCacheOptions } from './tool-options.ts'

/** Does what a call asks for. Never throws: gives a promise, or the results in turn of a tool that does so. */
export type Answering = (self: unknown, call: ToolCall) => Promise<unknown> | AsyncIterable<unknown>

/** A tool, as far as answering its calls goes. */
export interface Tool {
  readonly name: string
  readonly shape: Shape
  readonly execute: AnyFunction
  readonly times: RunTimes
  readonly clock: Clock
}

/** What all tools of a cache have in common. */
interface Frame {
  readonly name: string
  readonly session: string
  readonly tags: Tags
}

/** Carries a result that says of itself that it is a failure, past what keeps results. */
class FailedResult extends Error {
  override readonly name = 'FailedResult'
  readonly result: unknown

  constructor(tool: string, result: unknown) {
    super(`the tool ${tool} has given a result with isError`)
    this.result = result
  }
}

/** Runs a tool at every call. */
export function running({ execute, times, clock }: Tool, tally: Tally): Answering {
  return (self, { all }) => {
    tally.runs++
    const start = clock.now()
    try {
      const answer: unknown = Reflect.apply(execute, self, all)
      if (isStream(answer)) return answer
      return Promise.resolve(answer).then((result) => {
        times.add(clock.now() - start)
        return result
      })
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** Runs a tool that writes at every call, behind a fence around its resources, or around all that the cache has. */
export function writing(run: Answering, rule: AnyRule, { name, tags }: Frame): Answering {
  return (self, call) => {
    let resources: readonly string[]
    let release: () => void
    try {
      resources = rule.resource === undefined ? [name] : resourcesOf(rule, call.args)
      release = tags.hold(resources)
    } catch (error) {
      return Promise.reject(error)
    }
    const answer = run(self, call)
    if (!isStream(answer)) return answer.finally(release)
    // Whoever never asks for the results must not leave a fence behind for ever.
    release()
    return held(answer, () => tags.hold(resources))
  }
}

/** Makes the cached function of a tool that reads, and what answers calls with it. */
export function reading(
  { name, shape, execute, times, clock }: Tool,
  rule: AnyRule,
  { name: space, session, tags }: Frame,
  options: ToolCacheOptions,
): { read: Cached<AnyFunction>; answering: Answering } {
  const store = (rule.store ?? options.store) as StoreOf<unknown>
  bookOf(store, tags)
  const load: AnyFunction = async function (this: unknown, ...all: unknown[]): Promise<unknown> {
    const context = loadContext()
    const start = clock.now()
    const given = withSignal(toolCall(shape, all), () => context.signal)
    const result = await finalResult(Reflect.apply(execute, this, given))
    times.add(clock.now() - start)
    if (isFailure(result)) throw new FailedResult(name, result)
    return result
  }
  const key = keyFunction(rule)
  const scope = rule.scope ?? options.scope ?? 'session'
  const read: Cached<AnyFunction> = cached(store, (...all: unknown[]) => key(...toolCall(shape, all).args), {
    ...keepingOptions(options),
    ...keepingOptions(rule),
    name: [space, scope, ...(scope === 'session' ? [session] : []), name].map(escaped).join('/'),
    shareKeys: true,
    tags: tags.of((_, ...all) => [space, ...resourcesOf(rule, toolCall(shape, all).args)]),
  })(load)
  return {
    read,
    answering: (self, call) => {
      const signal = signalOf(call)
      const calling: AnyFunction = signal === undefined ? read : read.with({ signal })
      return (Reflect.apply(calling, self, call.all) as Promise<unknown>).catch(resultOf)
    },
  }
}

/** What gives the key of a call. */
export function keyFunction(rule: AnyRule | undefined): (...args: readonly unknown[]) => unknown {
  return (rule?.key as AnyFunction | undefined) ?? toolKey
}

function resultOf(error: unknown): unknown {
  if (error instanceof FailedResult) return error.result
  throw error
}

async function* held(results: AsyncIterable<unknown>, hold: () => () => void): AsyncGenerator {
  const release = hold()
  try {
    yield* results
  } finally {
    release()
  }
}

function escaped(part: string): string {
  return part.replaceAll('%', '%25').replaceAll('/', '%2F')
}
