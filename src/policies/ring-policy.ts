import type { RemovalListener } from '../types.ts'
import type { Bounds } from './bounds.ts'
import { OrderedSlotPolicy } from './ordered-policy.ts'
import { Rings } from './rings.ts'

/** The head of the ring of all entries. */
export const head = 0

/** A store all of whose entries are in one ring, at the end of which they come. */
export abstract class RingPolicy<K, V> extends OrderedSlotPolicy<K, V> {
  protected readonly ring: Rings = new Rings(1)

  constructor(bounds: Bounds<K, V>, onRemoval: RemovalListener<K, V> | undefined) {
    super(bounds, onRemoval, { heads: 1 })
  }

  protected override resize(capacity: number): void {
    this.ring.resize(capacity)
  }

  protected override link(slot: number): void {
    this.ring.append(head, slot)
  }

  protected override unlink(slot: number): void {
    this.ring.unlink(slot)
  }

  protected override unlinkAll(): void {
    this.ring.clear()
  }
}
