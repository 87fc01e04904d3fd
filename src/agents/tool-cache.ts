import { randomUUID } from 'node:crypto'

import type { Cached } from '../cached.ts'
import { callable, wrongType } from '../check.ts'
import { systemClock } from '../clock.ts'
import { checkedWait, type CloseOptions } from '../controls.ts'
import { ClosedError } from '../errors.ts'
import type { AnyFunction } from '../store-types.ts'
import type { Tags } from '../tags.ts'
import { warn } from '../warn.ts'
import { keyFunction, reading, running, writing, type Answering, type Tool } from './answering.ts'
import { LoopWatch } from './loops.ts'
import { toolCall, type Shape, type ToolArgs, type ToolCall, type ToolResult, type Wrapped } from './shapes.ts'
import { runTimes, summaryOf, Tally, type ToolCacheSummary } from './tally.ts'
import { bookOf, checkOptions, checkRule } from './tool-options.ts'
import type { AnyRule, ToolCacheOptions, ToolRule, ToolRules } from './tool-options.ts'

/** The tools of an agent, cached. Made by {@link toolCache}. */
export class ToolCache {
  readonly name: string
  readonly session: string
  /** The book of resources, to invalidate by what changes outside the tools: `cache.tags.invalidate('file:a')`. */
  readonly tags: Tags
  readonly #options: ToolCacheOptions
  readonly #watch: LoopWatch | undefined
  readonly #tallies = new Map<string, Tally>()
  /** What ends with the session. */
  readonly #ofSession: Cached<AnyFunction>[] = []
  #closing: Promise<void> | undefined

  constructor(options: ToolCacheOptions) {
    checkOptions(options)
    const watch = new LoopWatch(options)
    this.name = options.name ?? 'tools'
    this.session = options.session ?? randomUUID()
    this.tags = bookOf(options.store, options.tags)
    this.#options = { ...options }
    this.#watch = watch.isOn ? watch : undefined
  }

  /**
   * Wraps a map of tools, each in the form in which it came: functions, handlers of a Model Context Protocol server, tools
   * of the AI SDK.
   *
   * @param rules what is to be done with each; a tool without a rule is run at every call, and only watched for loops
   * @throws `TypeError` or `RangeError` for a rule that is wrong, or of no tool, and for a name that is taken
   */
  wrap<T extends Record<string, object>>(tools: T, rules: ToolRules<T> = {}): { [K in keyof T]: Wrapped<T[K]> } {
    for (const name of Object.keys(rules)) {
      if (!Object.hasOwn(tools, name)) throw wrongType('a rule', `of one of ${Object.keys(tools).join(', ')}`, name)
    }
    const wrapped = Object.entries(tools).map(([name, tool]) => [name, this.tool(name, tool as T[string], rules[name])])
    return Object.fromEntries(wrapped) as { [K in keyof T]: Wrapped<T[K]> }
  }

