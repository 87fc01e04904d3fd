import { ClosedError } from '../errors.ts'
import { Owed } from '../tiers/owed.ts'
import { type ScriptName, scripts } from './scripts.ts'
import type { Subscription, TrackingListener, Wire, Word } from './wire.ts'

/** How the keys of a tier are laid out, and how its servers are spoken to. */
export interface ServerOptions {
  readonly wire: Wire
  readonly prefix: string
  readonly shards: number
  readonly origin: string
}

/** The keys with one hash tag: they are all on one node of a cluster. */
export interface Shard {
  readonly index: number
  /** What all its keys begin with. */
  readonly text: string
  /** What the keys of its entries begin with. */
  readonly entries: string
  readonly fence: string
  readonly marks: string
  /** The beginning of a message of this tier for the backplane; the number of the message comes next. */
  readonly head: string
}

/**
 * Runs the scripts on the servers behind a client.
 *
 * Before the data of a server is believed, the script `believe` runs: at first, after each reconnection, and whenever a
 * server does not know a script. A server that has been restarted, or has taken over from another, knows none, and no
 * process teaches it one before `believe` has been run there. So data that is older than what was invalidated is dead
 * before it can be read.
 */
export class Server {
  readonly shards: readonly Shard[]
  readonly channel: string
  readonly origin: string
  readonly owed: Owed
  readonly #wire: Wire
  #believing: Promise<void> | undefined
  /** How often the connection has been made. */
  #connections = 0
  /** The connection under which the data of all servers was last believed. */
  #believedUnder = -1
  #closed = false
  readonly #unlisten: () => void

  constructor({ wire, prefix, shards, origin }: ServerOptions, everything: () => Promise<unknown>) {
    this.#wire = wire
    this.origin = origin
    this.channel = `${prefix}:backplane`
    this.owed = new Owed(everything)
    this.shards = Array.from({ length: shards }, (_, index) => {
      // The number of shards is part of the name: those who disagree about it never mistake each other's keys.
      const text = `{${prefix}:${shards}.${index}}:`
      const head = `["${origin}",${index},`
      return { index, text, entries: `${text}e:`, fence: `${text}f`, marks: `${text}m`, head }
    })
    this.#unlisten = wire.onReconnect(() => {
      this.#connections++
      if (this.owed.any) this.owed.settle().catch(() => {})
    })
  }

  /** The shard of a key. */
  shardOf(key: string): Shard {
    return this.shards.length === 1 ? this.shards[0]! : this.shards[fnv1a(key) % this.shards.length]!
  }

  /** Runs a script after all that is to be done before it. */
  run<T = unknown>(
    name: ScriptName,
    shard: Shard,
    place: readonly string[],
    words: readonly Word[],
    take?: (reply: unknown) => T | Promise<T>,
  ): Promise<T> {
    return this.#believedUnder === this.#connections && !this.owed.any
      ? this.runAnyway(name, shard, place, words, take)
      : this.#afterAll().then(() => this.runAnyway(name, shard, place, words, take))
  }

  /**
   * Runs a script at once: an invalidation need not believe anything.
   *
   * @param take is given the reply, in the step in which it comes: no promise is made for it
   */
  runAnyway<T = unknown>(
    name: ScriptName,
    shard: Shard,
    place: readonly string[],
    words: readonly Word[],
    take?: (reply: unknown) => T | Promise<T>,
  ): Promise<T> {
    if (this.#closed) return Promise.reject(new ClosedError('the tier has been closed', place[0]))
    const sent: Word[] = ['EVALSHA', scripts[name].sha, place.length === 0 ? '2' : '4', shard.fence, shard.marks]
    for (const key of place) sent.push(key)
    for (const word of words) sent.push(word)
    const reply = this.#wire.send(shard.fence, sent)
    return reply.then(take, (error: unknown) => this.#teach(name, shard, sent, error).then(take))
  }

  /** Runs a script again that a server did not know, once its data is believed. */
  async #teach(name: ScriptName, shard: Shard, sent: readonly Word[], error: unknown): Promise<unknown> {
    if (!isUnknownScript(error)) throw error
    await this.#believeShard(shard)
    return this.#wire.send(shard.fence, ['EVAL', scripts[name].text, ...sent.slice(2)])
  }

  async #afterAll(): Promise<void> {
    if (this.#believedUnder !== this.#connections) await this.#believe()
    if (this.owed.any) await this.owed.settle()
  }

  /** Runs a script on every shard. */
  async runOnAll(name: ScriptName, words: (shard: Shard) => readonly Word[]): Promise<unknown[]> {
    return Promise.all(this.shards.map((shard) => this.runAnyway(name, shard, [], words(shard))))
  }

  /** Subscribes to what the tiers of all processes say and, where that is listened to, to what becomes of all entries. */
  subscribe({
    changed,
    ...listener
  }: Omit<TrackingListener, 'changed'> & { changed: TrackingListener['changed'] | undefined }): Promise<Subscription> {
    if (changed === undefined) return this.#wire.subscribe(this.channel, listener)
    const prefixes = this.shards.map(({ entries }) => entries)
    return this.#wire.track!(this.channel, prefixes, { ...listener, changed })
  }

  /** A key that is tracked as entries are, and is none: their names have a colon. */
  get probeKey(): string {
    return this.shards[0]!.entries + this.origin
  }

  /** Writes that key, for a second. */
  async writeProbe(): Promise<void> {
    await this.#wire.send(this.probeKey, ['SET', this.probeKey, '', 'PX', '1000'])
  }

  /** The stamp of the entry under this name; '' where there is none. */
  async stampOf(name: string): Promise<string> {
    return String(await this.#wire.send(name, ['GETRANGE', name, '44', '59']))
  }

  /** Sends a message that is no invalidation. */
  async say(text: string): Promise<void> {
    await this.#wire.send(this.channel, ['PUBLISH', this.channel, text])
  }

  close(): void {
    this.#closed = true
    this.#unlisten()
    this.owed.close()
  }

  #believe(): Promise<void> {
    this.#believing ??= this.#believeAll().finally(() => {
      this.#believing = undefined
    })
    return this.#believing
  }

  async #believeAll(): Promise<void> {
    const connection = this.#connections
    await Promise.all(this.shards.map((shard) => this.#believeShard(shard)))
    this.#believedUnder = connection
  }

  async #believeShard(shard: Shard): Promise<void> {
    const { text } = scripts.believe
    const words = [this.channel, shard.head, ',"everything"]']
    await this.#wire.send(shard.fence, ['EVAL', text, '2', shard.fence, shard.marks, ...words])
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}

/** A number of 32 bits from a string: FNV-1a (Fowler, Noll, Vo) over its UTF-16 units. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}
