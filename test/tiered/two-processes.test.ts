import { expect } from 'chai'

import { cached, lru, Tags, tiered } from '../../src/index.ts'
import { systemClock } from '../../src/clock.ts'
import { seededRandom } from '../../src/random.ts'
import { MemoryBackend } from '../support/memory-tier.ts'
import { turns } from './process.ts'

const ids = ['a', 'b', 'c']
const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31)

/** Plays a history in three processes, whose requests, answers and loads overtake one another. */
async function play(random: () => number): Promise<void> {
  const backend = new MemoryBackend(systemClock)
  const some = async (most: number): Promise<void> => {
    for (let left = Math.floor(random() * most); left > 0; left--) await null
  }
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!
  /** Counts invalidations: a load gives how many had begun when it began itself. */
  let now = 0
  /** How many invalidations, and sets among them, are under way. */
  let changing = 0
  let setting = 0
  const running = new Set<Promise<unknown>>()

  const processes = [1, 2, 3].map(() => {
    const tier = backend.open()
    tier.onTheWay = () => some(6)
    const tags = new Tags()
    const get = cached(tiered(lru<string>({ max: 2 }), tier), {
      name: 'n',
      tags: tags.of((_: number, id: string) => [id]),
    })(async (_: string) => {
      const value = now
      await some(20)
      return value
    })
    return { get, tags, floors: new Map<string, number>() }
  })
  await turns()
  const everywhere = new Map<string, number>()
  const floorOf = (floors: ReadonlyMap<string, number>, id: string): number => floors.get(id) ?? 0

  async function call(): Promise<void> {
    const { get, floors } = pick(processes)
    const id = pick(ids)
    const least = Math.max(floorOf(floors, id), floorOf(everywhere, id))
    expect(await (random() < 0.1 ? get.refresh(id) : get(id)), `what a call for ${id} gives`).to.be.at.least(least)
  }

  async function invalidate(): Promise<void> {
    const { get, tags, floors } = pick(processes)
    const id = pick(ids)
    // Nobody promises which comes first of a set and an invalidation elsewhere that overlap.
    if (setting > 0) return
    const at = ++now
    const ways = {
      invalidate: () => get.invalidate(id),
      expire: () => get.expire(id),
      set: () => get.set([id], at),
      tags: () => {
        tags.invalidate(id)
        return tags.settled()
      },
      clear: () => get.clear(),
    }
    const all = Object.keys(ways) as (keyof typeof ways)[]
    const way = pick(all.filter((name) => name !== 'set' || changing === 0))
    changing++
    if (way === 'set') setting++
    const concerned = way === 'clear' ? ids : [id]
    const done: unknown = ways[way]()
    for (const one of concerned) floors.set(one, at)
    await done
    changing--
    if (way === 'set') setting--
    for (const one of concerned) everywhere.set(one, Math.max(at, floorOf(everywhere, one)))
  }

  for (let step = 0; step < 60; step++) {
    const one = random() < 0.3 ? invalidate() : call()
    const settled = one.finally(() => running.delete(settled))
    settled.catch(() => {})
    running.add(settled)
    await some(8)
    if (random() < 0.05) await turns()
  }
  await Promise.all(running)
  await Promise.all(processes.map(({ get }) => get.close()))
  expect(backend.leases.size, 'leases that are left').to.equal(0)
}

describe('three processes', () => {
  it('read nothing older than an invalidation that has returned in any of them', async function () {
    this.timeout(120_000)

    for (let run = 0; run < 150; run++) {
      try {
        await play(seededRandom(seed + run))
      } catch (error) {
        throw new Error(`${String(error)}; to play it again: MODEL_SEED=${seed + run}`, { cause: error })
      }
    }
  })
})
