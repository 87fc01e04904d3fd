import { RingPolicy } from './ring-policy.ts'
import { resized } from './rings.ts'

/** A store in one ring, in which a use marks an entry and moves nothing: what a mark is worth shows when room is made. */
export abstract class MarkingPolicy<K, V> extends RingPolicy<K, V> {
  /** 1 for what has been used since it was last looked at. */
  protected marks: Uint8Array = new Uint8Array(1)

  protected override resize(capacity: number): void {
    super.resize(capacity)
    this.marks = resized(this.marks, capacity)
  }

  protected override link(slot: number): void {
    this.marks[slot] = 0
    super.link(slot)
  }

  protected override used(slot: number): void {
    this.marks[slot] = 1
  }

  protected override written(slot: number): void {
    this.marks[slot] = 1
  }
}
