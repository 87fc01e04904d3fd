import { seededRandom } from '../random.ts'

/** The keys of requests, in order. */
export type Trace = readonly string[]

/** What all generated traces are told. The same options give the same trace on every machine. */
export interface TraceOptions {
  /** How many requests. */
  readonly requests: number
  /** How many keys there are. */
  readonly keys: number
  /** Any integer. Default: 1. */
  readonly seed?: number
}

/** Requests in which a few keys are popular and most are not. */
export interface ZipfOptions extends TraceOptions {
  /** The popularity of the key of rank `r` is `r ** -skew`. Default: 0.9. */
  readonly skew?: number
  /** What the keys begin with, so that two traces need not meet. Default: `'key'`. */
  readonly prefix?: string
}

/** Popular keys, and scans between them. */
export interface ScanOptions extends ZipfOptions {
  /** How many keys a scan reads, each once and never again. */
  readonly length: number
  /** After how many other requests a scan comes. */
  readonly every: number
}

/** Independent requests by Zipf's law: what is popular stays popular. */
export function zipf({ requests, keys, seed = 1, skew = 0.9, prefix = 'key' }: ZipfOptions): string[] {
  const sums = new Float64Array(keys)
  let sum = 0
  for (let rank = 0; rank < keys; rank++) {
    sum += (rank + 1) ** -skew
    sums[rank] = sum
  }
  const names = namesOf(prefix, keys)
  const random = seededRandom(seed)
  return Array.from({ length: requests }, () => names[firstAbove(sums, random() * sum)]!)
}

/** All keys in turn, again and again: LRU has none of them while there is less room than keys. */
export function loop({ requests, keys }: Omit<TraceOptions, 'seed'>): string[] {
  const names = namesOf('loop', keys)
  return Array.from({ length: requests }, (_, at) => names[at % keys]!)
}

/** Popular keys as in {@link zipf}, and every now and then a scan over keys that are never asked for again. */
export function scan({ length, every, ...popular }: ScanOptions): string[] {
  const trace: string[] = []
  let scanned = 0
  for (const [at, key] of zipf(popular).entries()) {
    if (at > 0 && at % every === 0) for (let n = 0; n < length; n++) trace.push(`scan:${scanned++}`)
    trace.push(key)
  }
  return trace.slice(0, popular.requests)
}

/**
 * Three phases of the same length: keys that are asked for three times within a short while and never again, a loop,
 * and such keys once more. No way to choose what to keep is right for both kinds.
 */
export function shift({ requests, keys, seed = 1 }: TraceOptions): string[] {
  const each = Math.floor(requests / 3)
  return [
    ...passing(each, 'before', seed),
    ...loop({ requests: each, keys }),
    ...passing(requests - 2 * each, 'after', seed + 1),
  ]
}

/** Keys that are each asked for three times, fifteen to forty-five requests apart. */
function passing(requests: number, prefix: string, seed: number): string[] {
  const random = seededRandom(seed)
  /** The keys that are due again, by the step in which they are. */
  const due = new Map<number, string[]>()
  const trace: string[] = []
  for (let step = 0; trace.length < requests; step++) {
    trace.push(...(due.get(step) ?? []))
    due.delete(step)
    const key = `${prefix}:${step}`
    trace.push(key)
    for (const gap of [5, 10]) {
      const at = step + gap + Math.floor(random() * 5)
      due.set(at, [...(due.get(at) ?? []), key])
    }
  }
  return trace.slice(0, requests)
}

function namesOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}:${n}`)
}

/** The first place whose value is more than that; the values grow. */
function firstAbove(values: Float64Array, value: number): number {
  let low = 0
  let high = values.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}
