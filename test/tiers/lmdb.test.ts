import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect } from 'chai'
import type * as Lmdb from 'lmdb'

import { Database, nameKey } from '../../src/lmdb/database.ts'
import { prepare } from '../../src/lmdb/file.ts'
import { FileSetAsideError, lmdbTier, type LmdbTierOptions } from '../../src/lmdb/index.ts'
import { Journal } from '../../src/lmdb/journal.ts'
import { Ledger, spaceKey } from '../../src/lmdb/ledger.ts'
import { loadLmdb } from '../../src/lmdb/peer.ts'
import { seededRandom } from '../../src/random.ts'
import type { Tier, TierEvent } from '../../src/tiers/tier.ts'
import { newToken } from '../../src/tiers/token.ts'
import { rejection } from '../support/rejection.ts'
import { describeTier } from './describe-tier.ts'
import { playHistory } from './history.ts'

const life = { freshFor: 60_000 }
const until = async (condition: () => unknown): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}
const onError = (error: unknown): void => {
  throw error
}

/** Another process, over the same file. */
class Worker {
  readonly process: ChildProcess
  #asked = 0

  private constructor(process: ChildProcess) {
    this.process = process
  }

  static async start(path: string, leaseTtl = 5_000): Promise<Worker> {
    const child = fork('test/tiers/workers/lmdb.ts', [path, String(leaseTtl)], { execArgv: ['--import=tsx/esm'] })
    await once(child, 'message')
    return new Worker(child)
  }

  async ask(command: string, key = ''): Promise<any> {
    const id = ++this.#asked
    const replied = new Promise((resolve) => {
      const hear = (message: { id: number; result: unknown }): void => {
        if (message.id !== id) return
        this.process.off('message', hear)
        resolve(message.result)
      }
      this.process.on('message', hear)
    })
    this.process.send({ id, command, key })
    return replied
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    const gone = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await gone
  }
}

