import {
  isRefusal,
  type Subscription,
  type SubscriptionListener,
  type TrackingListener,
  type Wire,
  type Word,
} from './wire.ts'

/** A client of node-redis, as far as it is used here. */
export interface NodeRedis {
  readonly slots?: unknown
  sendCommand(words: readonly Word[], options?: object): Promise<unknown>
  sendCommand(key: string, isReadonly: boolean, words: readonly Word[], options: object): Promise<unknown>
  duplicate(overrides?: object): NodeRedis
  connect(): Promise<unknown>
  on(event: string, listener: (...args: any[]) => void): unknown
  off(event: string, listener: (...args: any[]) => void): unknown
  subscribe(channel: string, listener: (text: string) => void): Promise<unknown>
  destroy(): void
}

/** Makes node-redis give strings as buffers: `$` is the protocol's sign for them. */
const asBuffers = { typeMapping: { ['$'.charCodeAt(0)]: Buffer } }

/** Speaks through a client of node-redis. */
export class NodeRedisWire implements Wire {
  readonly #client: NodeRedis
  readonly #isCluster: boolean
  readonly track: Wire['track']

  constructor(client: NodeRedis) {
    this.#client = client
    this.#isCluster = 'slots' in client
    if (!this.#isCluster) this.track = (...args) => this.#track(...args)
  }

  send(key: string, words: readonly Word[]): Promise<unknown> {
    return this.#isCluster
      ? this.#client.sendCommand(key, false, words, asBuffers)
      : this.#client.sendCommand(words, asBuffers)
  }

  onReconnect(listener: () => void): () => void {
    this.#client.on('ready', listener)
    return () => this.#client.off('ready', listener)
  }

  subscribe(channel: string, listener: SubscriptionListener): Promise<Subscription> {
    return subscribed(this.#client.duplicate(), channel, listener)
  }

  /** With the third protocol what is tracked comes on the connection itself, and the client emits it. */
  async #track(channel: string, prefixes: readonly string[], listener: TrackingListener): Promise<Subscription> {
    const third = { RESP: 3, emitInvalidate: true, clientSideCache: undefined }
    const subscriber = this.#client.duplicate(third)
    subscriber.on('invalidate', (key: string | Buffer | null) => listener.changed(key?.toString()))
    // Each new connection begins with nothing.
    subscriber.on('ready', () => void begin(subscriber, prefixes, listener))
    // The client itself begins to track, and goes on trying where it may not.
    const refusal = new Promise<never>((_, reject) => {
      subscriber.on('error', (error: unknown) => isRefusal(error) && reject(error))
    })
    try {
      return await Promise.race([subscribed(subscriber, channel, listener), refusal])
    } catch (error) {
      if (!isRefusal(error)) throw error
      subscriber.destroy()
      listener.refused(error)
      return this.subscribe(channel, listener)
    }
  }
}

async function subscribed(
  subscriber: NodeRedis,
  channel: string,
  { message, lost }: SubscriptionListener,
): Promise<Subscription> {
  // What is wrong with the connection shows in the user's own client; here it is a loss.
  subscriber.on('error', lost)
  subscriber.on('end', lost)
  try {
    await subscriber.connect()
    await subscriber.subscribe(channel, message)
  } catch (error) {
    subscriber.destroy()
    throw error
  }
  return { close: () => subscriber.destroy() }
}

async function begin(subscriber: NodeRedis, prefixes: readonly string[], listener: TrackingListener): Promise<void> {
  try {
    // The client has the server track what it reads itself, which is nothing. That ends before the other can begin.
    await subscriber.sendCommand(['CLIENT', 'TRACKING', 'OFF'])
    const where = prefixes.flatMap((prefix) => ['PREFIX', prefix])
    await subscriber.sendCommand(['CLIENT', 'TRACKING', 'ON', 'BCAST', ...where])
  } catch (error) {
    // A connection that is lost meanwhile is made anew, and begins again.
    if (isRefusal(error)) listener.refused(error)
  }
}
