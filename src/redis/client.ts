import process from 'node:process'
import { wrongType } from '../check.ts'

/** What a command is made of. */
export type Word = string | Buffer

type Listener = (...args: any[]) => void

/** What the clients of all kinds have in common. */
interface AnyClient {
  duplicate(...args: never[]): unknown
  on(event: string, listener: Listener): unknown
  off(event: string, listener: Listener): unknown
}

/** A client of ioredis or iovalkey, for one server or for a cluster, as far as it is used here. */
export interface IoRedisLike extends AnyClient {
  callBuffer(...args: never[]): Promise<unknown>
}

/** A client of node-redis (`redis` or `@redis/client` from 5 on), for one server or for a cluster. */
export interface NodeRedisLike extends AnyClient {
  sendCommand(...args: never[]): Promise<unknown>
  connect(): Promise<unknown>
}

/** A client that the user has made and connected, and closes in the end. */
export type RedisClient = IoRedisLike | NodeRedisLike

/** A connection of its own on which messages come. */
export interface Subscription {
  close(): void
}

/** What a subscription tells. */
export interface SubscriptionListener {
  message(text: string): void
  /** The connection has gone; it is made anew by the client. */
  lost(): void
}

/** All that is asked of a client, whichever it is. */
export interface Wire {
  /** Sends a command to the node that has the key. Strings in the reply are buffers. */
  send(key: string, words: readonly Word[]): Promise<unknown>
  /** Calls back whenever the connection has been made anew, with what ends that. */
  onReconnect(listener: () => void): () => void
  /** Subscribes over a connection of its own, now and whenever it has been lost. */
  subscribe(channel: string, listener: SubscriptionListener): Promise<Subscription>
}

/** @throws {TypeError} when this is no client of a kind that is known */
export function wireOf(client: RedisClient): Wire {
  const known = client as Partial<IoRedisLike & NodeRedisLike> | null | undefined
  if (typeof known?.duplicate === 'function' && typeof known.on === 'function') {
    if (typeof known.callBuffer === 'function') return new IoRedisWire(client as unknown as IoRedis)
    if (typeof known.sendCommand === 'function') return new NodeRedisWire(client as unknown as NodeRedis)
  }
  throw wrongType('client', 'a client of ioredis, iovalkey or node-redis (npm install ioredis)', client)
}

interface IoRedis {
  readonly isCluster?: boolean
  /** The connection, where there is one. */
  readonly stream?: { cork?(): void; uncork?(): void }
  callBuffer(...words: readonly Word[]): Promise<unknown>
  duplicate(...args: unknown[]): IoRedis
  on(event: string, listener: (...args: any[]) => void): unknown
  off(event: string, listener: (...args: any[]) => void): unknown
  subscribe(channel: string): Promise<unknown>
  disconnect(): void
}

class IoRedisWire implements Wire {
  readonly #client: IoRedis
  /** The connection that holds back what is sent in this step. */
  #held: IoRedis['stream']
  readonly #letGo = (): void => {
    this.#held?.uncork?.()
    this.#held = undefined
  }

  constructor(client: IoRedis) {
    this.#client = client
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

  async subscribe(channel: string, { message, lost }: SubscriptionListener): Promise<Subscription> {
    const options = { lazyConnect: false, enableOfflineQueue: true, autoResubscribe: true, maxRetriesPerRequest: null }
    const subscriber = this.#client.isCluster === true ? this.#client.duplicate([]) : this.#client.duplicate(options)
    subscriber.on('message', (from: string, text: string) => {
      if (from === channel) message(text)
    })
    subscriber.on('close', lost)
    // What is wrong with the connection shows in the user's own client.
    subscriber.on('error', () => {})
    try {
      await subscriber.subscribe(channel)
    } catch (error) {
      subscriber.disconnect()
      throw error
    }
    return { close: () => subscriber.disconnect() }
  }
}

interface NodeRedis {
  readonly slots?: unknown
  sendCommand(words: readonly Word[], options: object): Promise<unknown>
  sendCommand(key: string, isReadonly: boolean, words: readonly Word[], options: object): Promise<unknown>
  duplicate(): NodeRedis
  connect(): Promise<unknown>
  on(event: string, listener: (...args: any[]) => void): unknown
  off(event: string, listener: (...args: any[]) => void): unknown
  subscribe(channel: string, listener: (text: string) => void): Promise<unknown>
  destroy(): void
}

/** Makes node-redis give strings as buffers: `$` is the protocol's sign for them. */
const asBuffers = { typeMapping: { ['$'.charCodeAt(0)]: Buffer } }

class NodeRedisWire implements Wire {
  readonly #client: NodeRedis
  readonly #isCluster: boolean

  constructor(client: NodeRedis) {
    this.#client = client
    this.#isCluster = 'slots' in client
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

  async subscribe(channel: string, { message, lost }: SubscriptionListener): Promise<Subscription> {
    const subscriber = this.#client.duplicate()
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
}
