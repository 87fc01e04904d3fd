import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { gunzipSync } from 'node:zlib'

import type { Store } from '../../src/types.ts'

/** Where recorded requests are looked for. They belong to others, and are no part of this project. */
const folder = process.env['POLYCACHE_TRACES'] ?? '../shared/traces'

/** What each policy is known to score on a trace, in percent of its requests, by capacity and the policy's name. */
export interface Reference {
  readonly requests: number
  readonly sizes: Record<string, { readonly hit: Record<string, number> }>
}

/** The known scores by the name of the trace; `undefined` where there are no traces. */
export function readReference(): Record<string, Reference> | undefined {
  const path = join(folder, 'reference.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, Reference>) : undefined
}

/** The keys of a trace, in order of request. */
export function readTrace(name: string): string[] {
  const text = gunzipSync(readFileSync(join(folder, `${name}.keys.gz`))).toString('latin1')
  const keys = new Map<string, string>()
  return text
    .trimEnd()
    .split('\n')
    .map((number) => {
      const key = keys.get(number) ?? `key:${number}`
      keys.set(number, key)
      return key
    })
}

/** The percentage of requests that a store answers; what it does not have is put in. */
export function hitRate(store: Store<string, number>, trace: readonly string[]): number {
  let hits = 0
  for (const key of trace) {
    if (store.get(key) === undefined) store.set(key, 1)
    else hits++
  }
  return (100 * hits) / trace.length
}
