import { duration, wrongType } from './check.ts'
import type { AnyFlight, Flight } from './flight.ts'
import { beginningLoad, enterFirstStep, leaveFirstStep } from './reentry.ts'

/** What a load can learn about itself and say about its result, from {@link loadContext}. */
export interface LoadContext<V = any> {
  /** The key that is loaded. */
  readonly key: unknown
  /** Aborted when the last caller who waited for this load has left, or when its function is closed without waiting. */
  readonly signal: AbortSignal
  /** The value that this load is to replace, where the store still had one that is no longer fresh, or is refreshed. */
  readonly staleValue: V | undefined
  /** Whether this is a refresh that no caller waits for. */
  readonly background: boolean
  /** Says how many milliseconds the value will be fresh, in place of the function's `ttl`. */
  setTtl(ms: number): void
  /**
   * Gives the value more tags than those of the option `tags`.
   *
   * @throws `TypeError` where the function has no such option, or for a tag that is not a string
   */
  addTags(...tags: readonly string[]): void
  /** Says that the value is not to be kept. As with `when`, the older one under its key goes with it. */
  skipStore(): void
}

/** Runs the first step of a load, in which {@link loadContext} speaks of its flight. */
export function begin<V, Args extends readonly unknown[]>(flight: Flight<V, Args>): V | PromiseLike<V> {
  const outer = enterFirstStep(flight)
  try {
    const { load, args } = flight
    // Most loads have one argument, and a list of them costs more.
    return args.length === 1
      ? load!.call(undefined, args[0] as never)
      : load!.apply(undefined, args as unknown as never[])
  } finally {
    flight.load = undefined
    leaveFirstStep(outer)
  }
}

/**
 * What the load that is beginning can learn about itself. To be called inside a load, before its first `await`; what it
 * gives can be used until the load ends.
 *
 * @example
 * const getPage = cached(lru({ max: 100 }))((url: string) => fetch(url, { signal: loadContext().signal }))
 *
 * @throws `Error` outside a load, and after the load's first `await`
 */
export function loadContext<V = any>(): LoadContext<V> {
  const flight = beginningLoad() as AnyFlight | undefined
  if (flight === undefined) throw new Error('loadContext() must be called inside a load, before its first await')
  return {
    key: flight.key,
    get signal() {
      return flight.signal
    },
    staleValue: flight.old?.value,
    background: flight.background,
    setTtl(ms) {
      flight.ttl = duration('the ttl of setTtl', ms)
    },
    addTags(...tags) {
      if (!flight.tagged) throw wrongType('tags', 'given as an option where a load adds some', undefined)
      for (const tag of tags) if (typeof tag !== 'string') throw wrongType('a tag', 'a string', tag)
      flight.addTags(tags)
    },
    skipStore() {
      flight.skip()
    },
  }
}
