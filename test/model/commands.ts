import * as fc from 'fast-check'

/** How a call is made. */
export type Manner =
  | 'plainly'
  | 'with a signal'
  | 'fresh'
  | 'fresh with a signal'
  | 'as a refresh'
  | 'with an aborted signal'

/** What happens before the next command: nothing, one microtask, or all that can happen by itself. */
export type Pause = 'at once' | 'a tick later' | 'later'

/** One step of a history. Numbers that choose among what there is count round; where there is nothing, nothing is done. */
export type Command = { readonly then: Pause } & (
  | { readonly does: 'call'; readonly fn: number; readonly key: string; readonly how: Manner }
  | { readonly does: 'invalidate' | 'expire' | 'set' | 'peek' | 'has'; readonly fn: number; readonly key: string }
  | { readonly does: 'clear'; readonly fn: number }
  | { readonly does: 'advance'; readonly ms: number }
  | { readonly does: 'resolve' | 'reject' | 'abort' | 'let on'; readonly which: number }
)

/** How a history ends. */
export type End = 'still open' | 'closed, waiting' | 'closed, aborting'

/** The options of all functions of a history, in words. */
export type Flavour =
  | 'plain'
  | 'ttl'
  | 'jitter'
  | 'tti'
  | 'ttl and tti'
  | 'when'
  | 'stale'
  | 'stale on error'
  | 'remembered errors'
  | 'refreshed'
  | 'early refreshed'
  | 'impatient'
  | 'stale and impatient'

/** All that a run depends on. */
export interface History {
  readonly seed: number
  readonly flavour: Flavour
  readonly commands: readonly Command[]
  readonly end: End
}

export const keys: readonly string[] = ['a', 'b', 'c', 'd']

const fn = fc.nat(2)
const key = fc.constantFrom(...keys, 'a', 'a', 'b')
const which = fc.nat(5)
const then = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Pause>('later') },
  { weight: 3, arbitrary: fc.constant<Pause>('at once') },
  { weight: 2, arbitrary: fc.constant<Pause>('a tick later') },
)
const how = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Manner>('plainly') },
  { weight: 5, arbitrary: fc.constant<Manner>('with a signal') },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Manner>('fresh', 'fresh with a signal', 'as a refresh', 'with an aborted signal'),
  },
)

function doing<D extends string, R extends object>(
  weight: number,
  does: D,
  rest: { [N in keyof R]: fc.Arbitrary<R[N]> },
) {
  return { weight, arbitrary: fc.record({ does: fc.constant(does), ...rest, then }) as fc.Arbitrary<any> }
}

const command: fc.Arbitrary<Command> = fc.oneof(
  doing(14, 'call', { fn, key, how }),
  doing(3, 'invalidate', { fn, key }),
  doing(1, 'expire', { fn, key }),
  doing(2, 'set', { fn, key }),
  doing(1, 'clear', { fn }),
  doing(1, 'peek', { fn, key }),
  doing(1, 'has', { fn, key }),
  doing(5, 'advance', { ms: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 90 })) }),
  doing(8, 'resolve', { which }),
  doing(5, 'reject', { which }),
  doing(4, 'abort', { which }),
  doing(8, 'let on', { which }),
)

/** Any history at all. It is printed as a list, one line for each step. */
export const histories: fc.Arbitrary<History> = fc.record({
  seed: fc.nat(0xffff),
  flavour: fc.constantFrom<Flavour>(
    'plain',
    'ttl',
    'jitter',
    'tti',
    'ttl and tti',
    'when',
    'stale',
    'stale on error',
    'remembered errors',
    'refreshed',
    'early refreshed',
    'impatient',
    'stale and impatient',
    'stale and impatient',
  ),
  commands: fc.array(command, { minLength: 1, maxLength: 40, size: 'max' }),
  end: fc.constantFrom<End>('still open', 'still open', 'closed, waiting', 'closed, aborting'),
})

/** A history as somebody would tell it. */
export function told({ seed, flavour, commands, end }: History): string {
  const lines = commands.map((one, index) => `  ${index + 1}. ${toldStep(one)}, and ${one.then}`)
  return [`a function with ${flavour} options, chance by the seed ${seed}:`, ...lines, `  end: ${end}`].join('\n')
}

function toldStep(step: Command): string {
  switch (step.does) {
    case 'call':
      return `call f${step.fn}(${step.key}) ${step.how}`
    case 'clear':
      return `f${step.fn}.clear()`
    case 'advance':
      return `advance the clock by ${step.ms} ms`
    case 'resolve':
    case 'reject':
      return `${step.does} running load ${step.which}`
    case 'abort':
      return `abort waiting call ${step.which}`
    case 'let on':
      return `let operation ${step.which} of the store go on`
    default:
      return `f${step.fn}.${step.does}(${step.key})`
  }
}
