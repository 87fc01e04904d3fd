import process from 'node:process'
import {
  isRefusal,
  type Subscription,
  type SubscriptionListener,
  type TrackingListener,
  type Wire,
  type Word,
} from './wire.ts'

/** A client of ioredis or iovalkey, as far as it is used here. */
export interface IoRedis {
  readonly isCluster?: boolean
  readonly options?: { readonly keyPrefix?: string | Buffer }
  /** The connection, where there is one. */
  readonly stream?: { cork?(): void; uncork?(): void }
  call(...words: readonly string[]): Promise<unknown>
  callBuffer(...words: readonly Word[]): Promise<unknown>
  duplicate(...args: unknown[]): IoRedis
  on(event: string, listener: (...args: any[]) => void): unknown
  off(event: string, listener: (...args: any[]) => void): unknown
  subscribe(...channels: string[]): Promise<unknown>
  disconnect(reconnect?: boolean): void
}

/** Options of a connection that waits for its server however long that takes. */
const patient = { lazyConnect: false, enableOfflineQueue: true, autoResubscribe: true, maxRetriesPerRequest: null }

/** Where a server of the second protocol tells of keys. */
const invalidations = '__redis__:invalidate'

/** Speaks through a client of ioredis or iovalkey. */
export class IoRedisWire implements Wire {
  readonly #client: IoRedis
  readonly track: Wire['track']
  /** The connection that holds back what is sent in this step. */
  #held: IoRedis['stream']
  readonly #letGo = (): void => {
    this.#held?.uncork?.()
    this.#held = undefined
  }

  constructor(client: IoRedis) {
    this.#client = client
    if (client.isCluster !== true) this.track = (...args) => this.#track(...args)
  }

  send(_key: string, words: readonly Word[]): Promise<unknown> {
    // These clients make one system call for each command. What is sent in one step goes out in one.
    if (this.#held === undefined) {
      const { stream } = this.#client
      if (stream?.cork !== undefined) {
        stream.cork()
        this.#held = stream
        process.nextTick(this.#letGo)
      }
    }
    return this.#client.callBuffer(...words)
  }

  onReconnect(listener: () => void): () => void {
    this.#client.on('ready', listener)
    return () => this.#client.off('ready', listener)
  }

  async subscribe(channel: string, listener: SubscriptionListener): Promise<Subscription> {
    const subscriber = this.#client.isCluster === true ? this.#client.duplicate([]) : this.#client.duplicate(patient)
    hear(subscriber, channel, listener)
    try {
      await subscriber.subscribe(channel)
    } catch (error) {
      subscriber.disconnect()
      throw error
    }
    return { close: () => subscriber.disconnect() }
  }

  /**
   * One connection tracks and subscribes: it lets the server redirect what it tracks to itself, which the second protocol
   * allows, and clients of all versions know.
   */
  async #track(channel: string, prefixes: readonly string[], listener: TrackingListener): Promise<Subscription> {
    const prefix = String(this.#client.options?.keyPrefix ?? '')
    const subscriber = this.#client.duplicate({ ...patient, protocol: 2, autoResubscribe: false })
    hear(subscriber, channel, listener)
    subscriber.on('messageBuffer', (from: Buffer, keys: unknown) => {
      if (String(from) !== invalidations) return
      if (!Array.isArray(keys)) listener.changed(undefined)
      else for (const key of keys) listener.changed(String(key).slice(prefix.length))
    })
    // Each new connection begins with nothing.
    subscriber.on('ready', () => {
      void begin(
        subscriber,
        channel,
        prefixes.map((text) => prefix + text),
        listener,
      )
    })
    return { close: () => subscriber.disconnect() }
  }
}

function hear(subscriber: IoRedis, channel: string, { message, lost }: SubscriptionListener): void {
  subscriber.on('message', (from: string, text: string) => {
    if (from === channel) message(text)
  })
  subscriber.on('close', lost)
  // What is wrong with the connection shows in the user's own client.
  subscriber.on('error', () => {})
}

async function begin(
  subscriber: IoRedis,
  channel: string,
  prefixes: readonly string[],
  listener: TrackingListener,
): Promise<void> {
  try {
    const id = String(await subscriber.call('CLIENT', 'ID'))
    const where = prefixes.flatMap((prefix) => ['PREFIX', prefix])
    await subscriber.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', ...where)
  } catch (error) {
    // A connection that is lost meanwhile is made anew, and begins again.
    if (!isRefusal(error)) return subscriber.disconnect(true)
    listener.refused(error)
  }
  try {
    await subscriber.subscribe(invalidations, channel)
  } catch {
    subscriber.disconnect(true)
  }
}
