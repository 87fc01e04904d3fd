import type { Room } from './room.ts'
import { everyKey } from './space.ts'

/**
 * Invalidates a key now and again when the function that is returned is called; until then nothing of it is kept.
 *
 * Never throws: failures of the store are reported. A closed room is held as well: its store lives on, and so do those
 * who share its keys.
 */
export function holdKey(room: Room<any, any>, key: unknown): () => unknown {
  return held(room, () => room.forget(key), key)
}

/** Does so for all keys of a room. */
export function holdAll(room: Room<any, any>): () => unknown {
  return held(room, () => room.empty())
}

function held(room: Room<any, any>, forget: () => unknown, ...key: readonly unknown[]): () => unknown {
  const tryToForget = (): unknown => {
    try {
      return Promise.resolve(forget()).catch(() => {})
    } catch (error) {
      room.report(error)
      return undefined
    }
  }
  void tryToForget()
  const { holds } = room.space
  // What the store is, and so how its keys are written, is known by now.
  const storeKey = key.length === 0 ? everyKey : room.space.storeKey(key[0])
  holds.set(storeKey, (holds.get(storeKey) ?? 0) + 1)
  return () => {
    const left = holds.get(storeKey)! - 1
    if (left === 0) holds.delete(storeKey)
    else holds.set(storeKey, left)
    return tryToForget()
  }
}
