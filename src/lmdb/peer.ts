import { createRequire } from 'node:module'

/** What is used of the package `lmdb`: one open file. */
export interface Env {
  /** Gives `undefined` for a table that is not there, if it is not to be made. */
  openDB(name: string, options: object): Db | undefined
  getStats(): { entryCount: number }
  transaction<T>(action: () => T): Promise<T>
  resetReadTxn(): void
  /** Lets go of what processes were reading when they were killed, and gives their number. */
  readerCheck(): number
  close(): Promise<void>
}

/** One table of a file. Inside a transaction, what is written is seen at once. */
export interface Db {
  getBinary(key: Buffer): Buffer | undefined
  /** As `getBinary`, into memory that the next look overwrites. */
  getBinaryFast(key: Buffer): Buffer | undefined
  put(key: Buffer, value: Buffer): unknown
  putSync(key: Buffer, value: Buffer): unknown
  remove(key: Buffer): unknown
  getRange(options: object): Iterable<{ key: Buffer; value: Buffer }>
  getStats(): { entryCount: number }
}

/** The package. */
export interface Lmdb {
  open(options: object): Env
}

/**
 * Loads the package when it is first needed, as who does not use it need not have it.
 *
 * @param load what loads a package by its name
 * @throws {Error} that says what to install
 */
export function loadLmdb(load: (name: string) => unknown = createRequire(import.meta.url)): Lmdb {
  try {
    return load('lmdb') as Lmdb
  } catch (cause) {
    throw new Error('lmdbTier needs the package lmdb: npm install lmdb', { cause })
  }
}