  /** Wraps one tool, as {@link wrap} does. */
  tool<Args extends any[], R>(
    name: string,
    tool: (...args: Args) => Promise<R>,
    rule?: ToolRule<ToolArgs<(...args: Args) => Promise<R>>, NoInfer<R>>,
  ): (...args: Args) => Promise<R>
  tool<T extends object>(name: string, tool: T, rule?: ToolRule<ToolArgs<T>, ToolResult<T>>): Wrapped<T>
  tool<T extends object>(name: string, tool: T, rule?: ToolRule<ToolArgs<T>, ToolResult<T>>): Wrapped<T> {
    if (rule !== undefined) checkRule(name, rule)
    const shape = typeof tool === 'function' ? 'function' : 'execute'
    const execute = shape === 'function' ? (tool as AnyFunction) : (tool as { execute?: AnyFunction }).execute
    if (execute === undefined && rule === undefined) return tool as Wrapped<T>
    callable(`execute of the tool ${name}`, execute as AnyFunction)
    if (this.#tallies.has(name)) throw wrongType('the name of a tool', 'different for each in one cache', name)

    const answering = this.#answering(name, shape, execute as AnyFunction, rule)
    const call = (self: unknown, all: readonly unknown[]): unknown =>
      this.#call(name, rule, answering, self, toolCall(shape, all))
    const wrapped = function (this: unknown, ...all: unknown[]): unknown {
      return call(shape === 'function' ? this : tool, all)
    }
    Object.defineProperty(wrapped, 'name', { value: execute!.name, configurable: true })
    Object.defineProperty(wrapped, 'length', { value: execute!.length, configurable: true })
    if (shape === 'function') return wrapped as Wrapped<T>
    const copy = Object.create(
      Object.getPrototypeOf(tool) as object | null,
      Object.getOwnPropertyDescriptors(tool),
    ) as T
    return Object.defineProperty(copy, 'execute', { value: wrapped }) as Wrapped<T>
  }

  /** What has been asked of the tools since the beginning, and what the cache has saved. */
  summary(): ToolCacheSummary {
    return summaryOf(this.#tallies)
  }

  /**
   * Ends the session, once: what was kept for it is forgotten, and every later call is refused with a `ClosedError`.
   * What is kept for all sessions stays.
   *
   * @param options whether runs of tools that read are awaited, as by default, or their signals fire
   */
  close(options?: CloseOptions): Promise<void> {
    this.#closing ??= this.#end({ wait: checkedWait(options) })
    return this.#closing
  }

  /** Ends it as `close()` does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #end(options: CloseOptions): Promise<void> {
    await Promise.all(
      this.#ofSession.map(async (read) => {
        try {
          await read.clear()
        } finally {
          await read.close(options)
        }
      }),
    )
  }

  #call(name: string, rule: AnyRule | undefined, answering: Answering, self: unknown, call: ToolCall): unknown {
    if (this.#closing !== undefined) {
      return Promise.reject(new ClosedError(`the session ${this.session} has been closed`, undefined))
    }
    const tally = this.#tallies.get(name)!
    const watch = this.#watch
    tally.calls++
    if (watch === undefined) return answering(self, call)
    const { call: noted, loop, isFirst } = watch.note(name, keyOf(rule, call))
    if (loop !== undefined) {
      tally.loops++
      if (watch.onLoop === 'warn') {
        if (isFirst) this.#report(loop)
      } else if (watch.onLoop === 'cached' && loop.kind !== 'depth' && noted.answer !== undefined) {
        tally.replays++
        return noted.answer
      } else return Promise.reject(loop)
    }
    const answer = watch.within(() => answering(self, call))
    if (watch.onLoop === 'cached' && answer instanceof Promise) {
      noted.answer = answer
      answer.catch(() => {
        if (noted.answer === answer) noted.answer = undefined
      })
    }
    return answer
  }

  #answering(name: string, shape: Shape, execute: AnyFunction, rule: AnyRule | undefined): Answering {
    const times = runTimes(this.#options.store, `${this.name}/${name}`)
    const tool: Tool = { name, shape, execute, times, clock: this.#options.clock ?? systemClock }
    if (rule !== undefined && rule.writes !== true) {
      const { read, answering } = reading(tool, rule, this, this.#options)
      const scope = rule.scope ?? this.#options.scope
      // What all sessions share is never closed: it would end with the last session that uses it, and another may come.
      if (scope !== 'global') this.#ofSession.push(read)
      this.#tallies.set(name, new Tally(times, () => read.stats()))
      return answering
    }
    const tally = new Tally(times)
    this.#tallies.set(name, tally)
    const run = running(tool, tally)
    return rule === undefined ? run : writing(run, rule, this)
  }

  #report(loop: Error): void {
    try {
      ;(this.#options.onError ?? warn)(loop)
    } catch (error) {
      warn(error)
    }
  }
}

/**
 * Caches the tools that an agent calls: reads are kept for as long as nothing writes what they have read, in a session
 * or across sessions; writes are run at every call, behind a fence.
 *
 * Failures are not kept, unless `errorTtl` says so: neither what a tool throws, nor a result with `isError`, which is how
 * handlers of the Model Context Protocol fail. Of a tool that gives several results in turn, the last is kept and given.
 *
 * @example
 * const cache = toolCache({ store: lru({ max: 1_000 }), session: conversation.id, maxRepeats: 3 })
 * const tools = cache.wrap({ readFile, writeFile }, {
 *   readFile: { ttl: 60_000, resource: ({ path }) => `file:${path}` },
 *   writeFile: { writes: true, resource: ({ path }) => `file:${path}` },
 * })
 *
 * @throws `TypeError` or `RangeError` for options that are wrong or contradict each other
 */
export function toolCache(options: ToolCacheOptions): ToolCache {
  return new ToolCache(options)
}

/** The key of a call, for comparison alone: a call that has none is like no other. */
function keyOf(rule: AnyRule | undefined, { args }: ToolCall): unknown {
  try {
    return keyFunction(rule)(...args)
  } catch {
    return Symbol('no key')
  }
}
