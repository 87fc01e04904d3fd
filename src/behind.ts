import type { Counters } from './counters.ts'
import type { Entry } from './entry.ts'
import type { AnyFlight } from './flight.ts'
import type { Freshness } from './freshness.ts'
import type { AnyStore, Space } from './space.ts'
import type { TagBook } from './tagging.ts'

/** What a tier sees of the room in front of it. */
export interface RoomInFront {
  readonly space: Space
  readonly freshness: Freshness<any, any>
  readonly counters: Counters
  readonly book: TagBook | undefined
  /** Puts an entry into the store, which came from the tier. Never throws. */
  promote(storeKey: unknown, entry: Entry<any>): void
  /** Takes an entry out of the store, whichever is there or only this one. Never throws. */
  drop(storeKey: unknown, only?: Entry<any>): void
  /** Takes out all that the store has of this space, whose loads are fenced. Never throws. */
  dropAll(): void
  storeFailed(error: unknown): void
}

/** What a tier asks of the engine in front of it while it deals with a flight. */
export interface EngineInFront {
  /** Begins the load. */
  run(flight: AnyFlight): Promise<any>
  /** Begins a load that nobody waits for. */
  loadBehind(flight: AnyFlight): void
  /** As `OldValues` does. */
  serve(old: Entry<any> | undefined, storeKey: unknown, calls: number): true | { readonly error: unknown } | undefined
  isDue(served: Entry<any>, storeKey: unknown): boolean
}

/**
 * What stands behind the store of one function: a cache that other processes use too.
 *
 * What is asked of the store itself has been done, and loads in the air have been fenced, before any of this is called.
 */
export interface Behind {
  /** Answers a flight from the tier, or loads under its lease. */
  readOrLoad(flight: AnyFlight, engine: EngineInFront): Promise<any>
  /** Does so for a flight that nobody waits for. */
  refresh(flight: AnyFlight, engine: EngineInFront): Promise<any>
  /** Hands on what a load has given: its entry, or `undefined` where that is not to be kept. Never throws. */
  keep(flight: AnyFlight, entry: Entry<any> | undefined): void
  /** Gives up what a flight still holds that has ended. Never throws. */
  ended(flight: AnyFlight): void
  /** The fresh entry of a key; nothing where the tier fails. */
  peek(storeKey: unknown): Promise<Entry<any> | undefined>
  /** Puts a value in without a load, or takes out what there is where it is not to be kept. */
  put(storeKey: unknown, entry: Entry<any> | undefined): Promise<unknown>
  invalidate(storeKey: unknown): Promise<boolean>
  expire(storeKey: unknown): Promise<boolean>
  clear(): Promise<void>
  /** Fulfilled when nothing is under way any more, and nothing is heard of others. */
  leave(): Promise<void>
}

/** A store that has a tier behind it, as the engine takes it apart. */
export interface Front {
  readonly l1: AnyStore
  readonly enter: (room: RoomInFront) => Behind
}

const fronts = new WeakMap<object, Front>()

/** Says that a store stands for another one with a tier behind it. */
export function standInFront(store: object, front: Front): void {
  fronts.set(store, front)
}

/** What a store stands for, if it has a tier behind it. */
export function frontOf(store: unknown): Front | undefined {
  return fronts.get(store as object)
}
