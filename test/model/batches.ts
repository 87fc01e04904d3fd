import * as fc from 'fast-check'

/** One step of a history. Numbers that choose among what there is count round; where there is nothing, nothing is done. */
export type Step = { readonly then: 'at once' | 'a tick later' | 'later' } & (
  | { readonly does: 'call'; readonly keys: readonly string[]; readonly how: 'plainly' | 'with a signal' | 'fresh' }
  | { readonly does: 'invalidate' | 'expire' | 'set'; readonly keys: readonly string[] }
  | { readonly does: 'clear' }
  | { readonly does: 'resolve' | 'resolve in part' | 'reject' | 'abort'; readonly which: number }
)

/** All that a run depends on. */
export interface BatchHistory {
  readonly seed: number
  readonly maxBatchSize: number | undefined
  readonly steps: readonly Step[]
  readonly end: 'still open' | 'closed, waiting' | 'closed, aborting'
}

export const keys: readonly string[] = ['a', 'b', 'c', 'd']

const then = fc.constantFrom('later', 'later', 'at once', 'at once', 'a tick later')
const some = fc.array(fc.constantFrom(...keys, 'a'), { minLength: 1, maxLength: 5 })
const which = fc.nat(4)

function doing(weight: number, does: string, rest: Record<string, fc.Arbitrary<unknown>>) {
  return { weight, arbitrary: fc.record({ does: fc.constant(does), ...rest, then }) as fc.Arbitrary<any> }
}

const step: fc.Arbitrary<Step> = fc.oneof(
  doing(10, 'call', {
    keys: some,
    how: fc.constantFrom('plainly', 'plainly', 'with a signal', 'with a signal', 'fresh'),
  }),
  doing(2, 'invalidate', { keys: some }),
  doing(1, 'expire', { keys: some }),
  doing(1, 'set', { keys: some }),
  doing(1, 'clear', {}),
  doing(4, 'resolve', { which }),
  doing(2, 'resolve in part', { which }),
  doing(1, 'reject', { which }),
  doing(3, 'abort', { which }),
)

/** Any history of a batched function at all. */
export const batchHistories: fc.Arbitrary<BatchHistory> = fc.record({
  seed: fc.nat(0xffff),
  maxBatchSize: fc.constantFrom(undefined, 1, 2, 3),
  steps: fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }),
  end: fc.constantFrom('still open', 'still open', 'closed, waiting', 'closed, aborting'),
})

/** A history as somebody would tell it. */
export function toldBatches({ seed, maxBatchSize, steps, end }: BatchHistory): string {
  const lines = steps.map((one, index) => {
    const { does, then: pause, ...rest } = one
    return `  ${index + 1}. ${does} ${JSON.stringify(rest)}, and ${pause}`
  })
  return [`batches of at most ${maxBatchSize ?? 'all'}, chance by the seed ${seed}:`, ...lines, `  end: ${end}`].join(
    '\n',
  )
}
