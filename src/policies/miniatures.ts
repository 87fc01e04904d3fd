import { resized } from './rings.ts'
import { reservedSlots, Segments } from './segments.ts'
import { UseCounts } from './use-counts.ts'

/** One miniature: the order of its entries, and how many it has. */
interface Miniature {
  readonly segments: Segments
  size: number
}

/**
 * Small stores without values, each with a window of its own, that are all given the same requests.
 *
 * What they are given is a sample of the keys, and their room is the same part of the store's: so each does to its
 * sample what a store with its window would do to all (spatially hashed sampling: Carl Waldspurger, Nohhyun Park,
 * Alexander Garthwaite and Irfan Ahmad, *Efficient MRC Construction with SHARDS*, 2015; miniatures: Waldspurger, Trausti
 * Saemundsson, Ahmad and Park, *Cache Modeling and Optimization using Miniature Simulations*, 2017).
 *
 * An entry is the hash of a key, and known once, however many miniatures hold it. So a request costs one look-up and,
 * for each of them, a move in a ring.
 */
export class Miniatures {
  readonly #room: number
  readonly #all: readonly Miniature[]
  /** One bit for each. */
  readonly #everybody: number
  readonly #index = new Map<number, number>()
  readonly #uses: UseCounts
  /** How many miniatures hold each entry. */
  #holders: Uint8Array = new Uint8Array(0)
  #free: number[] = []
  #end = reservedSlots

  /**
   * @param room how many entries each may hold, 1 or more
   * @param windowShares the share of the window in each, 30 at most
   */
  constructor(room: number, windowShares: readonly number[]) {
    this.#room = room
    this.#uses = new UseCounts(room)
    this.#everybody = 2 ** windowShares.length - 1
    this.#all = windowShares.map((share) => ({ segments: new Segments(this.#uses, room, share), size: 0 }))
  }

  /** Gives them a request, and returns one bit for each that had the key, the first the lowest. */
  request(hash: number): number {
    let slot = this.#index.get(hash)
    if (slot === undefined) slot = this.#arrive(hash)
    else this.#uses.use(slot)
    let hits = 0
    for (let at = 0; at < this.#all.length; at++) if (this.#all[at]!.segments.use(slot)) hits |= 1 << at
    if (hits !== this.#everybody) this.#addToOthers(hits, slot)
    return hits
  }

  #addToOthers(hits: number, slot: number): void {
    // Nobody may let go of it before the last has taken it up.
    this.#holders[slot]!++
    for (let at = 0; at < this.#all.length; at++) if (((hits >>> at) & 1) === 0) this.#add(this.#all[at]!, slot)
    this.#holders[slot]!--
  }

  /** Forgets all. */
  clear(): void {
    for (const miniature of this.#all) {
      miniature.segments.clear()
      miniature.size = 0
    }
    this.#index.clear()
    this.#uses.clear()
    this.#holders = new Uint8Array(0)
    this.#free = []
    this.#end = reservedSlots
  }

  #arrive(hash: number): number {
    const slot = this.#free.pop() ?? this.#end++
    if (slot >= this.#holders.length) this.#resize(2 * slot)
    this.#index.set(hash, slot)
    this.#uses.arrive(slot, hash, false)
    return slot
  }

  #resize(capacity: number): void {
    this.#holders = resized(this.#holders, capacity)
    this.#uses.resize(capacity)
    for (const { segments } of this.#all) segments.resize(capacity)
  }

  #add(miniature: Miniature, slot: number): void {
    if (miniature.size < this.#room) {
      miniature.size++
    } else {
      const victim = miniature.segments.victim(undefined)
      miniature.segments.remove(victim)
      if (--this.#holders[victim]! === 0) this.#leave(victim)
    }
    miniature.segments.add(slot)
    this.#holders[slot]!++
  }

  #leave(slot: number): void {
    this.#uses.leave(slot)
    this.#index.delete(this.#uses.hashAt(slot))
    this.#free.push(slot)
  }
}
