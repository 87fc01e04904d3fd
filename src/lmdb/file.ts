import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { uptime } from 'node:os'
import { dirname } from 'node:path'

/** How long another process may take to open the file before it counts as dead, in milliseconds. */
const longestOpening = 10_000

/** What tells two starts of a machine apart by their times, in milliseconds: clocks are set. */
const bootTolerance = 120_000

/** A file that was no cache of this library, or no longer one, and has been moved out of the way. */
export class FileSetAsideError extends Error {
  override readonly name = 'FileSetAsideError'
  /** Where it is now. */
  readonly movedTo: string

  constructor(path: string, reason: string, movedTo: string) {
    super(`${path} ${reason}, and has been moved to ${movedTo}`)
    this.movedTo = movedTo
  }
}

/** Does something while no other process does so for the same file, whose folder is made if need be. */
export function alone<T>(path: string, action: () => T): T {
  const lock = `${path}.opening`
  mkdirSync(dirname(path), { recursive: true })
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    // Whoever holds it for so long has died with it.
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Infinity
    if (Date.now() - since > longestOpening) rmSync(lock, { recursive: true, force: true })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  }
  try {
    return action()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

/**
 * Moves a file out of the way.
 *
 * @param reason the end of a sentence that begins with the path
 */
export function setAside(path: string, reason: string): FileSetAsideError {
  const movedTo = `${path}.aside-${new Date().toISOString().replaceAll(':', '.')}-${process.pid}`
  renameSync(path, movedTo)
  rmSync(`${path}-lock`, { force: true })
  return new FileSetAsideError(path, reason, movedTo)
}

/**
 * Sees to it that a file may be opened: one that would not open, or would break the process that opens it, is set aside.
 *
 * @param durable whether the file is whole after the machine has stopped; if not, one of before is set aside
 * @returns what has been set aside
 */
export function prepare(path: string, durable: boolean): FileSetAsideError | undefined {
  const reason = problemOf(path) ?? (durable ? undefined : olderThanBoot(path))
  const problem = reason === undefined ? undefined : setAside(path, reason)
  if (!durable) writeFileSync(`${path}-boot`, bootId())
  return problem
}

/*
 * The first two pages of a file of lmdb each begin with a head of 24 bytes and then: magic (32 bits), version (32),
 * address (64), size of the map (64), two tables of 48 bytes, of which the first begins with the size of a page (32),
 * the last page in use (64) and the number of the transaction (64). The page with the greater number counts.
 */
const headBytes = 24
const metaBytes = 160
const lmdbMagic = 0xbeef_c0de

function problemOf(path: string): string | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) return undefined
    if (stats.size === 0) return undefined
    const first = Buffer.alloc(metaBytes)
    if (readSync(file, first, 0, metaBytes, 0) < metaBytes) return 'is too short to be a file of lmdb'
    if (first.readUInt32LE(headBytes) !== lmdbMagic) return 'is not a file of lmdb'
    const pageSize = first.readUInt32LE(48)
    const second = Buffer.alloc(metaBytes)
    const both = pageSize >= 256 && pageSize <= 65_536 && readSync(file, second, 0, metaBytes, pageSize) === metaBytes
    if (!both || second.readUInt32LE(headBytes) !== lmdbMagic) return 'is a file of lmdb that is cut off or damaged'
    const current = first.readBigUInt64LE(152) > second.readBigUInt64LE(152) ? first : second
    const pages = Number(current.readBigUInt64LE(144)) + 1
    // Asked only now: a process that is writing makes the file longer first, and then says so in one of the heads.
    return pages * pageSize > fstatSync(file).size ? 'is a file of lmdb that is cut off' : undefined
  } finally {
    closeSync(file)
  }
}

function olderThanBoot(path: string): string | undefined {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined
  let before: string
  try {
    before = readFileSync(`${path}-boot`, 'utf8')
  } catch {
    return 'does not say when it was written'
  }
  const now = bootId()
  const sameBoot =
    before === now ||
    (/^\d+$/.test(before) && /^\d+$/.test(now) && Math.abs(Number(before) - Number(now)) < bootTolerance)
  return sameBoot ? undefined : 'was written before the machine was started, and may not be whole'
}

/** What is the same until the machine is started anew: an id on Linux, a time elsewhere. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return String(Math.round(Date.now() - uptime() * 1_000))
  }
}
