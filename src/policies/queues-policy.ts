import type { RemovalListener } from '../types.ts'
import type { Bounds } from './bounds.ts'
import { OrderedSlotPolicy } from './ordered-policy.ts'
import { resized, Rings } from './rings.ts'
import { Tally } from './tally.ts'

/** The heads of the rings of both queues, and of the keys that have left; whose turn comes first is at the beginning. */
export const newcomers = 0
export const main = 1
const ghosts = 2

/** How many ghosts a {@link QueuesPolicy} may have, and how much they may weigh. */
export interface GhostRoom {
  /** In times `max`, what there has to be room for. */
  readonly share: number
  readonly most: number
  readonly mostWeight: number
}

/**
 * What policies have in common in which new entries pass through a queue of their own, and whose keys, when they leave
 * that, are remembered for a while as ghosts: what comes back in time is known to be wanted.
 */
export abstract class QueuesPolicy<K, V> extends OrderedSlotPolicy<K, V> {
  protected readonly rings: Rings = new Rings(3)
  /** The queue of each entry. */
  protected queues: Uint8Array = new Uint8Array(0)
  /** Whether the key that comes next has left the newcomers not long ago. */
  protected comesBack = false
  readonly #ghosts = new Tally()
  readonly #room: GhostRoom

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined, room: GhostRoom) {
    super(bounds, onRemoval, { heads: 3, ghosts: room.share })
    this.#room = room
  }

  protected override resize(capacity: number): void {
    this.rings.resize(capacity)
    this.queues = resized(this.queues, capacity)
  }

  protected override incoming(ghost: number | undefined): void {
    this.comesBack = ghost !== undefined
    if (ghost !== undefined) this.#lay(ghost)
  }

  /** Takes a ghost out of its place. */
  #lay(ghost: number): void {
    this.#ghosts.subtract(this.weightAt(ghost))
    this.rings.unlink(ghost)
  }

  protected override unlink(slot: number): void {
    this.rings.unlink(slot)
  }

  protected override unlinkAll(): void {
    this.rings.clear()
    this.#ghosts.clear()
  }

  protected override remembers(slot: number): boolean {
    return this.queues[slot] === newcomers
  }

  protected override haunt(slot: number): void {
    this.#ghosts.add(this.weightAt(slot))
    this.rings.moveToEnd(ghosts, slot)
    while (this.#ghosts.exceeds(this.#room.most, this.#room.mostWeight)) {
      const oldest = this.rings.after(ghosts)
      this.#lay(oldest)
      this.forget(oldest)
    }
  }
}
