import * as fc from 'fast-check'
import { histories, told, type History } from './commands.ts'
import { run } from './run.ts'
import { storesUnderTest } from './stores.ts'

/*
 * The rules of the engine, played against random histories on every kind of store.
 *
 * A history is a list of calls, invalidations, sets, clears, steps of the clock, loads that end well or badly, callers
 * who leave and stores that take their time, under one of the sets of options in lifetimes.ts; of tags that are
 * invalidated alone and together, mutations that end, fail, overlap or never end, and scopes that are closed while their
 * loads run (forgetting.ts). While it is played, what is known about each key (cell.ts) says what a call may be and
 * give; the rule above all others is that no call that starts after an invalidation of whatever kind gives, or leaves in
 * the store, a value whose load began before it. An old value may be served within its window, a caller may be sent away
 * by its timeout, and every failure is heard of by somebody.
 *
 * MODEL_RUNS  the number of histories in all, spread evenly over the stores; default 3,000
 * MODEL_SEED  the seed that the histories are made from; default a new one each time, told when a history fails
 */
const runs = Math.ceil(Number(process.env['MODEL_RUNS'] ?? 3_000) / storesUnderTest.length)
const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31)

describe('any history of calls, loads and invalidations', () => {
  for (const under of storesUnderTest) {
    it(`breaks no rule on ${under.name}`, async function () {
      this.timeout(600_000)

      const property = fc.asyncProperty(histories, (history) => run(under, history))
      const found = await fc.check(property, { numRuns: runs, seed })

      if (found.failed) throw new Error(report(found), { cause: found.errorInstance })
    })
  }
})

function report({ counterexample, errorInstance, numShrinks }: fc.RunDetails<[History]>): string {
  return [
    (errorInstance as Error | null)?.message ?? 'a history was not played to its end',
    told(counterexample![0]),
    `made smaller ${numShrinks} times; to play it again: MODEL_SEED=${seed} MODEL_RUNS=${runs * storesUnderTest.length}`,
  ].join('\n')
}
