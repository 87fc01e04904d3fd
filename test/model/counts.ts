import { expect } from 'chai'
import { valueOf } from '../../src/held.ts'
import type { World } from './world.ts'

/** Every call is counted as one thing, every load once, and nothing is ever too full. */
export function checkCounts(world: World): void {
  const { under, store, actors, isSync } = world
  const all = actors.map(({ fn }) => fn.stats())
  const sum = (what: 'hits' | 'misses' | 'joins' | 'staleHits' | 'loads' | 'storeFailures'): number =>
    all.reduce((before, stats) => before + stats[what], 0)

  const counted = sum('hits') + sum('misses') + sum('joins') + sum('staleHits')
  if (isSync) expect(counted, 'calls counted').to.equal(world.counted)
  else expect(counted, 'calls counted').to.be.at.most(world.counted)
  expect(sum('loads'), 'loads counted').to.equal(world.loads.length)
  const foreground = world.loads.filter((load) => !load.background).length
  expect(sum('misses') - foreground, 'misses that began no load').to.be.at.least(0)
  if (isSync) expect(sum('misses'), 'misses').to.equal(foreground)
  if (world.lifetime.grace === 0) expect(sum('staleHits'), 'old values served').to.equal(0)
  if (!under.fails) {
    const ofNoLoad = world.failures.filter((error) => !world.loads.some((load) => load.error === error))
    expect(ofNoLoad, 'failures that were reported').to.deep.equal([])
    expect(sum('storeFailures')).to.equal(0)
  }
  if (isSync && !under.fails) checkSizes(world)
  if (typeof store.max === 'number' && store.max > 0) expect(store.size).to.be.at.most(store.max)
}

function checkSizes({ under, store, actors }: World): void {
  const storeKeys: unknown[] = [...store.keys()]
  for (const { fn, name, closed } of actors) {
    const prefix = name === undefined ? '' : `${name}:`
    // Whether another of its name is in the same room, or in one that came later, only the functions know.
    if (closed && under.shareKeys) continue
    const own = closed ? [] : storeKeys.filter((key) => (key as string).startsWith(prefix))
    // quick-lru, alone of all, iterates over more than it says it has.
    const size = name === undefined ? store.size : own.length
    expect(fn.stats().size, `size of ${name ?? 'the function'}`).to.equal(size)
  }
}

/** The values in a store that answers at once. */
export function valuesIn(store: { keys(): Iterable<unknown>; get(key: unknown): unknown }): unknown[] {
  return [...store.keys()].map((key) => valueOf(store.get(key)))
}
