/** `npx tsx bench/methods.ts`: what a hit through a decorated method costs, against a hit of a plain cached function. */
import { cached, lru } from '../src/index.ts'

const store = lru<string>({ max: 1_000 })

class Repository {
  readonly store = lru<string>({ max: 1_000 })

  @cached(store)
  async find(id: string): Promise<string> {
    return id
  }

  @cached((self: Repository) => self.store)
  async findInItsOwn(id: string): Promise<string> {
    return id
  }

  @cached(store)
  async #hidden(id: string): Promise<string> {
    return id
  }

  findHidden(id: string): Promise<string> {
    return this.#hidden(id)
  }
}

const load = async (id: string): Promise<string> => id
const plain = cached(lru<string>({ max: 1_000 }))(load)
const named = cached(store, { name: 'named' })(load)
const repositories = Array.from({ length: 8 }, () => new Repository())

const ids = Array.from({ length: 100 }, (_, id) => `id ${id}`)
const subjects: Record<string, (id: string, turn: number) => Promise<string>> = {
  'a plain function': (id) => plain(id),
  'a plain function with a name': (id) => named(id),
  'a method': (id) => repositories[0]!.find(id),
  'a method of eight instances': (id, turn) => repositories[turn & 7]!.find(id),
  'a method, its store its own': (id) => repositories[0]!.findInItsOwn(id),
  'a private method': (id) => repositories[0]!.findHidden(id),
}

async function nanoseconds(call: (id: string, turn: number) => Promise<string>, calls: number): Promise<number> {
  const from = process.hrtime.bigint()
  for (let turn = 0; turn < calls; turn++) await call(ids[turn % ids.length]!, turn)
  return Number(process.hrtime.bigint() - from) / calls
}

const times = new Map(Object.keys(subjects).map((name) => [name, [] as number[]]))
for (let round = 0; round < 12; round++) {
  for (const [name, call] of Object.entries(subjects)) {
    const time = await nanoseconds(call, 300_000)
    if (round >= 3) times.get(name)!.push(time)
  }
}
const median = (list: number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!
const one = median(times.get('a plain function')!)
for (const [name, list] of times) {
  console.log(`${name.padEnd(32)}${median(list).toFixed(0).padStart(6)} ns  ${(median(list) / one).toFixed(2)} x`)
}
