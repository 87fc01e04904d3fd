import type { Actor } from './actors.ts'
import type { Lifetime } from './lifetimes.ts'

/** A call that waits, or has waited. Times are those of the history, which count every event, if not told otherwise. */
export interface Call {
  readonly id: number
  readonly cell: Cell
  readonly actor: Actor
  readonly startedAt: number
  readonly startedAtMs: number
  readonly fresh: boolean
  /** What invalidations before the call let it be given. */
  readonly fence: Fence
  readonly controller: AbortController | undefined
  /** The load that it is known to wait for. */
  load?: Load
  /** What it is known to have to give. */
  mustGive?: string
  /** The old value that there certainly is, should the load fail or be slow. */
  old?: Kept
  /** Whether nothing that happened before could excuse it if it gave a value after its signal had fired. */
  mustLeave?: boolean
  /** Whether it may have got its answer before the load had ended. */
  mayHaveLeft?: boolean
  settled?: boolean
}

/** A load that runs, or has run. */
export interface Load {
  readonly id: number
  readonly cell: Cell
  readonly call: Call
  readonly bornAt: number
  readonly value: string
  readonly error: Error
  readonly signal: AbortSignal
  readonly background: boolean
  end(how: 'resolved' | 'rejected'): void
  ended?: 'resolved' | 'rejected'
  /** The clock's time when it was told to end. */
  endedAtMs: number
  /** Whether microtasks have run since it was told to end, so that nobody knows if the engine has heard of it. */
  mayHaveLanded?: boolean
  landed?: boolean
  /** Whether somebody has been told of its failure, or has left in the very step in which it was to be told. */
  failureSeen?: boolean
  /** Callers who may leave and have not. */
  readonly leavers: Set<Call>
  /** Whether somebody waits who cannot leave, or nobody need wait. */
  pinned: boolean
  /** Whether a caller may have left it to go on by itself. */
  mayBePinned?: boolean
  abandoned?: boolean
}

/** A value, and when its life ends: the clock's times between which that is, the second included. */
export interface Kept {
  readonly value: string
  readonly ends: readonly [earliest: number, latest: number]
  idleEnds: [earliest: number, latest: number]
}

/** What a call may be given that came after invalidations: nothing that began before `from`, but for the survivors. */
export interface Fence {
  readonly from: number
  /** Values that were there when the key was made stale, and may be served as old ones. */
  readonly survivors: ReadonlySet<string>
}

/** The failure of a load, and the clock's times between which it is forgotten. */
interface Failure {
  readonly ends: readonly [earliest: number, latest: number]
}

/** Whether something is so: certainly, certainly not (`false`), or nobody knows (`undefined`). */
export type Perhaps = boolean | undefined

/** What there is for one key, as far as anybody outside the engine can know. */
export class Cell {
  readonly name: string
  readonly #lifetime: Lifetime
  kept: Kept | undefined
  failure: Failure | undefined
  /** The load that a call joins. Known only where the store answers at once. */
  flight: Load | undefined
  fence: Fence = { from: 0, survivors: new Set() }
  /** When calls had to stop joining what was in the air: at invalidations and at calls for something fresh. */
  readonly separations: number[] = []
  /** When tags were invalidated: a call from then on joins nothing that was in the air. */
  readonly taggings: number[] = []
  /** How many mutations are running that will invalidate this: nothing is kept meanwhile. */
  holds = 0
  /** How many times it is being looked through, and may lose what it has. */
  disturbed = 0
  /** Whether nobody knows what the last load has come to. */
  unsure = false

  constructor(name: string, lifetime: Lifetime) {
    this.name = name
    this.#lifetime = lifetime
  }

  /** From here on nothing may be given to a new call that began before. */
  invalidate(time: number): void {
    this.separate(time)
    this.fence = { from: time, survivors: new Set() }
    this.kept = undefined
    this.unsure = false
  }

