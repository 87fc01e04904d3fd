import { Held, valueOf } from '../held.ts'
import type { RemovalCause, RemovalListener } from '../types.ts'
import { warn } from '../warn.ts'

/**
 * Tells of the entries that have left one store, in the order in which they left.
 *
 * A `Held` is told at once: it only counts. The listener is somebody's own code, so a policy adds each entry while it
 * works and calls `tell` when the store is whole again, and a listener may use the store as anybody may. What such a use
 * removes is told after it, by the same `tell`: listeners never nest.
 */
export class Removals<K, V> {
  readonly #listener: RemovalListener<K, V> | undefined
  /** Key, stored value and cause of each, in turn; cleared in place, because this is on the path of every eviction. */
  #queue: unknown[] = []
  #end = 0
  #telling = false

  constructor(listener: RemovalListener<K, V> | undefined) {
    this.#listener = listener
  }

  /** Notes that an entry has left. */
  add(key: K, stored: V, cause: RemovalCause): void {
    if (stored instanceof Held) stored.removed(cause)
    if (this.#listener !== undefined) this.#enqueue(key, stored, cause)
  }

  #enqueue(key: K, stored: V, cause: RemovalCause): void {
    this.#queue[this.#end] = key
    this.#queue[this.#end + 1] = stored
    this.#queue[this.#end + 2] = cause
    this.#end += 3
  }

  /** Tells of all that have left and were not told of yet. Never throws. */
  tell(): void {
    if (this.#end !== 0 && !this.#telling) this.#tellAll()
  }

  #tellAll(): void {
    this.#telling = true
    for (let at = 0; at < this.#end; at += 3) {
      const key = this.#queue[at] as K
      const stored = this.#queue[at + 1] as V
      const cause = this.#queue[at + 2] as RemovalCause
      this.#queue[at] = undefined
      this.#queue[at + 1] = undefined
      this.#tellOne(key, stored, cause)
    }
    this.#end = 0
    if (this.#queue.length > 300) this.#queue = []
    this.#telling = false
  }

  #tellOne(key: K, stored: V, cause: RemovalCause): void {
    try {
      this.#listener?.(key, valueOf(stored) as V, cause)
    } catch (error) {
      warn(error)
    }
  }
}
