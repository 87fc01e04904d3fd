import type { Flavour } from './commands.ts'

/** How long values are to live under the options of a flavour, and which are to be kept at all. */
export interface Lifetime {
  readonly ttl: number
  readonly jitter: number
  readonly tti: number
  keeps(value: string): boolean
}

const all = (): boolean => true

export const lifetimes: Record<Flavour, Lifetime> = {
  plain: { ttl: Infinity, jitter: 0, tti: Infinity, keeps: all },
  ttl: { ttl: 60_000, jitter: 0, tti: Infinity, keeps: all },
  jitter: { ttl: 40_000, jitter: 40_000, tti: Infinity, keeps: all },
  tti: { ttl: Infinity, jitter: 0, tti: 50_000, keeps: all },
  'ttl and tti': { ttl: 80_000, jitter: 0, tti: 40_000, keeps: all },
  when: { ttl: Infinity, jitter: 0, tti: Infinity, keeps: (value) => Number(/\d+$/.exec(value)![0]) % 3 !== 0 },
}

/** A call that waits, or has waited. Times are those of the history, which count every event. */
export interface Call {
  readonly id: number
  readonly cell: Cell
  readonly fn: number
  readonly startedAt: number
  /** The last invalidation of the key before the call: nothing begun before it may be given. */
  readonly fence: number
  readonly controller: AbortController | undefined
  /** The load that it is known to wait for. */
  load?: Load
  /** What it is known to have to give. */
  mustGive?: string
  /** Whether nothing that happened before could excuse it if it gave a value after its signal had fired. */
  mustLeave?: boolean
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
  end(how: 'resolved' | 'rejected'): void
  ended?: 'resolved' | 'rejected'
  /** The clock's time when it was told to end. */
  endedAtMs: number
  /** Whether microtasks have run since it was told to end, so that nobody knows if the engine has heard of it. */
  mayHaveLanded?: boolean
  landed?: boolean
  /** Callers who may leave and have not. */
  readonly leavers: Set<Call>
  /** Whether somebody waits who cannot leave. */
  pinned: boolean
  abandoned?: boolean
}

interface Kept {
  readonly value: string
  /** The clock's times between which its life ends, the second included. */
  readonly ends: [earliest: number, latest: number]
  idleEnds: [earliest: number, latest: number]
}

/** What there is for one key, as far as anybody outside the engine can know. */
export class Cell {
  readonly name: string
  readonly #lifetime: Lifetime
  kept: Kept | undefined
  /** The load that a call joins. Known only where the store answers at once. */
  flight: Load | undefined
  /** The last invalidation. */
  fence = 0
  /** When calls had to stop joining what was in the air: at invalidations and at calls for something fresh. */
  readonly separations: number[] = []
  /** Whether nobody knows what the last load has come to. */
  unsure = false

  constructor(name: string, lifetime: Lifetime) {
    this.name = name
    this.#lifetime = lifetime
  }

  /** From here on nothing may be given to a new call that began before. */
  invalidate(time: number): void {
    this.separate(time)
    this.fence = time
    this.kept = undefined
    this.unsure = false
  }

  /** From here on a new call does not join what is in the air. */
  separate(time: number): void {
    this.separations.push(time)
    this.flight = undefined
  }

  isSeparated(older: number, newer: number): boolean {
    return this.separations.some((time) => older < time && time <= newer)
  }

  /** Whether the result of a load must not be kept. */
  isRevoked(load: Load): boolean {
    return load.abandoned === true || this.isSeparated(load.call.startedAt, Infinity)
  }

  /** Puts in a value whose load ended between two times of the clock. */
  keep(value: string, from: number, to: number): void {
    const { ttl, jitter, tti, keeps } = this.#lifetime
    this.unsure = false
    this.kept = keeps(value)
      ? { value, ends: [from + ttl, to + ttl + jitter], idleEnds: [from + tti, to + tti] }
      : undefined
  }

  /** Whether what is kept is fresh: certainly, certainly not, or nobody knows. */
  isFresh(now: number): boolean | undefined {
    if (this.unsure) return undefined
    if (this.kept === undefined) return false
    const { ends, idleEnds } = this.kept
    if (now < Math.min(ends[0], idleEnds[0])) return true
    return now < Math.min(ends[1], idleEnds[1]) ? undefined : false
  }

  /** Notes a use between two times of the clock, which may have begun a new tti. */
  used(from: number, to: number, certainly: boolean): void {
    if (this.kept === undefined) return
    const { idleEnds } = this.kept
    const { tti } = this.#lifetime
    this.kept.idleEnds = [certainly ? from + tti : idleEnds[0], to + tti]
  }
}
