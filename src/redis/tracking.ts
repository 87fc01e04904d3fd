import type { TierEvent } from '../tiers/tier.ts'
import { Copies } from './copies.ts'
import type { Server } from './server.ts'

/** How the server is to track keys. */
export interface TrackingOptions {
  /** The most keys whose copies are known. */
  readonly maxTracked: number
  /** Told when the server does not do it for this client, and the messages of other tiers are all there is. */
  readonly refused: (error: Error) => void
}

/** How many probes of a backplane may come back before the message about the key that was written with them. */
const mostSilent = 20

/**
 * Hears from the server itself what becomes of entries: also of those that were deleted by others, evicted or flushed.
 *
 * Whether it tells so on a connection shows by a key that is written for that alone.
 */
export class Tracking {
  readonly #server: Server
  readonly #refused: (error: Error) => void
  readonly #tell: (event: TierEvent) => void
  #copies: Copies | undefined
  /** Whether the server tracks keys for the connection that there is. */
  #tracks = false
  #silent = 0

  /** @param tell is given what first tiers are to hear */
  constructor(server: Server, { maxTracked, refused }: TrackingOptions, tell: (event: TierEvent) => void) {
    this.#server = server
    this.#refused = refused
    this.#tell = tell
    this.#copies = new Copies({
      max: maxTracked,
      stampOf: (name) => server.stampOf(name),
      drop: (space, key) => tell({ type: 'keys', space, keys: [key] }),
    })
  }

  /** What is to be told of reads and writes; `undefined` where the server tracks nothing. */
  get copies(): Copies | undefined {
    return this.#copies
  }

  /** The connection has gone, and what was tracked for it. */
  lose(): void {
    this.#tracks = false
    this.#silent = 0
  }

  /** Lets the server show whether it tracks keys, if that is not known. */
  async probe(): Promise<void> {
    if (this.#copies !== undefined && !this.#tracks) await this.#server.writeProbe()
  }

  /** Whether a probe of the backplane that has come back counts: not before keys are tracked, if they will be. */
  believes(): boolean {
    if (this.#copies === undefined || this.#tracks) return true
    if (++this.#silent < mostSilent) return false
    this.refuse(new Error('it has accepted CLIENT TRACKING, and no message comes'))
    return true
  }

  /** Hears that a key has changed; `undefined`: all may have. */
  hear(key: string | undefined): void {
    if (key === this.#server.probeKey) this.#tracks = true
    else if (key === undefined) this.#tell({ type: 'gap' })
    else this.#copies?.changed(key)
  }

  /** Does without, and says so once. */
  refuse(cause: unknown): void {
    if (this.#copies === undefined) return
    this.#copies = undefined
    this.#refused(new Error('the server tracks no keys for this client: tiers alone are heard', { cause }))
  }
}
