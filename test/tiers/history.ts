import { expect } from 'chai'

import type { Tier, TierRead } from '../../src/tiers/tier.ts'
import type { Random } from '../../src/types.ts'

/** What a history is made of. */
export interface HistoryOptions {
  /** The tiers of as many processes. */
  readonly tiers: readonly Tier[]
  readonly random: Random
  /** Milliseconds that it goes on. */
  readonly lasts: number
  /** Does something bad to the backend, again and again. */
  readonly fault?: (() => Promise<void>) | undefined
}

const keys = ['a', 'b', 'c', 'd', 'e']
const tasksPerTier = 4

/**
 * Reads, loads and invalidates at random through several tiers at once, and checks every read: once an invalidation has
 * returned, no read that begins later gives a version that was loaded before it. One that was rejected binds the tier
 * that it was asked of.
 *
 * @returns how much has happened
 */
export async function playHistory({ tiers, random, lasts, fault }: HistoryOptions): Promise<Record<string, number>> {
  const counts = { reads: 0, fresh: 0, loads: 0, writes: 0, invalidations: 0, rejected: 0, faults: 0 }
  const origin = new Map(keys.map((key) => [key, 1]))
  const least = new Map(keys.map((key) => [key, 0]))
  const leastHere = tiers.map(() => new Map(keys.map((key) => [key, 0])))
  const end = performance.now() + lasts
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, random() * 3))
  const raise = (map: Map<string, number>, versions: ReadonlyMap<string, number>): void => {
    for (const [key, version] of versions) map.set(key, Math.max(map.get(key)!, version))
  }

  async function read(index: number): Promise<void> {
    const space = tiers[index]!.space('history')
    const key = pick(keys)
    const floor = Math.max(least.get(key)!, leastHere[index]!.get(key)!)
    counts.reads++
    const given = AbortSignal.timeout(500)
    let found: TierRead
    try {
      found = await space.read(key, { signal: given })
      if (found.lease === undefined && found.state !== 'fresh') {
        found = await space.wait(key, { timeout: 20, signal: given })
      }
    } catch {
      return
    }
    if (found.entry !== undefined) {
      if (found.state === 'fresh') counts.fresh++
      const version = Number(Buffer.from(found.entry.bytes).toString())
      expect(version, `the version of ${key}`).to.be.at.least(floor)
    }
    if (found.lease === undefined) return
    counts.loads++
    const version = origin.get(key)!
    await turn()
    try {
      if (random() < 0.1) await space.release(key, found.lease)
      else {
        const life = { freshFor: 60_000, staleFor: 1_000, tags: ['all', `tag of ${key}`] }
        if (await space.write(key, found.lease, Buffer.from(String(version)), life)) counts.writes++
      }
    } catch {
      // The load is not kept.
    }
  }

  async function invalidate(index: number): Promise<void> {
    const tier = tiers[index]!
    const space = tier.space('history')
    const chance = random()
    const key = pick(keys)
    const concerned = chance < 0.8 ? [key] : keys
    const versions = new Map(concerned.map((each) => [each, origin.get(each)! + 1]))
    for (const [each, version] of versions) origin.set(each, version)
    counts.invalidations++
    try {
      if (chance < 0.6) await space.invalidate(key)
      else if (chance < 0.8) await Promise.all([tier.invalidateTags([`tag of ${key}`]), space.invalidate(key)])
      else if (chance < 0.9) await space.clear()
      else await Promise.all([tier.invalidateTags(['all']), ...keys.map((each) => space.invalidate(each))])
      raise(least, versions)
    } catch {
      counts.rejected++
      raise(leastHere[index]!, versions)
    }
  }

  const tasks = tiers.flatMap((_, index) =>
    Array.from({ length: tasksPerTier }, async () => {
      while (performance.now() < end) {
        await (random() < 0.85 ? read(index) : invalidate(index))
        await turn()
      }
    }),
  )
  const faults = async (doHarm: () => Promise<void>): Promise<void> => {
    while (performance.now() < end - 300) {
      await turn()
      await doHarm()
      counts.faults++
    }
  }
  await Promise.all([...tasks, ...(fault === undefined ? [] : [faults(fault)])])
  return counts
}
