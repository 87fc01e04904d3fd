import { setTimeout as pause } from 'node:timers/promises'
import type { TierEvent } from '../tiers/tier.ts'
import { placeText } from '../tiers/token.ts'
import type { Waiting } from '../tiers/waiting.ts'
import { warn } from '../warn.ts'
import type { Copies } from './copies.ts'
import { type Message, parseMessage, unnumbered } from './messages.ts'
import type { Server } from './server.ts'
import { Tracking, type TrackingOptions } from './tracking.ts'
import type { Subscription } from './wire.ts'

/** The pause between two attempts to connect, in milliseconds. */
const retryAfter = 100

/** How long a server may at least take to answer before it counts as lost, in milliseconds. */
const patience = 1_000

/**
 * Hears what other processes invalidate, and knows when it may have missed something.
 *
 * Messages are numbered by each shard, so one that is missing shows at the next. That none is missing at the end shows
 * by asking for the last number every `checkEvery` milliseconds. A connection that has been lost counts as found again
 * when a message that this sends to itself has come back.
 */
export class Backplane {
  readonly #server: Server
  readonly #waiting: Waiting
  readonly #checkEvery: number
  readonly #listeners = new Set<(event: TierEvent) => void>()
  /** The number of the last message of each shard that has come; -1 where not even the first is known. */
  #heard: number[]
  /** What was asked for and not yet heard, by shard: a message that has one more check to arrive. */
  #overdue: number[]
  #subscription: Subscription | undefined
  #timer: NodeJS.Timeout | undefined
  #started = false
  /** Whether a connection has been found, and is about to be counted from. */
  #finding = false
  /** Whether it was lost meanwhile. */
  #lostAgain = false
  #closed = false
  readonly #tracking: Tracking | undefined
  connected = false

  /** @param checkEvery milliseconds */
  constructor(server: Server, waiting: Waiting, checkEvery: number, tracking?: TrackingOptions) {
    this.#server = server
    this.#waiting = waiting
    this.#checkEvery = checkEvery
    this.#heard = server.shards.map(() => -1)
    this.#overdue = server.shards.map(() => -1)
    this.#tracking = tracking && new Tracking(server, tracking, (event) => this.connected && this.#tell(event))
  }

  /** What is to be told of reads and writes, as long as keys are tracked for those who listen. */
  get copies(): Copies | undefined {
    return this.connected && this.#listeners.size > 0 ? this.#tracking?.copies : undefined
  }

  add(listener: (event: TierEvent) => void): () => void {
    const own = (event: TierEvent): void => listener(event)
    this.#listeners.add(own)
    // To a listener who comes late, what came before is a gap.
    if (this.connected) {
      queueMicrotask(() => {
        if (this.connected && this.#listeners.has(own)) this.#tellOne(own, { type: 'gap' })
      })
    }
    this.start()
    return () => this.#listeners.delete(own)
  }

  /** Connects, if that has not been begun. */
  start(): void {
    if (this.#started || this.#closed) return
    this.#started = true
    void this.#connect()
  }

  close(): void {
    this.#closed = true
    this.connected = false
    clearTimeout(this.#timer)
    this.#subscription?.close()
    this.#listeners.clear()
  }

  async #connect(): Promise<void> {
    while (!this.#closed && this.#subscription === undefined) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
        const subscription = await this.#server.subscribe({
          message: (text) => this.#hear(text),
          lost: () => this.#lose(),
          changed: this.#tracking && ((key) => this.#tracking?.hear(key)),
          refused: (error) => this.#tracking?.refuse(error),
        })
        if (this.#closed) subscription.close()
        else this.#subscription = subscription
      } catch {
        // The client is out of reach, or may not subscribe. Whoever waits looks by himself.
        // oxlint-disable-next-line no-await-in-loop -- as above
        await pause(retryAfter * 10, undefined, { ref: false })
      }
    }
    this.#next(0)
  }

  #next(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.#check(), ms).unref()
  }

  async #check(): Promise<void> {
    const given = AbortSignal.timeout(Math.max(this.#checkEvery, patience))
    const late = new Promise<never>((_, reject) => {
      given.addEventListener('abort', () => reject(given.reason as Error), { once: true })
    })
    late.catch(() => {})
    try {
      await Promise.race([this.connected ? this.#compare() : this.#probe(), late])
    } catch {
      this.#lose()
    }
    this.#next(this.connected ? this.#checkEvery : retryAfter)
  }

  async #probe(): Promise<void> {
    await this.#tracking?.probe()
    await this.#server.say(unnumbered(this.#server.origin, -1, 'probe'))
  }

  /** Compares what has been said with what has been heard. A message may be under way for one check. */
  async #compare(): Promise<void> {
    const sent = await this.#server.runOnAll('sent', () => [])
    let missed = false
    for (const [shard, reply] of sent.entries()) {
      const last = Number(String(reply))
      const heard = this.#heard[shard]!
      if (heard === -1 || (this.#overdue[shard] !== -1 && heard < this.#overdue[shard]!) || last < heard) {
        missed ||= heard !== -1
        this.#heard[shard] = last
      }
      this.#overdue[shard] = last > this.#heard[shard]! ? last : -1
    }
    if (missed) this.#tell({ type: 'gap' })
  }

  #hear(text: string): void {
    const message = parseMessage(text)
    if (message === undefined) return
    const [origin, shard, number, kind] = message
    const own = origin === this.#server.origin
    if (kind === 'probe') {
      if (own && !this.connected && this.#tracking?.believes() !== false) void this.#find()
      return
    }
    if (kind === 'done') return this.#waiting.wake(message[4])
    const heard = this.#heard[shard]
    if (heard === undefined) return
    // One that was counted before it came, when the last number was asked for, is no gap.
    this.#heard[shard] = Math.max(heard, number)
    if (kind === 'key') this.#waiting.wake(placeText(message[4], message[5]))
    else this.#waiting.wakeAll()
    if (!this.connected) return
    if (heard !== -1 && number > heard + 1) this.#tell({ type: 'gap' })
    else if (!own) this.#pass(message)
  }

  #pass(message: Message): void {
    switch (message[3]) {
      case 'key':
        return this.#tell({ type: 'keys', space: message[4], keys: [message[5]] })
      case 'tags':
        return this.#tell({ type: 'tags', tags: message[4] })
      case 'clear':
        return this.#tell({ type: 'clear', space: message[4] })
      default:
        return this.#tell({ type: 'gap' })
    }
  }

  /** Counts from the last message on, and only then tells of the gap, so that it is after all that was missed. */
  async #find(): Promise<void> {
    if (this.#finding) return
    this.#finding = true
    this.#lostAgain = false
    this.#heard = this.#heard.map(() => -1)
    this.#overdue = this.#heard.map(() => -1)
    try {
      await this.#compare()
    } catch {
      return
    } finally {
      this.#finding = false
    }
    if (this.#lostAgain || this.#closed) return
    this.connected = true
    this.#tell({ type: 'gap' })
    this.#waiting.wakeAll()
    this.#next(this.#checkEvery)
  }

  #lose(): void {
    this.#lostAgain = true
    this.#tracking?.lose()
    if (!this.connected) return
    this.connected = false
    this.#tell({ type: 'lost' })
    this.#next(retryAfter)
  }

  #tell(event: TierEvent): void {
    if (event.type === 'gap') this.#tracking?.copies?.clear()
    for (const listener of this.#listeners) this.#tellOne(listener, event)
  }

  #tellOne(listener: (event: TierEvent) => void, event: TierEvent): void {
    try {
      listener(event)
    } catch (error) {
      warn(error)
    }
  }
}
