import type { Room } from './room.ts'
import type { Space } from './space.ts'

type AnyRoom = Room<any, any>

/** Keeps a room as long as its store knows its space, and no longer. */
const rooms = new WeakMap<Space, AnyRoom>()

// The registry must not hold the room itself: that knows the store, and the store may well know the instance.
const departures = new FinalizationRegistry((known: WeakRef<AnyRoom>) => {
  const room = known.deref()
  if (room?.closed !== false) return
  try {
    // A remote store cannot be emptied of one name: what is there stays until its time is over.
    if (room.space.kind === 'sync') void room.clear()
    else room.space.renew()
  } catch (error) {
    room.report(error)
  }
  room.closed = true
  room.leave()
})

/**
 * Empties a room when its instance has gone, and gives up its place in the store. Neither the instance nor the store is
 * kept alive for that.
 */
export function leaveWith(instance: object, room: AnyRoom): void {
  rooms.set(room.space, room)
  departures.register(instance, new WeakRef(room))
}
