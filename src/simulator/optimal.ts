import type { Trace } from './traces.ts'

/**
 * The part of the requests that the best possible store of a size would answer, 0 to 1: nothing exceeds it.
 *
 * That store knows what will be asked for, and lets go of what is needed last; what is not needed before all that it
 * holds does not even come in. Laszlo Belady, *A Study of Replacement Algorithms for a Virtual-Storage Computer* (1966).
 *
 * @param max how many entries the store may hold
 */
export function optimal(trace: Trace, max: number): number {
  const { keys, unique } = numbered(trace)
  const nextUses = nextUsesOf(keys, unique)
  const isHere = new Uint8Array(unique)
  // Uses that are over lie below all that are to come, so they never come up again and need not be taken out.
  const uses = new LatestFirst(keys.length)
  let size = 0
  let hits = 0
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at]!
    const nextUse = nextUses[at]!
    const wasHere = isHere[key] === 1
    if (wasHere) hits++
    const stays = nextUse < keys.length
    isHere[key] = stays ? 1 : 0
    size += (stays ? 1 : 0) - (wasHere ? 1 : 0)
    if (stays) uses.add(nextUse)
    if (size > max) {
      isHere[keys[uses.takeLatest()]!] = 0
      size--
    }
  }
  return hits / keys.length
}

/** The keys of a trace as small numbers. */
function numbered(trace: Trace): { keys: Uint32Array; unique: number } {
  const numbers = new Map<string, number>()
  const keys = new Uint32Array(trace.length)
  for (let at = 0; at < trace.length; at++) {
    let number = numbers.get(trace[at]!)
    if (number === undefined) numbers.set(trace[at]!, (number = numbers.size))
    keys[at] = number
  }
  return { keys, unique: numbers.size }
}

/** For each request, which is the next for the same key; their number where there is none. */
function nextUsesOf(keys: Uint32Array, unique: number): Uint32Array {
  const nextUses = new Uint32Array(keys.length)
  const upcoming = new Uint32Array(unique).fill(keys.length)
  for (let at = keys.length - 1; at >= 0; at--) {
    nextUses[at] = upcoming[keys[at]!]!
    upcoming[keys[at]!] = at
  }
  return nextUses
}

/** Numbers of which the largest can be taken out: a binary heap. */
class LatestFirst {
  readonly #heap: Uint32Array
  #size = 0

  constructor(capacity: number) {
    this.#heap = new Uint32Array(capacity)
  }

  add(value: number): void {
    let at = this.#size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#heap[parent]! >= value) break
      this.#heap[at] = this.#heap[parent]!
      at = parent
    }
    this.#heap[at] = value
  }

  /** Takes out the largest; there must be one. */
  takeLatest(): number {
    const latest = this.#heap[0]!
    const value = this.#heap[--this.#size]!
    let at = 0
    for (let child = 1; child < this.#size; child = 2 * at + 1) {
      if (child + 1 < this.#size && this.#heap[child + 1]! > this.#heap[child]!) child++
      if (this.#heap[child]! <= value) break
      this.#heap[at] = this.#heap[child]!
      at = child
    }
    this.#heap[at] = value
    return latest
  }
}
