import { cached, Tags, tiered, type Cached, type CachedOptions, type TieredOptions } from '../../src/index.ts'
import { deferred, type Deferred } from '../../src/testing.ts'
import type { MemoryBackend, MemoryTier } from '../support/memory-tier.ts'

/** Options of the function in a process of {@link startProcess}. */
export type Options = CachedOptions<any, [id: string]> & { tiered?: TieredOptions; tagged?: boolean }

/** A "process": a tier, a first tier and a function of its own. */
export interface Process {
  readonly tier: MemoryTier
  readonly l1: Map<string, unknown>
  readonly tags: Tags
  readonly get: Cached<(id: string) => Promise<any>, any>
  /** What ends the loads that were begun, in their order. */
  readonly loads: Deferred<any>[]
  readonly errors: unknown[]
}

/** Starts a process over a backend, and waits until it hears of the others. */
export async function startProcess(
  backend: MemoryBackend,
  { tiered: how, tagged, ...options }: Options = {},
): Promise<Process> {
  const tier = backend.open()
  const l1 = new Map<string, unknown>()
  const loads: Deferred<any>[] = []
  const errors: unknown[] = []
  const tags = new Tags()
  const get = cached(tiered(l1, tier, how), {
    name: 'user',
    clock: backend.clock,
    onError: (error) => errors.push(error),
    ...(tagged === true ? { tags: tags.of((_: unknown, id: string) => [`user:${id}`, 'users']) } : {}),
    ...options,
  })((_: string) => {
    const load = deferred<any>()
    loads.push(load)
    return load.promise
  })
  await turns()
  return { tier, l1, tags, get, loads, errors }
}

/** Lets everything go on that waits for nothing but promises. */
export async function turns(): Promise<void> {
  for (let left = 3; left > 0; left--) await new Promise((resolve) => setImmediate(resolve))
}