describe('lmdbTier', () => {
  let folder: string
  let path: string
  const opened: { close(): Promise<void> }[] = []

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'polycache-lmdb-'))
    path = join(folder, 'sub', 'cache.mdb')
  })

  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const open = (options: Partial<LmdbTierOptions> = {}): Tier => {
    const tier = lmdbTier({ path, pollEvery: 2, onError, ...options })
    opened.push(tier)
    return tier
  }
  const start = async (leaseTtl?: number): Promise<Worker> => {
    const worker = await Worker.start(path, leaseTtl)
    opened.push({ close: () => worker.kill() })
    return worker
  }
  const fill = async (tier: Tier, key: string, value: string | Buffer, more: object = {}): Promise<void> => {
    const users = tier.space('users')
    expect(await users.write(key, await users.lease(key), Buffer.from(value), { ...life, ...more })).to.equal(true)
  }
  const textOf = async (tier: Tier, key: string): Promise<string | undefined> => {
    const entry = await tier.space('users').peek(key)
    return entry && Buffer.from(entry.bytes).toString()
  }

  describeTier('within one process', async () => ({ open: () => open(), close: async () => {} }))
  describeTier('with every write on the disk', async () => ({
    open: () => open({ durable: true }),
    close: async () => {},
  }))

  describe('between processes', () => {
    it('lets one load while the other waits', async () => {
      const users = open().space('users')
      const worker = await start()
      expect(await worker.ask('read', 'a')).to.deep.equal({ state: 'missing', lease: true })
      expect(await users.read('a')).to.deep.equal({ state: 'missing', entry: undefined, lease: undefined })

      const waiting = users.wait('a', { timeout: 10_000 })
      expect(await worker.ask('write', 'a')).to.equal(true)

      expect(Buffer.from((await waiting).entry!.bytes).toString()).to.equal('a of a worker')
    })

    it('gives the lease to another when its holder is killed', async () => {
      const users = open().space('users')
      const worker = await start(300)
      await worker.ask('read', 'a')
      const waiting = users.wait('a', { timeout: 10_000 })

      await worker.kill()

      expect((await waiting).lease).to.not.equal(undefined)
    })

    it('keeps the lease for a load that takes longer than leaseTtl', async () => {
      const tier = open({ leaseTtl: 500 })
      const users = tier.space('users')
      const { lease } = await users.read('a')
      const worker = await start()

      const end = performance.now() + 1_200
      while (performance.now() < end) expect((await worker.ask('read', 'a')).lease).to.equal(false)

      expect(await users.write('a', lease!, Buffer.from('late'), life)).to.equal(true)
    })

    it('sees at once what another process has invalidated, and is told of it', async () => {
      const tier = open()
      const events: TierEvent[] = []
      tier.subscribe((event) => events.push(event))
      await fill(tier, 'a', 'value')
      const worker = await start()
      expect((await worker.ask('read', 'a')).text).to.equal('value')

      expect(await worker.ask('invalidate', 'a')).to.equal(true)
      expect(await textOf(tier, 'a')).to.equal(undefined)
      await worker.ask('clear')
      await until(() => events.length === 3)

      expect(events).to.deep.equal([
        { type: 'gap' },
        { type: 'keys', space: 'users', keys: ['a'] },
        { type: 'clear', space: 'users' },
      ])
    })

    for (const seed of [1, 2, 3]) {
      it(`is whole after a process was killed while it wrote (seed ${seed})`, async () => {
        const random = seededRandom(seed)
        const worker = await start()
        const started = once(worker.process, 'message')
        void worker.ask('scribble', String(seed))
        await started
        const tier = open()
        await until(async () => (await textOf(tier, 'k1')) !== undefined)
        await new Promise((resolve) => setTimeout(resolve, random() * 50))

        await worker.kill()

        let found = 0
        for (let index = 0; index < 50; index++) {
          const text = await textOf(tier, `k${index}`)
          if (text !== undefined) found++
          expect(text ?? `k${index}:`).to.match(new RegExp(`^k${index}:\\.*$`))
        }
        expect(found).to.be.greaterThan(0)
        await fill(tier, 'k1', 'written on')
        expect(await textOf(tier, 'k1')).to.equal('written on')
      })
    }

    it('does not grow on because a process was killed while it read', async () => {
      const worker = await start()
      const tier = open()
      await fill(tier, 'a', 'value')
      const standing = once(worker.process, 'message')
      void worker.ask('stand', 'a')
      await standing
      const write = (): Promise<unknown> => fill(tier, 'b', Buffer.alloc(6_000))
      for (let index = 0; index < 200; index++) await write()
      await worker.kill()
      const killed = performance.now()
      const before = statSync(path).size
      // Others look for it once in a second.
      await until(async () => (await write(), performance.now() - killed > 1_100))

      const then = statSync(path).size
      for (let index = 0; index < 200; index++) await write()

      expect(before, 'while it reads').to.be.greaterThan(200 * 8_192)
      expect(statSync(path).size).to.equal(then)
    })

    it('is not taken for cut off while another process makes it longer', async () => {
      const worker = await start()
      const growing = once(worker.process, 'message')
      void worker.ask('grow')
      await growing
      const sizes = new Set<number>()

      while (sizes.size < 300) {
        expect(prepare(path, true)).to.equal(undefined)
        sizes.add(statSync(path).size)
      }

      await worker.kill()
    })

    it('survives a restart', async () => {
      const worker = await start()
      await worker.ask('read', 'a')
      await worker.ask('write', 'a')
      await worker.kill()

      const tier = open()

      expect(await textOf(tier, 'a')).to.equal('a of a worker')
      await tier.invalidateTags(['x'])
      expect(await textOf(open(), 'a')).to.equal(undefined)
    })
  })

  it('shows nothing that was invalidated, whatever happens at once', async () => {
    const random = seededRandom(Math.floor(Math.random() * 2 ** 31))
    const counts = await playHistory({ tiers: [open(), open(), open()], random, lasts: 1_000 })

    for (const what of ['fresh', 'loads', 'writes', 'invalidations']) {
      expect(counts[what], JSON.stringify(counts)).to.be.greaterThan(5)
    }
    expect(counts['rejected']).to.equal(0)
  })

  describe('on the disk', () => {
    it('takes no more room than maxBytes, and lets the oldest entries go', async () => {
      const maxBytes = 4 * 2 ** 20
      const tier = open({ maxBytes })
      const random = seededRandom(5)

      for (let index = 0; index < 3_000; index++) {
        await fill(tier, `k${index}`, Buffer.alloc(Math.floor(random() ** 3 * 40_000)))
      }

      expect(statSync(path).size).to.be.within(maxBytes / 4, maxBytes)
      expect(await textOf(tier, 'k0')).to.equal(undefined)
      expect(await textOf(tier, 'k2999')).to.not.equal(undefined)
      const kept = await Promise.all(Array.from({ length: 3_000 }, (_, index) => textOf(tier, `k${index}`)))
      const oldest = kept.findIndex((text) => text !== undefined)
      expect(kept.slice(oldest).every((text) => text !== undefined)).to.equal(true)
    }).timeout(60_000)

    it('takes no more room for entries that are written again and again', async () => {
      const tier = open({ maxBytes: 2 ** 20 })

      for (let index = 0; index < 1_000; index++) await fill(tier, `k${index % 7}`, Buffer.alloc(20_000))

      expect(statSync(path).size).to.be.at.most(2 ** 20)
      for (let index = 0; index < 7; index++) expect(await textOf(tier, `k${index}`)).to.not.equal(undefined)
    })

    it('keeps nothing that alone is too large', async () => {
      const tier = open({ maxBytes: 2 ** 20 })
      await fill(tier, 'a', 'value')

      await fill(tier, 'large', Buffer.alloc(2 ** 20))

      expect(await textOf(tier, 'large')).to.equal(undefined)
      expect(await textOf(tier, 'a')).to.equal('value')
    })

    it('forgets old invalidations rather than what they invalidated', async () => {
      const tier = open({ maxMarks: 10 })
      await fill(tier, 'dead', 'value', { tags: ['t0'] })
      await fill(tier, 'old', 'value')
      for (let index = 0; index < 8; index++) await tier.invalidateTags([`t${index}`])
      await fill(tier, 'young', 'value', { tags: ['t9'] })

      for (let index = 8; index < 14; index++) await tier.invalidateTags([`t${index}`])

      expect(await textOf(tier, 'dead')).to.equal(undefined)
      expect(await textOf(tier, 'old'), 'what can no longer be told').to.equal(undefined)
      expect(await textOf(tier, 'young')).to.equal(undefined)
      await fill(tier, 'new', 'value')
      expect(await textOf(tier, 'new')).to.equal('value')
    })
  })

  describe('a file that is not as it was written', () => {
    const errors: unknown[] = []
    const noting = { onError: (error: unknown) => void errors.push(error) }

    beforeEach(() => {
      errors.length = 0
    })

    const filled = async (): Promise<void> => {
      const tier = lmdbTier({ path, onError })
      for (let index = 0; index < 100; index++) await fill(tier, `k${index}`, Buffer.alloc(3_000, 'x'))
      await tier.close()
    }
    const scribble = (at: number, bytes: Buffer): void => {
      const file = openSync(path, 'r+')
      writeSync(file, bytes, 0, bytes.length, at)
      closeSync(file)
    }

    const cases: Record<string, [() => Promise<void> | void, RegExp]> = {
      'is a text': [() => writeFileSync(path, 'a text of somebody else\n'.repeat(500)), /is not a file of lmdb/],
      'is short': [() => writeFileSync(path, 'short'), /is too short to be a file of lmdb/],
      'is cut off': [() => truncateSync(path, 9 * 4096), /is cut off/],
      'is cut off in its head': [() => truncateSync(path, 4096 + 100), /cut off or damaged/],
      'has another head': [() => scribble(24, Buffer.alloc(8, 7)), /is not a file of lmdb/],
      'was written before the machine was started': [
        () => writeFileSync(`${path}-boot`, 'another'),
        /was written before the machine was started/,
      ],
      'does not say when it was written': [() => rmSync(`${path}-boot`), /does not say when it was written/],
      'is a file of lmdb of somebody else': [
        async () => {
          rmSync(path)
          const { open: openLmdb } = loadLmdb() as unknown as typeof Lmdb
          const other = openLmdb({ path, noSubdir: true })
          await other.put('a', 'theirs')
          await other.close()
        },
        /that somebody else has written/,
      ],
    }
    for (const [what, [change, message]] of Object.entries(cases)) {
      it(`is set aside where it ${what}`, async () => {
        await filled()
        await change()
        const before = readFileSync(path)

        const tier = open(noting)

        expect(errors).to.have.length(1)
        const [error] = errors as [FileSetAsideError]
        expect(error).to.be.instanceOf(FileSetAsideError)
        expect(error.message).to.match(message).and.to.contain(path).and.to.contain(error.movedTo)
        expect(readFileSync(error.movedTo).equals(before)).to.equal(true)
        expect(await textOf(tier, 'k1')).to.equal(undefined)
        await fill(tier, 'a', 'value')
        expect(await textOf(tier, 'a')).to.equal('value')
      })
    }

    it('is kept over a restart of the machine where every write is on the disk', async () => {
      const tier = lmdbTier({ path, durable: true, onError })
      await fill(tier, 'a', 'value')
      await tier.close()

      expect(readdirSync(join(folder, 'sub')).some((file) => file.endsWith('-boot'))).to.equal(false)
      expect(await textOf(open({ durable: true }), 'a')).to.equal('value')
    })

    it('has an entry that is damaged for a miss, and says so', async () => {
      const tier = lmdbTier({ path, onError })
      await fill(tier, 'a', Buffer.alloc(3_000, 'x'))
      await tier.close()
      const at = readFileSync(path).indexOf('PCR1')
      scribble(at + 30, Buffer.from('forged'))

      const users = open(noting).space('users')

      expect(await users.peek('a')).to.equal(undefined)
      expect((await users.read('a')).lease).to.not.equal(undefined)
      expect(String(errors[0])).to.contain('the entry under "a" was damaged')
    })

    it('is set aside when it turns out to be damaged while it is used, and its tier goes on with another', async () => {
      const database = new Database({ path, mapSize: 2 ** 20, durable: false, ...noting })
      opened.push(database)
      const ledger = new Ledger(database, 2 ** 20, 10)
      const name = nameKey('a')
      const store = (): void => ledger.setLease(name, { token: newToken(), sequence: 0, until: Infinity })
      await database.transaction(store)
      const damage = new Error('MDB_CORRUPTED: Located page was wrong type')

      const rejected = await rejection(
        database.transaction(() => {
          throw damage
        }),
      )

      expect(rejected).to.be.instanceOf(FileSetAsideError)
      expect(errors).to.deep.equal([rejected])
      expect(String(rejected)).to.contain('is a file of lmdb that is damaged')
      expect(ledger.lease(name, spaceKey('users'), 0)).to.equal(undefined)
      await database.transaction(store)
      expect(ledger.lease(name, spaceKey('users'), 0)).to.not.equal(undefined)
      await database.close()
      expect(database.failed(damage)).to.equal(damage)
    })

    it('may be left locked by a process that was killed while it opened it', async () => {
      await filled()
      mkdirSync(`${path}.opening`)
      utimesSync(`${path}.opening`, 0, 0)

      expect(await textOf(open(), 'k1')).to.not.equal(undefined)
    })
  })

  describe('the journal', () => {
    /** Two journals of one file; what the second one hears. */
    const journals = (pollEvery = 1): { first: Journal; database: Database; events: TierEvent[] } => {
      const database = new Database({ path, mapSize: 2 ** 20, durable: false, onError })
      const first = new Journal(database, 'first', pollEvery, () => {})
      const second = new Journal(database, 'second', pollEvery, () => {})
      const events: TierEvent[] = []
      second.add((event) => events.push(event))
      opened.push({
        close: async () => {
          second.close()
          await database.close()
        },
      })
      return { first, database, events }
    }

    it('tells of a gap who comes too late for some of it', async () => {
      const { first, database, events } = journals()
      await until(() => events.length === 1)

      await database.transaction(() => {
        for (let index = 0; index < 1_500; index++) first.write({ type: 'clear', space: `${index}` })
      })
      await until(() => events.length > 1)

      expect(events).to.deep.equal([{ type: 'gap' }, { type: 'gap' }])
      expect(database.tables.journal.getStats().entryCount).to.equal(1_000)
      await database.transaction(() => first.write({ type: 'clear', space: 'last' }))
      await until(() => events.length > 2)
      expect(events[2]).to.deep.equal({ type: 'clear', space: 'last' })
    })

    it('tells of a gap where it is not what it was', async () => {
      const { first, database, events } = journals()
      await until(() => events.length === 1)
      await database.transaction(() => {
        first.write({ type: 'clear', space: 'a' })
        database.tables.journal.remove(Buffer.from([0x3f, 0xf0, 0, 0, 0, 0, 0, 0]))
      })
      await until(() => events.length > 1)
      await database.transaction(() => {
        database.setNumber('sent', 0)
      })
      await until(() => events.length > 2)

      expect(events).to.deep.equal([{ type: 'gap' }, { type: 'gap' }, { type: 'gap' }])
    })
  })

  it('says what to install where the package is missing', () => {
    const load = (name: string): never => {
      throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' })
    }

    expect(() => loadLmdb(load)).to.throw('lmdbTier needs the package lmdb: npm install lmdb')
  })

  for (const [options, message] of [
    [{}, 'path must be the path of a file, but got: undefined'],
    [{ path: '' }, 'path must be the path of a file, but got: ""'],
    [{ path: 'x', maxBytes: 1000 }, 'maxBytes must be at least 1048576, but got: 1000'],
    [{ path: 'x', leaseTtl: 0 }, 'leaseTtl must be a positive integer, but got: 0'],
    [{ path: 'x', durable: 1 }, 'durable must be true or false, but got: 1'],
    [{ path: 'x', size: 1 }, 'an option of lmdbTier must be one of path, maxBytes'],
  ] as const) {
    it(`says: ${message}`, () => {
      expect(() => lmdbTier(options as never)).to.throw(message)
    })
  }
})
