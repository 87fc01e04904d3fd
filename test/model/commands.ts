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

/** Which function a command speaks of, and which scope of it, if any. */
interface Whose {
  readonly fn: number
  readonly scope: string | undefined
}

/** What a mutation invalidates. */
export type Reach = 'the key' | 'all keys' | 'tags'

/** How a mutation ends. */
export type Ending = 'resolved' | 'rejected'

/** One step of a history. Numbers that choose among what there is count round; where there is nothing, nothing is done. */
export type Command = { readonly then: Pause } & (
  | ({ readonly does: 'call'; readonly key: string; readonly how: Manner } & Whose)
  | ({ readonly does: 'invalidate' | 'expire' | 'set' | 'peek' | 'has'; readonly key: string } & Whose)
  | ({ readonly does: 'clear' } & Whose)
  | ({ readonly does: 'invalidate where'; readonly which: number } & Whose)
  | { readonly does: 'invalidate tags'; readonly tags: readonly string[]; readonly together: boolean }
  | ({ readonly does: 'mutate'; readonly key: string; readonly reach: Reach } & Whose & {
        readonly tags: readonly string[]
        readonly how: Ending | 'later'
      })
  | { readonly does: 'end mutation'; readonly which: number; readonly how: Ending }
  | ({ readonly does: 'close scope'; readonly wait: boolean } & Whose)
  | { readonly does: 'advance'; readonly ms: number }
  | { readonly does: 'resolve' | 'reject' | 'abort' | 'let on'; readonly which: number }
)

/** A command to one function or scope. */
export type CommandTo = Extract<Command, Whose>

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
  /** Whether the functions have tags, and whether these are remembered as long as anybody may ask. */
  readonly tags: 'without' | 'with' | 'soon forgotten'
  /** Whether a function that has its store for itself has a name all the same, and so scopes. */
  readonly named: boolean
  readonly commands: readonly Command[]
  readonly end: End
}

export const keys: readonly string[] = ['a', 'b', 'c', 'd']

const fn = fc.nat(2)
const scope = fc.constantFrom(undefined, undefined, undefined, undefined, undefined, 's', 's', 't')
const key = fc.constantFrom(...keys, 'a', 'a', 'b')
const which = fc.nat(5)
const tag = fc.constantFrom('key:a', 'key:a', 'key:b', 'third:0', 'third:1', 'added')
const someTags = fc.uniqueArray(tag, { minLength: 1, maxLength: 3 })
const ending = fc.constantFrom<Ending>('resolved', 'rejected')
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
  doing(14, 'call', { fn, scope, key, how }),
  doing(3, 'invalidate', { fn, scope, key }),
  doing(1, 'expire', { fn, scope, key }),
  doing(2, 'set', { fn, scope, key }),
  doing(1, 'clear', { fn, scope }),
  doing(1, 'peek', { fn, scope, key }),
  doing(1, 'has', { fn, scope, key }),
  doing(5, 'advance', { ms: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 90 })) }),
  doing(8, 'resolve', { which }),
  doing(5, 'reject', { which }),
  doing(4, 'abort', { which }),
  doing(8, 'let on', { which }),
  doing(4, 'invalidate tags', { tags: someTags, together: fc.boolean() }),
  doing(2, 'invalidate where', { fn, scope, which }),
  doing(4, 'mutate', {
    fn,
    scope,
    key: fc.constantFrom('a', 'a', 'b'),
    reach: fc.constantFrom<Reach>('the key', 'the key', 'all keys', 'tags', 'tags'),
    tags: someTags,
    how: fc.constantFrom<Ending | 'later'>('later', 'later', 'later', 'resolved', 'rejected'),
  }),
  doing(3, 'end mutation', { which, how: ending }),
  doing(1, 'close scope', { fn, scope: fc.constantFrom('s', 't'), wait: fc.boolean() }),
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
  tags: fc.constantFrom('without', 'with', 'with', 'soon forgotten'),
  named: fc.boolean(),
  commands: fc.array(command, { minLength: 1, maxLength: 40, size: 'max' }),
  end: fc.constantFrom<End>('still open', 'still open', 'closed, waiting', 'closed, aborting'),
})

/** A history as somebody would tell it. */
export function told({ seed, flavour, tags, named, commands, end }: History): string {
  const lines = commands.map((one, index) => `  ${index + 1}. ${toldStep(one)}, and ${one.then}`)
  const what = `a ${named ? 'named ' : ''}function with ${flavour} options, tags ${tags}`
  return [`${what}, chance by the seed ${seed}:`, ...lines, `  end: ${end}`].join('\n')
}

function toldStep(step: Command): string {
  const who = 'fn' in step ? `f${step.fn}${step.scope === undefined ? '' : `.scope(${step.scope})`}` : ''
  switch (step.does) {
    case 'invalidate where':
      return `${who}.invalidateWhere(predicate ${step.which})`
    case 'invalidate tags':
      return `tags.${step.together ? 'invalidateAll' : 'invalidate'}(${step.tags.join()})`
    case 'mutate':
      return `mutate ${step.reach} of ${who}(${step.key}) and ${step.tags.join()}, ended ${step.how}`
    case 'end mutation':
      return `end mutation ${step.which}: ${step.how}`
    case 'close scope':
      return `${who}.close(${step.wait ? 'waiting' : 'aborting'})`
    case 'call':
      return `call ${who}(${step.key}) ${step.how}`
    case 'clear':
      return `${who}.clear()`
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
      return `${who}.${step.does}(${step.key})`
  }
}
