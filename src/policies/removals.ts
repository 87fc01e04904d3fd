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
  #queue: Parameters<RemovalListener<K, V>>[] = []
  #telling = false

  constructor(listener: RemovalListener<K, V> | undefined) {
    this.#listener = listener
  }

  /** Notes that an entry has left. */
  add(key: K, stored: V, cause: RemovalCause): void {
    if (stored instanceof Held) stored.removed(cause)
    if (this.#listener !== undefined) this.#queue.push([key, valueOf(stored) as V, cause])
  }

  /** Tells of all that have left and were not told of yet. Never throws. */
  tell(): void {
    if (this.#queue.length > 0 && !this.#telling) this.#tellAll()
  }

  #tellAll(): void {
    this.#telling = true
    for (const removal of this.#queue) {
      try {
        this.#listener!(...removal)
      } catch (error) {
        warn(error)
      }
    }
    this.#queue = []
    this.#telling = false
  }
}
