import { AsyncLocalStorage } from 'node:async_hooks'

/*
 * Notices a load that calls its own function with its own key, which would wait for itself for ever.
 *
 * While a load runs its first step, a list says so. After its first `await` somebody has to know which load the running
 * code belongs to. From Node 24 on an AsyncLocalStorage knows it for nearly nothing. Before, one in use slows every
 * `await` of the process two or three times and hangs itself on every promise that is kept. There each running load has
 * an async function to itself, with a name that no other has, and a caller is inside the load exactly when that name is
 * in its async stack trace. A trace is taken by callers who join a load only, and not by those who come in the very
 * step in which the load began. What it cannot see is a call out of a timer's or an emitter's callback.
 */

/** A load that is running. */
export interface Running {
  /** What runs it; missing where it returns at once, and when it has ended. */
  runner: Runner | undefined
  /** The load of many that this one has become a part of. What is inside that is inside this. */
  batch?: Running
}

/** What runs one load at a time: an async function under a name that no other has, and what is known of that load. */
interface Runner {
  readonly name: string
  readonly run: <L extends Running, V>(load: L, steps: Steps<L, V>) => Promise<V>
  /** The turn of the event loop in which the load began. */
  turn: number
  /** The load that it was called from, where that is known. */
  caller: Running | undefined
}

/** What is done with a load: its first step, and what comes of it. */
export interface Steps<L, V> {
  /** Calls {@link enterFirstStep} and {@link leaveFirstStep} around it. */
  begin(load: L): V | PromiseLike<V>
  /** Must not throw. */
  landed(load: L, value: V): void
  /** Gives what is served in the place of the failure, if anything is. Must not throw. */
  failed(load: L, error: unknown): { readonly value: V } | undefined
}

/** Runs `run` in some async context. */
export type InContext = <R>(run: () => R) => R

const contextsAreCheap = Number.parseInt(process.versions.node, 10) >= 24
const innermost = contextsAreCheap ? new AsyncLocalStorage<Running>() : undefined

/** A runner that is idle: most loads come one after the other, and need no more than this one. */
let idleRunner: Runner | undefined
const idleRunners: Runner[] = []
let runnersMade = 0

/** The load whose first step is running, up to its first `await`: the innermost of these. */
let beginning: Running | undefined
/** The other loads whose first step is running, from the outermost inwards. */
const outerBeginnings: Running[] = []

const resolved = Promise.resolve()
let turn = 0
let turnEndQueued = false

/** Runs a load from its first step to its end, so that {@link isInside} can tell. */
export function run<L extends Running, V>(load: L, steps: Steps<L, V>, inContext: InContext | undefined): Promise<V> {
  if (!turnEndQueued) {
    // Queued before the load begins, so that nothing the load does after its first await still counts as this turn.
    turnEndQueued = true
    void resolved.then(endTurn)
  }
  const runner = idleRunner ?? idleRunners.pop() ?? makeRunner()
  idleRunner = undefined
  runner.turn = turn
  load.runner = runner
  if (innermost === undefined && inContext === undefined) return runner.run(load, steps)
  runner.caller = innermost?.getStore()
  const tracked = (): Promise<V> =>
    innermost === undefined ? runner.run(load, steps) : innermost.run(load, () => runner.run(load, steps))
  return inContext === undefined ? tracked() : inContext(tracked)
}

/** Says that the first step of a load begins. Gives what {@link leaveFirstStep} is to be given. */
export function enterFirstStep(load: Running): Running | undefined {
  const outer = beginning
  if (outer !== undefined) outerBeginnings.push(outer)
  beginning = load
  return outer
}

/** Says that the first step that began last has ended. */
export function leaveFirstStep(outer: Running | undefined): void {
  if (outer !== undefined) outerBeginnings.pop()
  beginning = outer
}

/** The load in whose first step the caller is: the innermost. */
export function beginningLoad(): Running | undefined {
  return beginning
}

/** Whether the caller is inside this load, which is running. */
export function isInside(load: Running): boolean {
  if (load === beginning || outerBeginnings.includes(load) || (load.batch !== undefined && isInside(load.batch)))
    return true
  const { runner } = load
  if (runner === undefined || runner.turn === turn) return false
  if (innermost === undefined) return asyncStackHas(runner.name)
  for (let outer = innermost.getStore(); outer !== undefined; outer = outer.runner?.caller) {
    if (outer === load) return true
  }
  return false
}

function makeRunner(): Runner {
  const name = `polycache load ${++runnersMade}`
  const { [name]: named } = {
    async [name]<L extends Running, V>(load: L, steps: Steps<L, V>): Promise<V> {
      let value: V
      try {
        value = await steps.begin(load)
      } catch (error) {
        release(load)
        const standIn = steps.failed(load, error)
        if (standIn !== undefined) return standIn.value
        throw error
      }
      release(load)
      steps.landed(load, value)
      return value
    },
  }
  return { name, run: named!, turn: 0, caller: undefined }
}

function release(load: Running): void {
  const runner = load.runner!
  load.runner = undefined
  runner.caller = undefined
  if (idleRunner === undefined) idleRunner = runner
  else idleRunners.push(runner)
}

function endTurn(): void {
  turn++
  turnEndQueued = false
}

/** The most frames that are looked at: V8 takes them from the innermost outwards, across each `await`. */
const framesLookedAt = 200

function asyncStackHas(name: string): boolean {
  const { prepareStackTrace, stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = framesLookedAt
    Error.prepareStackTrace = (_, frames) => frames.some((frame) => frame.getFunctionName() === name)
    const trace: { stack?: unknown } = {}
    Error.captureStackTrace(trace, asyncStackHas)
    return trace.stack === true
  } finally {
    Error.prepareStackTrace = prepareStackTrace
    Error.stackTraceLimit = stackTraceLimit
  }
}
