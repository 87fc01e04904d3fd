import type { CachedOptions } from '../../src/index.ts'
import type { Flavour } from './commands.ts'

/** How long values are to live under the options of a flavour, and what may be served in the place of a load. */
export interface Lifetime {
  readonly ttl: number
  readonly jitter: number
  readonly tti: number
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  /** How long old values may be of use. */
  readonly grace: number
  readonly refreshes: boolean
  /** How long a failure is remembered where there may be an old value. */
  readonly rest: number
  /** Whether a failure that is remembered answers calls. */
  readonly failuresAnswer: boolean
  readonly timeout: number
  readonly softTimeout: number
  keeps(value: string): boolean
}

const second = 1_000

type Options = CachedOptions<string, [string]>

/**
 * What the functions of a history are made with. All else lasts whole seconds, so that the timers of callers are known by
 * their delay from those that stores of other histories set meanwhile.
 */
export const optionsOf: Record<Flavour, Options> = {
  plain: {},
  ttl: { ttl: 60 * second },
  jitter: { ttl: 40 * second, jitter: 40 * second },
  tti: { tti: 50 * second },
  'ttl and tti': { ttl: 80 * second, tti: 40 * second },
  when: { when: (value) => Number(/\d+$/.exec(value)![0]) % 3 !== 0 },
  stale: { ttl: 30 * second, staleWhileRevalidate: 60 * second },
  'stale on error': { ttl: 30 * second, staleIfError: 120 * second },
  'remembered errors': { ttl: 60 * second, errorTtl: 40 * second },
  refreshed: { ttl: 80 * second, refreshAfter: 20 * second },
  'early refreshed': { ttl: 60 * second, refreshAfter: 'early', staleWhileRevalidate: 20 * second },
  impatient: { ttl: 30 * second, softTimeout: 20 * second + 1, timeout: 50 * second + 1 },
  'stale and impatient': {
    ttl: 30 * second,
    jitter: 20 * second,
    staleWhileRevalidate: 20 * second,
    staleIfError: 90 * second,
    errorTtl: 15 * second,
    refreshAfter: 20 * second,
    softTimeout: 10 * second + 1,
    timeout: 40 * second + 1,
  },
}

export function lifetimeOf(flavour: Flavour): Lifetime {
  const options = optionsOf[flavour]
  const { staleWhileRevalidate = 0, staleIfError = 0, errorTtl, when } = options
  const grace = Math.max(staleWhileRevalidate, staleIfError)
  return {
    ttl: (options.ttl as number | undefined) ?? Infinity,
    jitter: (options.jitter as number | undefined) ?? 0,
    tti: options.tti ?? Infinity,
    staleWhileRevalidate,
    staleIfError,
    grace,
    refreshes: options.refreshAfter !== undefined,
    rest: (errorTtl as number | undefined) ?? second,
    failuresAnswer: errorTtl !== undefined,
    timeout: options.timeout ?? Infinity,
    softTimeout: options.softTimeout ?? Infinity,
    keeps: (value) => when === undefined || when(value, ''),
  }
}
