import { batched, type Batched, type BatchedOptions } from '../../src/batched.ts'
import { loadContext } from '../../src/index.ts'
import { deferred } from '../../src/testing.ts'

/** A `loadMany` that is running, or has run. */
export interface Batch {
  readonly ids: readonly string[]
  readonly keys: unknown
  readonly signal: AbortSignal
  /** Ends it with each id and the number of the batch. */
  answer(): void
  resolve(results: any): void
  reject(error: unknown): void
}

/** A batched function whose batches end when the test says so. */
export function byHand(
  store: any = new Map(),
  options: Omit<BatchedOptions<string, string>, 'key'> = {},
): { get: Batched<string, string, any>; batches: Batch[] } {
  const batches: Batch[] = []
  const get = batched(
    store,
    (id: string) => id,
    options,
  )((ids) => {
    const gate = deferred<string[]>()
    const { key: keys, signal } = loadContext()
    const number = batches.length + 1
    batches.push({ ...gate, ids, keys, signal, answer: () => gate.resolve(ids.map((id) => `${id}${number}`)) })
    return gate.promise
  })
  return { get, batches }
}

/** Lets everything happen that can happen by itself: whatever waits for the end of the tick goes. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
