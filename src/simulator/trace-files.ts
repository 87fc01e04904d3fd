import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const ending = '.keys.gz'

/** The names of the recorded traces in a folder: of its files `NAME.keys.gz`. None where there is no such folder. */
export function traceNames(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .toSorted()
}

/**
 * Reads a recorded trace: one key per line, in order of request, gzip. The line `42` becomes the key `key:42`, and each
 * key is one string however often it is asked for, as it would be in an application that holds it.
 *
 * @throws what reading or unpacking the file throws
 */
export function readTrace(folder: string, name: string): string[] {
  const keys = new Map<string, string>()
  return gunzipSync(readFileSync(join(folder, name + ending)))
    .toString('latin1')
    .trimEnd()
    .split('\n')
    .map((line) => {
      let key = keys.get(line)
      if (key === undefined) keys.set(line, (key = `key:${line}`))
      return key
    })
}

/** What others have measured of policies on a recorded trace. */
export interface KnownScores {
  /** How long the trace is. */
  readonly requests: number
  /** By the number of entries that there is room for: the part of the requests that a policy answers, in percent, by its name. */
  readonly sizes: Record<string, { readonly hit: Record<string, number> }>
}

/**
 * What is known of the traces in a folder, by their names, from its `reference.json`; `undefined` where that is missing.
 *
 * @throws what reading or parsing the file throws
 */
export function readKnownScores(folder: string): Record<string, KnownScores> | undefined {
  const path = join(folder, 'reference.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, KnownScores>) : undefined
}
