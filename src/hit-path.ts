import { never, type Entry } from './entry.ts'
import type { Room } from './room.ts'
import type { Store } from './types.ts'

/** What {@link HitPath.found} is where the store could not even be read. */
export const unreadable: unique symbol = Symbol('unreadable')

/** The way of a call whose answer is in the store. */
export interface HitPath<V> {
  /**
   * Gives the fresh entry of a key and counts a hit, or gives `undefined`.
   *
   * All of it is on the path of every hit, so what a function does not use is not in it. It is a closure and not a
   * method, and spelled out in one piece: that measures a tenth of an `await` faster.
   */
  readonly find: (key: unknown) => Entry<V> | undefined
  /** What the store gave when {@link find} last gave `undefined`. */
  found: unknown
  /** Lets {@link find} find nothing from here on. */
  readonly shut: () => void
}

/** Where there is nothing to be found. */
const nothing: Store<unknown, unknown> = new Map()

/** Makes the hit path of one function. */
export function hitPath<V, Args extends readonly unknown[]>(room: Room<V, Args>): HitPath<V> {
  const { counters, freshness, space } = room
  let store = space.kind === 'async' ? nothing : (room.store as Store<unknown, unknown>)

  function find(key: unknown): Entry<V> | undefined {
    try {
      const held = store.get(key) as Entry<V> | undefined | null
      if (
        held !== undefined &&
        held !== null &&
        held.generation === space.generation &&
        (held.expiresAt === never || freshness.use(held))
      ) {
        counters.hits++
        return held
      }
      path.found = held
    } catch (error) {
      path.found = unreadable
      room.storeFailed(error)
    }
    return undefined
  }

  const path: HitPath<V> = {
    find: space.name === undefined ? find : (key) => find(space.storeKey(key)),
    found: undefined,
    shut: () => {
      store = nothing
    },
  }
  return path
}
