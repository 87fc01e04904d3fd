import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect } from 'chai'

import type { Random } from '../../src/types.ts'
import { Member, MemberGone } from './member.ts'
import { turnsOf } from './turns.ts'
import type { Setting } from './workers/member.ts'

/** What a history is made of. All times are milliseconds. */
export interface ChaosOptions {
  readonly setting: Setting
  readonly random: Random
  readonly keys: number
  readonly lasts: number
  /** How long after an invalidation that has returned another process may still give what was there before. */
  readonly bound: number
  /** Does something bad to the backend. */
  readonly faults: readonly Fault[]
}

/** Something bad that is done to a backend, which is there again when it is over. */
export type Fault = (random: Random) => Promise<unknown>

const tasks = 12

/** How many bytes of the heap a process may hold on to beyond those that it began with. */
const mostHeap = 4 * 2 ** 20

/**
 * Four processes read and invalidate at random, a writer changes the origin behind them, processes are killed and the
 * backend suffers, all at once. Every read is checked: it gives no version that is older than an invalidation that had
 * returned `bound` before the read was asked for; in the process that invalidated, no older one at all. One of the
 * processes is never killed: when all is over, it holds on to no more memory, files and connections than before.
 *
 * @returns how much has happened
 */
export async function playChaos(options: ChaosOptions): Promise<Record<string, number>> {
  const { setting, random, lasts, bound, faults } = options
  const counts = { reads: 0, writes: 0, rejected: 0, kills: 0, faults: 0 }
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!
  const keys = Array.from({ length: options.keys }, (_, index) => `key ${index}`)
  const versions = new Map(keys.map((key) => [key, 1]))
  /** For each key, from when on no older version may be read anywhere. */
  const floors = new Map(keys.map((key) => [key, [{ from: 0, version: 1 }]]))
  const busy = new Set<string>()
  const write = (key: string): void => {
    const path = join(setting.origin, key)
    writeFileSync(`${path} to be`, String(versions.get(key)))
    renameSync(`${path} to be`, path)
  }
  for (const key of keys) write(key)

  const start = async (): Promise<{ member: Member; own: Map<string, number> }> => ({
    member: await Member.start(setting),
    own: new Map(),
  })
  const members = await Promise.all([1, 2, 3, 4].map(start))
  const survivor = members.at(-1)!.member
  const footprint = async (): Promise<{ heap: number; files: number }> => {
    await Promise.all(keys.map((key) => survivor.ask('get', key)))
    return survivor.ask('footprint')
  }
  await survivor.ask('invalidate', keys[0])
  const before = await footprint()
  let end = performance.now() + lasts
  let lastFault = 0
  const running = (): boolean => performance.now() < end

  async function read(): Promise<void> {
    const { member, own } = pick(members)
    const key = pick(keys)
    const asked = performance.now()
    const everywhere = floors.get(key)!.findLast(({ from }) => from <= asked)!.version
    const here = own.get(key) ?? 0
    let version: number
    try {
      version = await member.ask('get', key)
    } catch (error) {
      // A call fails with its process, and never otherwise.
      if (error instanceof MemberGone) return
      throw error
    }
    counts.reads++
    if (version >= Math.max(everywhere, here)) return
    const reports: unknown[] = []
    for (const one of members) reports.push(await one.member.ask('reports').catch(String))
    const when = `that was asked for at ${Math.round(asked)} ms, the last fault being at ${Math.round(lastFault)} ms, after the reports ${JSON.stringify(reports)}`
    expect(version, `the version of ${key} ${when}, which others invalidated`).to.be.at.least(everywhere)
    expect(version, `the version of ${key} ${when}, which the same process invalidated`).to.be.at.least(here)
  }

  async function change(): Promise<void> {
    const key = pick(keys)
    if (busy.has(key)) return
    busy.add(key)
    const version = versions.get(key)! + 1
    versions.set(key, version)
    write(key)
    counts.writes++
    for (;;) {
      const { member, own } = pick(members)
      try {
        const invalidated = member.ask(random() < 0.3 ? 'invalidateTag' : 'invalidate', key)
        own.set(key, version)
        await invalidated
        break
      } catch (error) {
        // Nothing is promised to others by an invalidation that was rejected, so another process repeats it.
        if (!(error instanceof MemberGone)) counts.rejected++
        await turnsOf(5)
      }
    }
    floors.get(key)!.push({ from: performance.now() + bound, version })
    busy.delete(key)
  }

  async function work(): Promise<void> {
    while (running()) {
      if (random() < 0.15) await change()
      else await read()
      await turnsOf(Math.floor(random() * 3))
    }
  }

  async function kill(): Promise<void> {
    while (running()) {
      await turnsOf(Math.floor(400 + random() * 800))
      const index = Math.floor(random() * (members.length - 1))
      await members[index]!.member.kill()
      counts.kills++
      members[index] = await start()
    }
  }

  async function harm(): Promise<void> {
    while (running() && faults.length > 0) {
      await turnsOf(Math.floor(100 + random() * 400))
      lastFault = performance.now()
      await pick(faults)(random)
      counts.faults++
    }
  }

  /** What was cut or hung is mended by and by. */
  async function isAsBefore(): Promise<void> {
    const deadline = performance.now() + 10_000
    let after = await footprint()
    const isAsMuch = (): boolean => after.files <= before.files && after.heap <= before.heap + mostHeap
    while (!isAsMuch() && performance.now() < deadline) {
      await turnsOf(100)
      after = await footprint()
    }
    expect(after.files, 'files and connections that are open').to.be.at.most(before.files)
    expect(after.heap, 'bytes of the heap').to.be.at.most(before.heap + mostHeap)
  }

  try {
    const all = [kill(), harm(), ...Array.from({ length: tasks }, work)]
    // Whatever fails ends all, and nothing goes on behind.
    for (const one of all) one.catch(() => (end = 0))
    await Promise.allSettled(all)
    await Promise.all(all)
    await isAsBefore()
    expect(await Promise.all(members.map(({ member }) => member.end()))).to.deep.equal([0, 0, 0, 0])
  } finally {
    await Promise.all(members.map(({ member }) => member.kill()))
  }
  return counts
}
