/**
 * `npx tsx bench/methods.ts`: what `await` of a hit through a decorated method costs, as a ratio to that of a plain
 * cached function. Each subject has a process of its own, in which both are measured in turns.
 */
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

import { cached, lru } from '../src/index.ts'

type Call = (id: string, turn: number) => Promise<string>

const store = lru<string>({ max: 1_000 })
const load = async (id: string): Promise<string> => id

class Repository {
  readonly store = lru<string>({ max: 1_000 })

  @cached(store)
  async find(id: string): Promise<string> {
    return id
  }

  @cached((self: Repository) => self.store)
  async findInOwn(id: string): Promise<string> {
    return id
  }

  @cached(store)
  async #find(id: string): Promise<string> {
    return id
  }

  findPrivately(id: string): Promise<string> {
    return this.#find(id)
  }
}

const subjects: Record<string, () => Call> = {
  'a plain function, named': () => {
    const named = cached(store, { name: 'n' })(load)
    return (id) => named(id)
  },
  'a method': () => {
    const repository = new Repository()
    return (id) => repository.find(id)
  },
  'a method of eight instances': () => {
    const repositories = Array.from({ length: 8 }, () => new Repository())
    return (id, turn) => repositories[turn & 7]!.find(id)
  },
  'a method with a store of its own': () => {
    const repository = new Repository()
    return (id) => repository.findInOwn(id)
  },
  'a private method': () => {
    const repository = new Repository()
    return (id) => repository.findPrivately(id)
  },
}

const ids = Array.from({ length: 100 }, (_, number) => `id ${number}`)
const median = (list: number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!

async function nanoseconds(call: Call, calls: number): Promise<number> {
  const start = process.hrtime.bigint()
  for (let turn = 0; turn < calls; turn++) await call(ids[turn % ids.length]!, turn)
  return Number(process.hrtime.bigint() - start) / calls
}

async function measure(name: string): Promise<void> {
  const plain = cached(lru<string>({ max: 1_000 }))(load)
  const subject = subjects[name]!()
  const rounds: { plain: number; subject: number }[] = []
  for (let round = 0; round < 150; round++) {
    rounds.push({ plain: await nanoseconds((id) => plain(id), 20_000), subject: await nanoseconds(subject, 20_000) })
  }
  const warm = rounds.slice(50)
  const ratio = median(warm.map((round) => round.subject / round.plain)).toFixed(2)
  console.log(
    `${name.padEnd(34)} ${ratio} x  ${median(warm.map((round) => round.subject))
      .toFixed(0)
      .padStart(5)} ns`,
  )
}

const [asked] = process.argv.slice(2)
if (asked !== undefined) await measure(asked)
else {
  for (const name of Object.keys(subjects)) {
    spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), name], { stdio: 'inherit' })
  }
}
