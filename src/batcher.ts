import { AsyncLocalStorage } from 'node:async_hooks'
import type DataLoader from 'dataloader'
import { Batch } from './batch.ts'
import { callable, finiteDuration, outOfRange, positiveInteger, wrongType } from './check.ts'
import { asError } from './errors.ts'
import type { AnyFlight } from './flight.ts'
import { begin } from './load-context.ts'
import { resultsByKey, type LoadMany } from './many-results.ts'
import { peer } from './peer.ts'
import { beginningLoad, run, type InContext, type Steps } from './reentry.ts'

/** When batches go, and how large they are. */
export interface BatchOptions {
  /** The most arguments of one `loadMany`, a positive integer. A batch that is full goes at once. Default: no bound. */
  maxBatchSize?: number
  /**
   * Milliseconds that a batch waits for more from its first argument on, finite. Default: 0, until all has run that can
   * run without a timer or the outside world.
   */
  window?: number
  /** Says when a batch goes, in place of `window`: called with its first argument, and calls `dispatch` later. */
  schedule?: (dispatch: () => void) => void
}

/** The names of {@link BatchOptions}. */
export const batchOptions = ['maxBatchSize', 'window', 'schedule'] as const

/** The longest that a timer of Node waits. */
const longestWindow = 2 ** 31 - 1

/**
 * Checks the options of batches.
 *
 * @throws `TypeError` or `RangeError` for one that is wrong, or contradicts another
 */
export function checkBatches({ maxBatchSize, window, schedule }: BatchOptions): void {
  if (maxBatchSize !== undefined) positiveInteger('maxBatchSize', maxBatchSize)
  if (window !== undefined && finiteDuration('window', window) > longestWindow) {
    throw outOfRange('window', `at most ${longestWindow} milliseconds`, window)
  }
  if (schedule === undefined) return
  callable('schedule', schedule)
  if (window !== undefined) throw wrongType('window', 'left out where schedule is given', window)
}

/** One key that is to be loaded. */
interface Job<A> {
  readonly arg: A
  readonly flight: AnyFlight
}

/** A batch that still takes arguments. */
interface Open {
  size: number
  timer: NodeJS.Timeout | undefined
  readonly dispatch: () => void
}

const steps: Steps<AnyFlight, any> = { begin, landed() {}, failed() {} }

/**
 * Makes loads of many out of loads of single keys. DataLoader collects these, keeps to the largest size and hands the
 * results out; its cache is off.
 */
export class Batcher<A, V> {
  readonly #loadMany: LoadMany<A, V>
  readonly #options: BatchOptions
  readonly #loader: DataLoader<Job<A>, V>
  #open: Open | undefined
  /** Whether nothing waits for more any longer. */
  closed = false

  constructor(loadMany: LoadMany<A, V>, options: BatchOptions) {
    const Loader = peer('dataloader', 'polycache/batched') as typeof DataLoader
    this.#loadMany = loadMany
    this.#options = options
    this.#loader = new Loader<Job<A>, V>((jobs) => this.#load(jobs), {
      cache: false,
      maxBatchSize: options.maxBatchSize ?? Infinity,
      batchScheduleFn: (dispatch) => this.#begin(dispatch),
    })
  }

  /** The load of one key, to be called as the load of a flight. */
  load(arg: A): Promise<V> {
    const loaded = this.#loader.load({ arg, flight: beginningLoad() as AnyFlight })
    const open = this.#open!
    if (++open.size === this.#options.maxBatchSize) this.#hurry(open)
    return loaded
  }

  /** Lets go what waits, and from here on whatever comes at the end of its tick. */
  close(): void {
    this.closed = true
    if (this.#open !== undefined) this.#hurry(this.#open)
  }

  /** Begins a batch. It goes once, in the async context of the call that began it. */
  #begin(dispatch: () => void): void {
    const { window = 0, schedule } = this.#options
    const inContext: InContext = AsyncLocalStorage.snapshot()
    let gone = false
    const open: Open = {
      size: 0,
      timer: undefined,
      dispatch: () => {
        if (gone) return
        gone = true
        clearTimeout(open.timer)
        if (this.#open === open) this.#open = undefined
        inContext(dispatch)
      },
    }
    this.#open = open
    if (this.closed || (window === 0 && schedule === undefined)) this.#hurry(open)
    else if (schedule === undefined) open.timer = setTimeout(open.dispatch, window)
    else {
      try {
        schedule(() => this.#hurry(open))
      } catch (error) {
        // The call that is beginning it hears of this; those that still come into it must not wait for ever.
        this.#hurry(open)
        throw error
      }
    }
  }

  /** Lets a batch go once all has run that can run by itself. */
  #hurry(open: Open): void {
    // By then the promises have all been heard of that settle with this one: their callers may have more to ask.
    void Promise.resolve().then(() => process.nextTick(open.dispatch))
  }

  /** Loads a batch, without those whose callers have all left. */
  async #load(jobs: readonly Job<A>[]): Promise<(V | Error)[]> {
    const left = jobs.map(({ flight }) => (flight.aborted ? asError(flight.signal.reason) : undefined))
    const wanted = jobs.filter((_, index) => left[index] === undefined)
    if (wanted.length === 0) return left as Error[]
    const args = new Map<unknown, A>()
    for (const { arg, flight } of wanted) if (!args.has(flight.key)) args.set(flight.key, arg)
    const keys = [...args.keys()]
    const flights = wanted.map(({ flight }) => flight)
    const batch = new Batch(this.#loadMany, [...args.values()], keys, flights)
    const results = resultsByKey(keys, await run(batch, steps, undefined))
    batch.passOn()
    return jobs.map(({ flight }, index) => left[index] ?? (results.get(flight.key) as V | Error))
  }
}
