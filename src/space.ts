import { Census } from './census.ts'
import { show, wrongType } from './check.ts'
import { Entry } from './entry.ts'
import { Failures } from './failures.ts'
import { Generation } from './generation.ts'
import type { AnyFlight } from './flight.ts'
import { Flights } from './flights.ts'
import { keyOfText, spaceText, storeKeyText } from './store-key.ts'
import { Touches } from './touches.ts'
import type { AsyncStore, Clock, Store } from './types.ts'

/** A store of either kind, as the engine holds it. */
export type AnyStore = Store<unknown, unknown> | AsyncStore<unknown, unknown>

/** Whether a store answers at once or with promises; one whose methods do not say is known by its first answer. */
export type StoreKind = 'sync' | 'async' | 'unknown'

/** Stands for all keys of a space among those that are held. */
export const everyKey: unique symbol = Symbol('every key')

/**
 * The room of one name in one store: its keys, its loads in the air and the fence around both.
 *
 * Functions that share their keys share this. The fence: a flight is entered into {@link flights} in the same step in
 * which its call starts, before any store is read. Whatever invalidates a key revokes the flight and takes it out, so a
 * later call finds nothing to join, and the revoked flight finds out when it ends that it may no longer write.
 */
export class Space {
  readonly name: string | undefined
  readonly store: AnyStore
  readonly clock: Clock
  readonly census: Census
  kind: StoreKind
  generation: Generation
  /** The loads in the air that a call may join. */
  readonly flights: Flights = new Flights()
  /** The loads in the air that no call may join and no store will keep. */
  readonly revoked: Set<AnyFlight> = new Set()
  readonly failures: Failures = new Failures()
  /** How many mutations are running that will invalidate a key, or {@link everyKey}: nothing of it is kept meanwhile. */
  readonly holds: Map<unknown, number> = new Map()
  /** When its keys were last invalidated, expired or set. */
  readonly touches: Touches
  readonly #text: string | undefined

