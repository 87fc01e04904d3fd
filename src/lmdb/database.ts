import { createHash } from 'node:crypto'
import { alone, prepare, setAside } from './file.ts'
import { type Db, type Env, loadLmdb } from './peer.ts'

/** How a file is opened. */
export interface DatabaseOptions {
  readonly path: string
  readonly mapSize: number
  readonly durable: boolean
  readonly onError: (error: unknown) => void
}

/** The tables of one file. */
export interface Tables {
  /** Where each entry stands in the order of writing (8 bytes), and the entry in the form of tiers/record.ts. */
  readonly entries: Db
  /** The name of the entry that was written at each place. */
  readonly order: Db
  /** Token (16 characters), sequence and end of each lease. */
  readonly leases: Db
  /** The number of the last invalidation of each space and tag. */
  readonly marks: Db
  /** Messages for other processes, by number. */
  readonly journal: Db
  /** Single numbers. */
  readonly numbers: Db
}

/** The single numbers of a file. */
export type NumberName =
  /** The number of the last invalidation of a tag, a space or everything. */
  | 'seq'
  /** Entries and leases with a lower sequence are dead. */
  | 'floor'
  /** The place of the entry that was written last. */
  | 'place'
  /** The room that all entries take. */
  | 'weight'
  /** The number of the last message. */
  | 'sent'

const numberKeys = Object.fromEntries(
  ['seq', 'floor', 'place', 'weight', 'sent'].map((name) => [name, Buffer.from(name)]),
) as Record<NumberName, Buffer>

const format = Buffer.from('polycache 1')
const formatKey = Buffer.from('format')

/** The longest key that lmdb takes without asking. */
const longestKey = 1_000

/** Milliseconds between two looks for processes that were killed while they read. */
const readersEvery = 1_000

/** A file of lmdb, open, and opened anew when it turns out to be damaged. */
export class Database {
  readonly #options: DatabaseOptions
  #env: Env
  #closed = false
  #readersChecked = performance.now()
  tables: Tables

  constructor(options: DatabaseOptions) {
    this.#options = options
    ;[this.#env, this.tables] = alone(options.path, () => this.#open())
  }

  /** Makes the next look see all that any process has committed. */
  refresh(): void {
    this.#env.resetReadTxn()
  }

  /** Looks and writes while no other process writes: all of it happens or nothing. The action must not throw. */
  async transaction<T>(action: () => T): Promise<T> {
    try {
      this.#checkReaders()
      return await this.#env.transaction(action)
    } catch (error) {
      throw this.failed(error)
    }
  }

  /** What a process was reading when it was killed would never be used again: the file would grow until it is full. */
  #checkReaders(): void {
    const now = performance.now()
    if (now - this.#readersChecked < readersEvery) return
    this.#readersChecked = now
    this.#env.readerCheck()
  }

  /** Opens another file if that is what has failed; returns what is to be told. */
  failed(reason: unknown): unknown {
    if (this.#closed || !isDamage(reason)) return reason
    const { path, onError } = this.#options
    const before = this.#env
    const aside = alone(path, () => {
      const problem = setAside(path, 'is a file of lmdb that is damaged')
      ;[this.#env, this.tables] = this.#open()
      return problem
    })
    void before.close().then(undefined, () => {})
    onError(aside)
    return aside
  }

  number(name: NumberName): number {
    return this.tables.numbers.getBinaryFast(numberKeys[name])?.readDoubleBE(0) ?? 0
  }

  setNumber(name: NumberName, value: number): number {
    this.tables.numbers.put(numberKeys[name], numberKey(value))
    return value
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#env.close()
  }

  #open(): [Env, Tables] {
    const { path, durable, onError } = this.#options
    const problem = prepare(path, durable)
    if (problem !== undefined) onError(problem)
    const opened = this.#openFile()
    if (opened !== undefined) return opened
    onError(setAside(path, 'is a file of lmdb that somebody else has written'))
    return this.#openFile()!
  }

  /** The file, or `undefined` if it is somebody else's. */
  #openFile(): [Env, Tables] | undefined {
    const { path, mapSize, durable } = this.#options
    const options = { encoding: 'binary', keyEncoding: 'binary', cache: false }
    const env = loadLmdb().open({ path, noSubdir: true, mapSize, maxDbs: 8, noSync: !durable, ...options })
    const isNew = env.getStats().entryCount === 0
    const known = env.openDB('polycache-numbers', { ...options, create: isNew })
    if (known === undefined || (!isNew && known.getBinary(formatKey)?.equals(format) !== true)) {
      void env.close()
      return undefined
    }
    const [entries, order, leases, marks, journal] = [
      'polycache-entries', 'polycache-order', 'polycache-leases', 'polycache-marks', 'polycache-journal',
    ].map((name) => env.openDB(name, options)) as [Db, Db, Db, Db, Db] // prettier-ignore
    if (isNew) known.putSync(formatKey, format)
    return [env, { entries, order, leases, marks, journal, numbers: known }]
  }
}

/** A name as a key: a long one by its digest. */
export function nameKey(name: string): Buffer {
  const key = Buffer.from(name)
  return key.length <= longestKey
    ? key
    : Buffer.concat([Buffer.from('\u0093'), createHash('sha256').update(key).digest()])
}

/** A number as a key or a value; keys are in the order of the numbers, which are not negative. */
export function numberKey(value: number): Buffer {
  const key = Buffer.allocUnsafe(8)
  key.writeDoubleBE(value)
  return key
}

function isDamage(error: unknown): boolean {
  return error instanceof Error && /MDB_(?:CORRUPTED|PAGE_NOTFOUND|INVALID|PANIC|VERSION_MISMATCH)/.test(error.message)
}
