import { callable, iterable, knownOptions, positiveInteger, signalLike } from './check.ts'
import { ClosedError } from './errors.ts'

/** How {@link warm} goes about it. */
export interface WarmOptions {
  /** The most calls that are under way at a time, a positive integer. Default: 8; of a batched function, a batch. */
  concurrency?: number
  /** Ends it: nothing more begins, the calls that are under way leave, and it rejects at once with `signal.reason`. */
  signal?: AbortSignal
  /** Told of each call that has ended. What it throws ends the warming, and rejects it. */
  onProgress?: (progress: WarmProgress) => void
}

/** How far a warming has come. */
export interface WarmProgress {
  /** Calls that have ended, those that failed among them. */
  readonly done: number
  /** Calls that have failed. */
  readonly failed: number
  /** The length of the list, where it has one. */
  readonly total?: number
}

/** A call of a warming that has failed. */
export interface WarmFailure<Args extends readonly unknown[]> {
  readonly args: Args
  readonly error: unknown
}

/** What a warming has come to. Each argument list is counted once. */
export interface Warmed<Args extends readonly unknown[]> {
  /** How many were loaded by this. */
  loaded: number
  /** How many were there already, or were being loaded for somebody else. */
  hits: number
  /** Those that could not be loaded, in the order in which they failed. */
  readonly failures: WarmFailure<Args>[]
}

/** The argument lists of a warming: an array, or anything else that gives them one by one. */
export type ArgsList<Args extends readonly unknown[]> = Iterable<Args> | AsyncIterable<Args>

/** What is warmed. */
interface Warmable<Item, Args extends readonly unknown[]> {
  /** Whether it takes calls no more. */
  isClosed(): boolean
  /** The arguments that an item of the list stands for. */
  args(item: Item): Args
  /** Makes one call, and tells `begun` if it is the one that begins a load. */
  call(args: Args, signal: AbortSignal | undefined, begun: () => void): Promise<unknown>
}

const usualConcurrency = 8

/** Checks the options of `warm`. */
function checkedWarm(options: WarmOptions): WarmOptions {
  knownOptions('warm', options, ['concurrency', 'signal', 'onProgress'])
  const { concurrency, signal, onProgress } = options
  if (concurrency !== undefined) positiveInteger('concurrency', concurrency)
  if (signal !== undefined) signalLike('signal', signal)
  if (onProgress !== undefined) callable('onProgress', onProgress)
  return options
}

/**
 * Makes a call for every item of a list, a few at a time, taking the items from it as there is room.
 *
 * @returns what has come of them; a call that fails does not stop it
 * @throws `signal.reason` when the signal fires, `ClosedError` when what is warmed is closed before the list has ended,
 *   what the list or `onProgress` throws, and `TypeError` or `RangeError` for options or items that are wrong. What was
 *   loaded by then is kept
 */
export async function warm<Item, Args extends readonly unknown[]>(
  list: Iterable<Item> | AsyncIterable<Item>,
  options: WarmOptions = {},
  { isClosed, args: argsOf, call }: Warmable<Item, Args>,
): Promise<Warmed<Args>> {
  const { concurrency = usualConcurrency, signal, onProgress } = checkedWarm(options)
  const { length, size } = iterable('what to warm', list) as { length?: unknown; size?: unknown }
  const known = [length, size].find((count) => typeof count === 'number')
  const total = known === undefined ? {} : { total: known }
  const failures: WarmFailure<Args>[] = []
  const warmed = { loaded: 0, hits: 0, failures }
  let running = 0
  let broken: { error: unknown } | undefined
  let oneHasEnded: (() => void) | undefined

  function assertGoesOn(): void {
    signal?.throwIfAborted()
    if (broken !== undefined) throw broken.error
    if (isClosed()) throw new ClosedError('this has been closed, and takes no calls any more', undefined)
  }

  async function callWith(args: Args): Promise<void> {
    let began = false
    running++
    try {
      await call(args, signal, () => (began = true))
      warmed[began ? 'loaded' : 'hits']++
    } catch (error) {
      failures.push({ args, error })
    }
    try {
      const failed = failures.length
      const done = warmed.loaded + warmed.hits + failed
      if (signal?.aborted !== true) onProgress?.({ done, failed, ...total })
    } catch (error) {
      broken ??= { error }
    }
    running--
    oneHasEnded?.()
  }

  async function fewerThan(most: number): Promise<void> {
    if (running < most) return
    await new Promise<void>((resolve) => (oneHasEnded = resolve))
    return fewerThan(most)
  }

  async function run(): Promise<Warmed<Args>> {
    assertGoesOn()
    try {
      for await (const item of list) {
        await fewerThan(concurrency)
        assertGoesOn()
        void callWith(argsOf(item))
      }
    } finally {
      await fewerThan(1)
    }
    if (broken !== undefined) throw broken.error
    return warmed
  }

  return signal === undefined ? run() : unlessAborted(signal, run())
}

/** The same promise, unless the signal fires before it settles. */
function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', leave, { once: true })
    const stay = (): void => signal.removeEventListener('abort', leave)
    promise.then(stay, stay)
    promise.then(resolve, reject)
  })
}