  /**
   * From here on what there is is old, and what is in the air may not be given to a new call.
   *
   * @param there the values that may be there
   */
  expire(time: number, now: number, there: readonly string[]): void {
    this.separate(time)
    this.fence = { from: time, survivors: new Set(there) }
    if (this.kept === undefined) return
    const [earliest, latest] = this.kept.ends
    this.kept = { ...this.kept, ends: [Math.min(earliest, now), Math.min(latest, now)] }
  }

  /** From here on a new call does not join what is in the air, and no failure counts. */
  separate(time: number): void {
    this.separations.push(time)
    this.flight = undefined
    this.failure = undefined
  }

  isSeparated(older: number, newer: number): boolean {
    return this.separations.some((time) => older < time && time <= newer)
  }

  /** Whether a later call need not join the load of an older one. */
  mayRunBeside(older: number, newer: number): boolean {
    return this.isSeparated(older, newer) || this.taggings.some((time) => older < time && time <= newer)
  }

  /** The load that a call joins now. */
  get joinable(): Load | undefined {
    const { flight } = this
    return flight !== undefined && this.taggings.some((time) => time > flight.bornAt) ? undefined : flight
  }

  /** Whether the result of a load must not be kept. */
  isRevoked(load: Load): boolean {
    return load.abandoned === true || load.signal.aborted || this.isSeparated(load.call.startedAt, Infinity)
  }

  /** Puts in a value whose load ended between two times of the clock. */
  keep(value: string, from: number, to: number): void {
    const { ttl, jitter, tti, keeps } = this.#lifetime
    this.unsure = this.disturbed > 0
    this.failure = undefined
    this.kept = keeps(value)
      ? { value, ends: [from + ttl, to + ttl + jitter], idleEnds: [from + tti, to + tti] }
      : undefined
  }

  /** Notes a load whose value is not kept, and takes what there was with it. */
  drop(): void {
    this.unsure = this.disturbed > 0
    this.failure = undefined
    this.kept = undefined
  }

  /** Notes a load that failed between two times of the clock. */
  fail(from: number, to: number): void {
    const { rest, failuresAnswer, grace } = this.#lifetime
    // Without a window, whether a failure is remembered depends on what there was.
    if (failuresAnswer || grace > 0) this.failure = { ends: [from + rest, to + rest] }
  }

  /** Whether what is kept is fresh. */
  isFresh(now: number): Perhaps {
    return this.#isWithin(now, 0)
  }

  /** Whether what is kept is fresh, or may be served by one of the stale options. */
  isOfUse(now: number): Perhaps {
    return this.#isWithin(now, this.#lifetime.grace)
  }

  /** Whether a call may be served what is kept without waiting, fresh or not. */
  isServed(now: number): Perhaps {
    const { staleWhileRevalidate, staleIfError } = this.#lifetime
    const hasFailed = this.hasFailed(now)
    const sure = this.#isWithin(now, staleWhileRevalidate)
    if (sure === true || hasFailed === false) return sure
    const inPlaceOfFailure = this.#isWithin(now, staleIfError)
    if (inPlaceOfFailure === true) return hasFailed
    return sure === false && inPlaceOfFailure === false ? false : undefined
  }

  /** Whether the last load has failed, and it is left alone. */
  hasFailed(now: number): Perhaps {
    if (this.unsure) return undefined
    if (this.failure === undefined || now >= this.failure.ends[1]) return false
    return now < this.failure.ends[0] ? true : undefined
  }

  /** Whether what is kept has ended less than `grace` milliseconds ago, or not at all. */
  #isWithin(now: number, grace: number): Perhaps {
    if (this.unsure) return undefined
    if (this.kept === undefined) return false
    const { ends, idleEnds } = this.kept
    if (now < Math.min(ends[0], idleEnds[0]) + grace) return true
    return now < Math.min(ends[1], idleEnds[1]) + grace ? undefined : false
  }

  /** Notes a use between two times of the clock, which may have begun a new tti. */
  used(from: number, to: number, certainly: boolean): void {
    if (this.kept === undefined) return
    const { idleEnds } = this.kept
    const { tti } = this.#lifetime
    this.kept.idleEnds = [certainly ? from + tti : idleEnds[0], to + tti]
  }
}
