import { expect } from 'chai'
import * as fc from 'fast-check'

import { lru, none } from '../../src/index.ts'
import { seededRandom } from '../../src/testing.ts'
import type { Random } from '../../src/types.ts'
import { SlowMap } from './slow-map.ts'
import { BatchWorld } from './batch-world.ts'
import { batchHistories, keys, toldBatches, type BatchHistory } from './batches.ts'

/*
 * The rules of the engine, played against random histories of batched functions: nothing between a call, its batch and
 * what comes of it may give a caller, or leave in the store, what was loaded before the last invalidation; no batch has
 * a key twice, or one that another is loading; nobody waits for ever.
 *
 * MODEL_RUNS and MODEL_SEED as in interleaving.test.ts.
 */
const stores: Record<string, (random: Random) => unknown> = {
  'a Map': () => new Map(),
  'lru with room for two': () => lru({ max: 2 }),
  none: () => none(),
  'a slow Map': (random) => new SlowMap({ random }),
}
const runs = Math.ceil(Number(process.env['MODEL_RUNS'] ?? 1_000) / Object.keys(stores).length)
const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31)

async function play(create: (random: Random) => unknown, history: BatchHistory): Promise<void> {
  const world = new BatchWorld(create(seededRandom(history.seed)), history)
  for (const step of history.steps) {
    world.step(step)
    if (step.then === 'a tick later') await null
    if (step.then === 'later') await new Promise(setImmediate)
  }
  if (history.end === 'still open') {
    await world.settle()
    await world.checkKept()
    const { joins } = world.get.stats()
    world.call(keys, 'plainly')
    await world.settle()
    expect(world.get.stats().joins, 'joins once all is quiet').to.equal(joins)
  }
  world.closedAt = ++world.time
  const closing = world.get.close({ wait: history.end !== 'closed, aborting' })
  const { length } = world.calls
  world.call(keys, 'plainly')
  await world.settle()
  await closing

  const { hits, misses, joins, loads, loadFailures } = world.get.stats()
  expect(hits + misses + joins, 'calls counted').to.equal(length)
  expect(loads, 'loads counted').to.be.at.most(misses)
  expect(loadFailures, 'failures counted').to.be.at.most(loads)
}

describe('any history of batches', () => {
  for (const [name, create] of Object.entries(stores)) {
    it(`breaks no rule on ${name}`, async function () {
      this.timeout(600_000)

      const property = fc.asyncProperty(batchHistories, (history) => play(create, history))
      const found = await fc.check(property, { numRuns: runs, seed })

      if (!found.failed) return
      const told = toldBatches(found.counterexample![0])
      const said = (found.errorInstance as Error | null)?.message ?? 'a history was not played to its end'
      throw new Error(`${said}\n${told}\nto play it again: MODEL_SEED=${seed}`, { cause: found.errorInstance })
    })
  }
})