  constructor(store: AnyStore, name: string | undefined, clock: Clock) {
    this.store = store
    this.name = name
    this.clock = clock
    this.kind = kindOf(store)
    this.#text = name === undefined ? undefined : spaceText(name)
    this.census = new Census(store as Store<unknown, unknown>, name !== undefined, (key) => this.#mayHave(key))
    this.generation = new Generation(clock, this.census)
    this.touches = new Touches(store, clock)
  }

  /** The form in which a key goes to the store. */
  storeKey(key: unknown): unknown {
    if (this.#text !== undefined) return storeKeyText(this.#text, key)
    return this.kind === 'async' ? storeKeyText('', key) : key
  }

  /** The key that goes to the store in this form; an object or a symbol that has gone is `undefined`. */
  keyOf(storeKey: unknown): unknown {
    if (this.#text !== undefined) return keyOfText(this.#text, storeKey as string)
    return this.kind === 'async' ? keyOfText('', storeKey as string) : storeKey
  }

  /**
   * Whether the store is asynchronous. While that is not known, its answer for the key tells.
   *
   * @param answer what the store's `get` gave for the key, if it has been asked already
   */
  isAsync(key: unknown, answer?: unknown): boolean {
    if (this.kind === 'unknown') {
      let said = answer
      try {
        said ??= this.store.get(this.storeKey(key))
      } catch {
        // A store that throws has not said what it is. Whatever comes next asks it again, and reports what it meets.
        return false
      }
      this.kind = isThenable(said) ? 'async' : 'sync'
      if (isThenable(said)) Promise.resolve(said).catch(() => {})
    }
    return this.kind === 'async'
  }

  #mayHave(storeKey: unknown): boolean {
    try {
      return this.inStore(storeKey) !== undefined
    } catch {
      return true
    }
  }

  /** The entry of a generation in a store that answers at once, fresh or not, without counting as use if it can. */
  peek(storeKey: unknown, generation: Generation = this.generation): Entry | undefined {
    const entry = this.inStore(storeKey, generation)
    return entry?.alive === true ? entry : undefined
  }

  /** As {@link peek}, also one whose tags were invalidated: it counts no longer, but takes room. */
  inStore(storeKey: unknown, generation: Generation = this.generation): Entry | undefined {
    const store = this.store as Store<unknown, unknown>
    const held = store.peek === undefined ? store.get(storeKey) : store.peek(storeKey)
    return belongsTo(generation, held) ? held : undefined
  }

  /** The entry that a store has given, if it is of this space and still counts. */
  own(held: unknown): Entry | undefined {
    return belongsTo(this.generation, held) && held.alive ? held : undefined
  }

  /** Says that what a load in the air gives for this key must not be kept or joined, and that no failure counts. */
  revoke(storeKey: unknown): void {
    this.failures.delete(storeKey)
    const flight = this.flights.get(storeKey)
    if (flight !== undefined) this.revokeFlight(flight)
  }

  /** Revokes this flight, whether or not it is still one that a call may join. */
  revokeFlight(flight: AnyFlight): void {
    if (this.flights.delete(flight)) this.revoked.add(flight)
    flight.revoked = true
  }

  /** Takes out a flight that has ended. Only itself: a newer one of its key stays. */
  remove(flight: AnyFlight): void {
    if (flight.revoked) this.revoked.delete(flight)
    else this.flights.delete(flight)
  }

  /** No entry that the store has now counts from here on: it failed, and nobody knows what it still has. */
  disbelieve(): void {
    this.generation = new Generation(this.clock, this.census)
  }

  /** Whether nothing of a key is to be kept now. */
  isHeld(storeKey: unknown): boolean {
    return this.holds.size > 0 && (this.holds.has(storeKey) || this.holds.has(everyKey))
  }

  /** Says of all loads in the air what {@link revoke} says of one. */
  revokeAll(): void {
    this.failures.clear()
    for (const flight of [...this.flights]) this.revokeFlight(flight)
  }

  /** Begins a new generation: no entry and no flight of an earlier one counts from here on. */
  renew(): void {
    this.revokeAll()
    this.disbelieve()
  }
}

function belongsTo(generation: Generation, held: unknown): held is Entry {
  return held instanceof Entry && held.generation?.whole === generation
}

/** A space and the functions that are in it. */
interface Tenancy {
  readonly space: Space
  /** The store as it was given: one with a tier stands for another. */
  readonly given: AnyStore
  readonly shareKeys: boolean
  tenants: number
}

const tenancies = new WeakMap<AnyStore, Map<string | undefined, Tenancy>>()

/**
 * Gives a function its space in a store.
 *
 * @param given what stands for the store, where that has a tier behind it
 * @returns the space, and what gives the function's place in it up
 * @throws `TypeError` when the store is used already and the names do not keep the functions apart
 */
export function enterSpace(
  store: AnyStore,
  name: string | undefined,
  shareKeys: boolean,
  clock: Clock,
  given: AnyStore = store,
): { space: Space; leave: () => void } {
  let byName = tenancies.get(store)
  if (byName === undefined) tenancies.set(store, (byName = new Map()))
  let tenancy = byName.get(name)
  if (tenancy === undefined) {
    if (byName.size > 0 && (name === undefined || byName.has(undefined))) {
      const must = 'given to each of several functions on one store'
      if (name === undefined) throw wrongType('name', must, undefined)
      throw new TypeError(`name must be ${must}, but one that was made before has none`)
    }
    tenancy = { space: new Space(store, name, clock), given, shareKeys, tenants: 0 }
    byName.set(name, tenancy)
  } else if (!shareKeys || !tenancy.shareKeys) {
    throw new TypeError(
      `name must be different for each function on one store (or all must say shareKeys: true), but got: ${show(name)}`,
    )
  } else if (tenancy.space.clock !== clock) {
    throw wrongType('clock', 'the same for all functions that share their keys', clock)
  } else if (tenancy.given !== given) {
    throw wrongType('store', 'the same, with the same tier, for all functions that share their keys', given)
  }
  const entered = tenancy
  entered.tenants++
  return {
    space: entered.space,
    leave: () => {
      entered.tenants--
      if (entered.tenants === 0) byName.delete(name)
    },
  }
}

function kindOf(store: AnyStore): StoreKind {
  const methods: unknown[] = [store.get, store.set, store.delete]
  if (methods.some((method) => (method as { constructor?: { name?: string } }).constructor?.name === 'AsyncFunction')) {
    return 'async'
  }
  return 'unknown'
}

/** Whether something is a promise or works as one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}
