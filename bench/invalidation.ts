/**
 * `npx tsx bench/invalidation.ts`: what `tags.invalidate` costs for a tag on one entry and on a million, and what making,
 * filling and closing a scope costs beside none and beside ten thousand that are open.
 */
import process from 'node:process'

import { cached, lru, Tags, unbounded } from '../src/index.ts'

const load = async (id: string): Promise<string> => id
const median = (list: number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!
const microseconds = (since: bigint): number => Number(process.hrtime.bigint() - since) / 1_000

function told(what: string, times: number[]): void {
  console.log(`${what.padEnd(52)} median ${median(times).toFixed(2)} us, of ${times.length}`)
}

async function invalidations(entries: number): Promise<void> {
  const tags = new Tags()
  const get = cached(unbounded<string>(), { tags: tags.of((_: string, id: string) => ['all', id]) })(load)
  for (let id = 0; id < entries; id++) await get(`row ${id}`)
  // The first are of a function that the engine has not compiled.
  const times = Array.from({ length: 2_000 }, () => {
    const start = process.hrtime.bigint()
    tags.invalidate('all')
    return microseconds(start)
  })
  if (get.has('row 0')) throw new Error('the tag has invalidated nothing')
  told(`tags.invalidate, a tag on ${entries.toLocaleString('en')}`, times.slice(1_000))
}

async function scopes(open: number): Promise<void> {
  const get = cached(lru<string>({ max: 1_000_000 }), { name: 'rows' })(load)
  for (let id = 0; id < open; id++) await get.scope(`open ${id}`)('row')
  const made: number[] = []
  const closed: number[] = []
  for (let id = 0; id < 3_000; id++) {
    let start = process.hrtime.bigint()
    const scope = get.scope(`session ${id}`)
    made.push(microseconds(start))
    await scope('a')
    await scope('b')
    start = process.hrtime.bigint()
    await scope.close()
    closed.push(microseconds(start))
  }
  if (get.store.size !== open) throw new Error('a scope has left something')
  told(`making a scope beside ${open.toLocaleString('en')}`, made.slice(1_000))
  told(`closing it, with two entries`, closed.slice(1_000))
}

// In turns, so that what else the machine does comes to all of them.
for (let turn = 0; turn < 2; turn++) {
  for (const entries of [1, 1_000_000]) await invalidations(entries)
  for (const open of [0, 10_000]) await scopes(open)
}
