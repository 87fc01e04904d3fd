import { AsyncLocalStorage } from 'node:async_hooks'

/*
 * Notices a load that calls its own function with its own key, which would wait for itself for ever.
 *
 * While a load runs its first step, a flag says so. After its first `await` somebody has to know which load the running
 * code belongs to. From Node 24 on an AsyncLocalStorage knows it for nearly nothing. Before, one in use slows every
 * `await` of the process two or three times and hangs itself on every promise that is kept. There each running load has
 * an async function to itself, with a name that no other has, and a caller is inside the load exactly when that name is
 * in its async stack trace. A trace is taken by callers who join a load only, and not by those who come in the very
 * step in which the load began. What it cannot see is a call out of a timer's or an emitter's callback.
 */

/** A load that is running. */
export interface Running {
  /** Whether its first step is running, up to its first `await`; kept by {@link Steps.begin}. */
  beginning: boolean
  /** The turn of the event loop in which it began. */
  turn: number
  /** What runs it. */
  runner: Runner | undefined
  /** The load that this one was called from, where that is known. */
  caller: Running | undefined
  /** The load of many that this one has become a part of. What is inside that is inside this. */
  batch?: Running
}

/** What is done with a load: its first step, and what comes of it. */
export interface Steps<L, V> {
  begin(load: L): V | PromiseLike<V>
  /** Must not throw. */
  landed(load: L, value: V): void
  /** Gives what is served in the place of the failure, if anything is. Must not throw. */
  failed(load: L, error: unknown): { readonly value: V } | undefined
}

/** Runs `run` in some async context. */
export type InContext = <R>(run: () => R) => R

type Runner = <L extends Running, V>(load: L, steps: Steps<L, V>) => Promise<V>

const contextsAreCheap = Number.parseInt(process.versions.node, 10) >= 24
const innermost = contextsAreCheap ? new AsyncLocalStorage<Running>() : undefined

const idleRunners: Runner[] = []
let runnersMade = 0

/** The load that was begun last, as long as it runs. */
let beginning: Running | undefined

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
  load.turn = turn
  const runner = idleRunners.pop() ?? makeRunner()
  load.runner = runner
  load.caller = innermost?.getStore()
  if (inContext !== undefined) return inContext(() => runTracked(runner, load, steps))
  return runTracked(runner, load, steps)
}

/** The load that calls this before all else that it does. */
export function beginningLoad(): Running | undefined {
  return beginning
}

/** Whether the caller is inside this load, which is running. */
export function isInside(load: Running): boolean {
  if (load.beginning || (load.batch !== undefined && isInside(load.batch))) return true
  if (load.turn === turn || load.runner === undefined) return false
  if (innermost === undefined) return asyncStackHas(load.runner.name)
  for (let outer = innermost.getStore(); outer !== undefined; outer = outer.caller) if (outer === load) return true
  return false
}

function runTracked<L extends Running, V>(runner: Runner, load: L, steps: Steps<L, V>): Promise<V> {
  return innermost === undefined ? runner(load, steps) : innermost.run(load, () => runner(load, steps))
}

function makeRunner(): Runner {
  const name = `polycache load ${++runnersMade}`
  const { [name]: runner } = {
    async [name]<L extends Running, V>(load: L, steps: Steps<L, V>): Promise<V> {
      let value: V
      try {
        beginning = load
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
  return runner as Runner
}

function release(load: Running): void {
  idleRunners.push(load.runner!)
  load.runner = undefined
  load.caller = undefined
  if (beginning === load) beginning = undefined
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
