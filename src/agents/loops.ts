import { AsyncLocalStorage } from 'node:async_hooks'

import { positiveInteger, wrongType } from '../check.ts'
import { AgentLoopError } from '../errors.ts'

/** When calls of tools are a loop, and what is done then. All of it is off unless it is asked for. */
export interface LoopOptions {
  /** How many times in a row the same call may be made: a positive integer. Default: any number. */
  maxRepeats?: number
  /** How many times in a row the same two calls may take turns, A-B being once: a positive integer. Default: any number. */
  maxOscillations?: number
  /**
   * How many calls of tools may run within one another, where a tool asks an agent that calls tools of its own: a
   * positive integer. Calls of all tool caches that have this option count. Default: any number.
   */
  maxDepth?: number
  /**
   * What a call gets that is one too many: an `AgentLoopError`; or its answer as ever, and `onError` is told once of
   * each loop; or again what the last call like it got, without a run, also where that has been invalidated since. If that
   * call failed, or this one is too deep, it gets the error. Needs one of the limits. Default: `'throw'`.
   */
  onLoop?: 'throw' | 'warn' | 'cached'
}

/** The names of {@link LoopOptions}. */
export const loopOptions = ['maxRepeats', 'maxOscillations', 'maxDepth', 'onLoop'] as const

/** A call that was noted, and what it got. Calls with the same tool and key that follow one another are one. */
export interface NotedCall {
  readonly tool: string
  readonly key: unknown
  answer: Promise<unknown> | undefined
}

/** How many calls the running code is within. Made where it is first asked for: its use has a price for all promises. */
let depths: AsyncLocalStorage<number> | undefined

/** Watches the calls of one agent for loops. Remembers the last two calls and no more. */
export class LoopWatch {
  readonly onLoop: 'throw' | 'warn' | 'cached'
  readonly #maxRepeats: number
  readonly #maxOscillations: number
  readonly #maxDepth: number
  #last: NotedCall | undefined
  #lastButOne: NotedCall | undefined
  #repeats = 0
  /** How many calls in a row were by turns one of two. */
  #inTurns = 0

  /** @throws `TypeError` or `RangeError` for an option that is wrong */
  constructor({ maxRepeats, maxOscillations, maxDepth, onLoop }: LoopOptions) {
    if (onLoop !== undefined && onLoop !== 'throw' && onLoop !== 'warn' && onLoop !== 'cached') {
      throw wrongType('onLoop', "'throw', 'warn' or 'cached'", onLoop)
    }
    this.onLoop = onLoop ?? 'throw'
    this.#maxRepeats = limit('maxRepeats', maxRepeats)
    this.#maxOscillations = limit('maxOscillations', maxOscillations)
    this.#maxDepth = limit('maxDepth', maxDepth)
    if (onLoop !== undefined && !this.isOn) {
      throw wrongType('one of maxRepeats, maxOscillations and maxDepth', 'given where onLoop is', undefined)
    }
    if (maxDepth !== undefined) depths ??= new AsyncLocalStorage()
  }

  /** Whether there is anything to be watched for. */
  get isOn(): boolean {
    return Math.min(this.#maxRepeats, this.#maxOscillations, this.#maxDepth) < Infinity
  }

  /** Notes a call, and says whether it is one too many, and whether it is the first of its loop. */
  note(tool: string, key: unknown): { call: NotedCall; loop: AgentLoopError | undefined; isFirst: boolean } {
    const call = this.#follow(tool, key)
    const depth = (depths?.getStore() ?? 0) + 1
    const rounds = Math.ceil(this.#inTurns / 2)
    if (depth > this.#maxDepth) {
      const message = `the tool ${tool} is called ${depth} calls deep within other tools: answer without it`
      return { call, loop: new AgentLoopError(message, key, tool, 'depth', depth), isFirst: true }
    }
    if (this.#repeats > this.#maxRepeats) {
      const message = `the tool ${tool} has been called ${this.#repeats} times in a row with the same arguments: ${advice}`
      const loop = new AgentLoopError(message, key, tool, 'repeats', this.#repeats)
      return { call, loop, isFirst: this.#repeats === this.#maxRepeats + 1 }
    }
    if (rounds > this.#maxOscillations) {
      const message = `the tool ${tool} and the call before it have taken turns ${rounds} times with the same arguments: ${advice}`
      const loop = new AgentLoopError(message, key, tool, 'oscillation', rounds)
      return { call, loop, isFirst: this.#inTurns === 2 * this.#maxOscillations + 1 }
    }
    return { call, loop: undefined, isFirst: false }
  }

  /** Runs what a call does, one call deeper. */
  within<R>(run: () => R): R {
    return this.#maxDepth === Infinity ? run() : depths!.run((depths!.getStore() ?? 0) + 1, run)
  }

  #follow(tool: string, key: unknown): NotedCall {
    const isLike = (call: NotedCall | undefined): call is NotedCall => call?.tool === tool && Object.is(call.key, key)
    if (isLike(this.#last)) {
      this.#repeats++
      this.#inTurns = 1
      return this.#last
    }
    const takesTurns = isLike(this.#lastButOne)
    const call = takesTurns ? this.#lastButOne! : { tool, key, answer: undefined }
    this.#inTurns = takesTurns ? this.#inTurns + 1 : 2
    this.#repeats = 1
    this.#lastButOne = this.#last
    this.#last = call
    return call
  }
}

const advice = 'use the answer that is there, or try something else'

function limit(name: string, value: number | undefined): number {
  return value === undefined ? Infinity : positiveInteger(name, value)
}
