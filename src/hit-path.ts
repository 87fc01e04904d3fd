import type { Entry } from './entry.ts'
import { isItsOwnKey } from './key-shortcuts.ts'
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
   * method, and so short that the engine can put a call, this and the store's `get` into the loop that calls.
   */
  readonly find: (key: unknown) => Entry<V> | undefined
  /**
   * Does so for the only argument of a call whose key is `argsKey`, and gives the promise of its value. Where it gives
   * `undefined`, the argument may not be its own key.
   *
   * It need not look at the argument: no entry lies under an object, and one whose key is a text of several values names
   * the textual part of its generation.
   */
  readonly findArgument: (argument: unknown) => Promise<V> | undefined
  /** What the store gave when one of these last gave `undefined`. */
  found: unknown
  /** Lets {@link find} find nothing from here on. */
  readonly shut: () => void
}

/** Where there is nothing to be found. */
const nothing: Store<unknown, unknown> = new Map()

/** What a store gives: an entry, or anything at all. */
type Held<V> = Entry<V> | undefined

/** Makes the hit path of one function. */
export function hitPath<V, Args extends readonly unknown[]>(room: Room<V, Args>): HitPath<V> {
  const { counters, freshness, space } = room
  const { clock } = freshness
  let store = space.kind === 'async' ? nothing : (space.store as Store<unknown, unknown>)

  /** Whether an entry that is not simply fresh for ever has no more to do; not for one whose key is a text. */
  function isGood(held: Held<V> | null): held is Entry<V> {
    if (held === undefined || held === null) return false
    const { generation } = held
    const { whole, timed, watched } = space.generation
    return generation === whole || ((generation === timed || generation === watched) && freshness.use(held))
  }

  function isGoodText(held: Held<V> | null): held is Entry<V> {
    if (held?.generation === space.generation.textual) return freshness.use(held)
    return isGood(held)
  }

  function find(key: unknown): Entry<V> | undefined {
    const held = store.get(key) as Held<V>
    if (held?.generation === space.generation || isGoodText(held)) {
      counters.hits++
      return held
    }
    path.found = held
    return undefined
  }

  function findArgument(argument: unknown): Promise<V> | undefined {
    const held = store.get(argument) as Held<V>
    if (held?.generation === space.generation || isGood(held)) {
      counters.hits++
      return held.promise ?? held.settled()
    }
    path.found = held
    return undefined
  }

  /** The same where most entries end. */
  function findTimedArgument(argument: unknown): Promise<V> | undefined {
    const held = store.get(argument) as Held<V>
    if ((held?.generation === space.generation.timed && clock.now() < held.checkAt) || isGood(held)) {
      counters.hits++
      return held.promise ?? held.settled()
    }
    path.found = held
    return undefined
  }

  function findNamedArgument(argument: unknown): Promise<V> | undefined {
    if (!isItsOwnKey(argument)) return undefined
    const entry = path.find(argument)
    return entry === undefined ? undefined : (entry.promise ?? entry.settled())
  }

  const ofOne = freshness.ends && freshness.tti === Infinity ? findTimedArgument : findArgument
  // Only the policies of this library are known not to throw, and to take any key; what catches costs a hit a twentieth
  // of an `await`.
  const sure = store.tellsRemovals === true
  const plain = sure ? find : caught(find)
  const ofArgument = sure ? ofOne : caught((argument: unknown) => (isItsOwnKey(argument) ? ofOne(argument) : undefined))
  const path: HitPath<V> = {
    find: space.name === undefined ? plain : (key) => plain(space.storeKey(key)),
    findArgument: space.name === undefined ? ofArgument : findNamedArgument,
    found: undefined,
    shut: () => {
      store = nothing
    },
  }
  return path

  function caught<R>(look: (key: unknown) => R | undefined): (key: unknown) => R | undefined {
    return (key) => {
      try {
        return look(key)
      } catch (error) {
        path.found = unreadable
        room.storeFailed(error)
        return undefined
      }
    }
  }
}
