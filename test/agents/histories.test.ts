import { expect } from 'chai'
import * as fc from 'fast-check'

import { toolCache, type ToolScope } from '../../src/agents.ts'
import { lru, Tags } from '../../src/index.ts'
import { AsyncMap } from '../support/async-map.ts'

/** A call that one of two sessions makes, and how many turns its parts and the pause after it take. */
const step = fc.record({
  write: fc.boolean(),
  path: fc.nat(2),
  session: fc.nat(1),
  fails: fc.boolean(),
  turns: fc.tuple(fc.nat(4), fc.nat(4)),
  pause: fc.nat(6),
})

async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await null
}

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/**
 * Plays a history. Gives what is wrong with it, which is every read that was answered by a run from before the last
 * beginning or end of a write of its path, and how many runs it takes to read everything twice when all is over.
 */
async function play(store: any, scope: ToolScope, steps: readonly Step[]): Promise<{ wrong: string[]; runs: number }> {
  const versions = [0, 0, 0]
  let moment = 0
  /** When a write of each path last began or ended. */
  const touched = [0, 0, 0]
  const wrong: string[] = []
  let runs = 0
  const resource = (path: number): string => `${path}`
  class WatchedTags extends Tags {
    override hold(names: readonly string[]): () => void {
      const release = super.hold(names)
      return () => {
        for (const path of names) touched[Number(path)] = ++moment
        release()
      }
    }
  }
  const tags = new WatchedTags()
  const sessions = [0, 1].map(() =>
    toolCache({ store, scope, tags }).wrap(
      {
        read: async (path: number) => {
          const run = { begun: ++moment, version: versions[path]! }
          await pass(runs++ % 5)
          return run
        },
        write: async (path: number, [before, after]: readonly [number, number], fails: boolean) => {
          await pass(before)
          versions[path]!++
          await pass(after)
          if (fails) throw new Error('after all')
        },
      },
      { read: { resource }, write: { writes: true, resource } },
    ),
  )
  const calls = []
  for (const { write, path, session, fails, turns, pause } of steps) {
    const tools = sessions[session]!
    if (write) {
      touched[path] = ++moment
      calls.push(tools.write(path, turns, fails).catch(() => {}))
    } else {
      const last = touched[path]!
      calls.push(
        tools.read(path).then(({ begun }) => {
          if (begun < last) wrong.push(`path ${path}: a run of moment ${begun}, after a write at ${last}`)
        }),
      )
    }
    await pass(pause)
  }
  await Promise.all(calls)

  const before = runs
  for (const { read } of [...sessions, ...sessions]) {
    for (const path of [0, 1, 2]) {
      const { version } = await read(path)
      if (version !== versions[path]) wrong.push(`path ${path}: version ${version} at the end, not ${versions[path]}`)
    }
  }
  return { wrong, runs: runs - before }
}

const stores: Record<string, () => any> = {
  'lru with room for two': () => lru({ max: 2 }),
  'a Map': () => new Map(),
  'an asynchronous Map': () => new AsyncMap(),
}

describe('any history of reads and writes by two sessions', () => {
  for (const [name, create] of Object.entries(stores)) {
    for (const scope of ['session', 'global'] as const) {
      it(`gives nothing from before a write, in ${name}, ${scope}`, async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
            const { wrong, runs } = await play(create(), scope, steps)
            expect(wrong).to.deep.equal([])
            // When all is over everything can be kept again, as far as there is room.
            if (name !== 'lru with room for two') expect(runs).to.be.at.most(scope === 'global' ? 3 : 6)
          }),
          { numRuns: 150 },
        )
      })
    }
  }
})
