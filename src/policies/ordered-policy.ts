import type { OrderedPolicy } from '../types.ts'
import { howMany } from './bounds.ts'
import { SlotPolicy } from './slot-policy.ts'

/** A {@link SlotPolicy} whose order means something. */
export abstract class OrderedSlotPolicy<K, V> extends SlotPolicy<K, V> implements OrderedPolicy<K, V> {
  hottest(n: number): [K, V][] {
    return this.#take(n, true)
  }

  coldest(n: number): [K, V][] {
    return this.#take(n, false)
  }

  #take(n: number, hottestFirst: boolean): [K, V][] {
    const taken: [K, V][] = []
    const wanted = howMany(n)
    for (const slot of this.inOrder(hottestFirst)) {
      if (taken.length >= wanted) break
      taken.push([this.keyAt(slot), this.valueAt(slot)])
    }
    return taken
  }
}
