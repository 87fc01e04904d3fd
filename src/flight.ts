import type { Counters } from './counters.ts'
import type { Entry } from './entry.ts'
import type { Ttl } from './freshness.ts'
import type { Running } from './reentry.ts'

/** A load, as the engine calls it. */
export type Load<V> = (...args: never[]) => V | PromiseLike<V>

/** The callers of a flight who may leave, and the load's own signal. Made only where somebody uses signals. */
interface Leaving {
  /** Callers who may leave and have not. */
  waiting: number
  /** Made when the load asks for its signal. */
  controller: AbortController | undefined
  aborted: boolean
  reason: unknown
  /** The functions through which callers have come, if not one alone. */
  users: Set<object> | undefined
}

/** Those who ask while an asynchronous store is read. Made only over such a store. */
interface Asking<V> {
  askers: number
  strangers: Counters[] | undefined
  reading: Promise<Entry<V> | undefined> | undefined
}

/** What a load has said of its result, or the call that began it. Made only where there is something. */
interface Said {
  ttl: Ttl<any, any> | undefined
  skipped: boolean
  tags: string[] | undefined
}

/** One load in the air, shared by all who call for its key meanwhile. It is kept apart from the store. */
export class Flight<V = unknown, Args extends readonly unknown[] = readonly unknown[]> implements Running {
  /** Whose load this is, where functions share their keys. */
  readonly owner: object
  readonly key: unknown
  readonly storeKey: unknown
  /** Let go of once it has been called: a load that never ends must not keep an instance alive. */
  load: Load<V> | undefined
  args: Args
  /** What the store had when this began, fresh or not. */
  old: Entry<V> | undefined
  /** What began this: a call, one that was to load whatever the store has, or an old value behind which it runs. */
  purpose: 'call' | 'fresh' | 'refresh' = 'call'
  /** When the load began, in the order of the book of its tags. */
  stamp = 0
  /** The clock's time when the load began. */
  startedAt = 0
  /** What all callers share. Missing only while the load's own first step runs. */
  promise: Promise<V> | undefined = undefined
  /** The fence: set by whatever says that the result must no longer be kept. */
  revoked = false
  /** Whether it goes on when all who may leave have left. */
  pinned = false
  ended = false
  /** How many callers would hear of a failure; less where one has left before it was known to wait for this. */
  listeners = 0
  runner: Running['runner'] = undefined
  // What most flights never need has no room in them: a miss is made of little else.
  #leaving: Leaving | undefined = undefined
  #asking: Asking<V> | undefined = undefined
  #said: Said | undefined = undefined

  constructor(
    owner: object,
    key: unknown,
    storeKey: unknown,
    load: Load<V>,
    self: unknown,
    args: Args,
    ttl: Ttl<V, Args> | undefined,
    old: Entry<V> | undefined,
  ) {
    this.owner = owner
    this.key = key
    this.storeKey = storeKey
    this.load = self === undefined ? load : load.bind(self)
    this.args = args
    if (ttl !== undefined) this.ttl = ttl
    this.old = old
  }

  /** A flight for the same call. */
  again(old: Entry<V> | undefined): Flight<V, Args> {
    return new Flight(this.owner, this.key, this.storeKey, this.load!, undefined, this.args, this.ttl, old)
  }

  /** Whether no old value will do. */
  get fresh(): boolean {
    return this.purpose === 'fresh'
  }

  /** Whether no caller waits for this. */
  get background(): boolean {
    return this.purpose === 'refresh'
  }

  /** Whether its function has tags. */
  get tagged(): boolean {
    return this.stamp > 0
  }

  /** How long the value is to be fresh, if the call that began this or the load itself has said so. */
  get ttl(): Ttl<V, Args> | undefined {
    return this.#said?.ttl
  }

  set ttl(ttl: Ttl<V, Args>) {
    this.#say().ttl = ttl
  }

  /** Whether the load has said that its result is not to be kept. */
  get skipped(): boolean {
    return this.#said?.skipped === true
  }

  /** The tags that the load itself has given. */
  get tags(): readonly string[] {
    return this.#said?.tags ?? []
  }

  skip(): void {
    this.#say().skipped = true
  }

  addTags(tags: readonly string[]): void {
    this.#say().tags = [...this.tags, ...tags]
  }

  /** How many callers have come while the store is read, when nobody knows yet if there will be a load. */
  get askers(): number {
    return this.#asking === undefined ? 0 : this.#asking.askers
  }

  set askers(count: number) {
    this.#ask().askers = count
  }

  /** Notes one who has asked by another function, where functions share their keys. */
  addStranger(counters: Counters): void {
    ;(this.#ask().strangers ??= []).push(counters)
  }

  /** Counts those who have asked by other functions. Whoever comes from here on is counted at once. */
  tellAskers(as: 'hits' | 'staleHits' | 'joins'): void {
    const asking = this.#ask()
    for (const counters of asking.strangers ?? []) counters[as]++
    asking.strangers = undefined
    asking.askers = 0
  }

  /** The reading of the store: before the load, or beside it on behalf of those who come meanwhile. */
  get reading(): Promise<Entry<V> | undefined> | undefined {
    return this.#asking?.reading
  }

  set reading(reading: Promise<Entry<V> | undefined>) {
    this.#ask().reading = reading
  }

  /** Whether nobody waits any longer. */
  get aborted(): boolean {
    return this.#leaving?.aborted === true
  }

  /** Fires when {@link aborted} becomes true; made when it is first asked for. */
  get signal(): AbortSignal {
    const leaving = this.#leavers()
    if (leaving.controller === undefined) {
      leaving.controller = new AbortController()
      if (leaving.aborted) leaving.controller.abort(leaving.reason)
    }
    return leaving.controller.signal
  }

  /** Fires the load's own signal. */
  abort(reason: unknown): void {
    const leaving = this.#leavers()
    leaving.aborted = true
    leaving.reason = reason
    leaving.controller?.abort(reason)
  }

  /** Notes a caller who waits and may leave. */
  enter(): void {
    this.#leavers().waiting++
  }

  /** Notes that a caller who might leave waits no longer; says whether nobody is left for whom this should go on. */
  leave(): boolean {
    return --this.#leavers().waiting === 0 && !this.pinned
  }

  /** Notes that callers have come through another function than its owner, where functions share their keys. */
  usedBy(room: object): void {
    const leaving = this.#leavers()
    leaving.users ??= new Set([this.owner])
    leaving.users.add(room)
  }

  isUsedBy(room: object): boolean {
    return this.#leaving?.users?.has(room) ?? this.owner === room
  }

  /** Notes that a function has ended through which callers have come; says whether there is no other. */
  leftBy(room: object): boolean {
    const users = this.#leaving?.users
    users?.delete(room)
    return users === undefined || users.size === 0
  }

  #leavers(): Leaving {
    this.#leaving ??= { waiting: 0, controller: undefined, aborted: false, reason: undefined, users: undefined }
    return this.#leaving
  }

  #ask(): Asking<V> {
    this.#asking ??= { askers: 0, strangers: undefined, reading: undefined }
    return this.#asking
  }

  #say(): Said {
    this.#said ??= { ttl: undefined, skipped: false, tags: undefined }
    return this.#said
  }
}

/** A flight of whatever function. */
export type AnyFlight = Flight<any, any>
