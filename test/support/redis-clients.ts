import { Cluster, Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient, createCluster } from 'redis'

import type { RedisClient } from '../../src/redis/index.ts'

/** A client and what closes it. */
export interface Connection {
  readonly client: RedisClient
  /** Sends any command. */
  command(...words: string[]): Promise<unknown>
  close(): void
}

/** How a client of each kind is made. */
export type Connect = (port: number) => Promise<Connection>

const ignore = (): void => {}

/** Clients of one server. They give up at once what cannot be sent, so that a test need not wait for it. */
export const clients: Readonly<Record<string, Connect>> = {
  async ioredis(port) {
    const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20, maxRetriesPerRequest: 0 })
    client.on('error', ignore)
    const command = ([word, ...words]: string[]): Promise<unknown> => client.call(word!, ...words)
    return { client, command: (...words) => command(words), close: () => client.disconnect() }
  },
  async 'node-redis'(port) {
    const socket = { port, host: '127.0.0.1', reconnectStrategy: () => 20 }
    const client = createClient({ socket, disableOfflineQueue: true })
    client.on('error', ignore)
    await client.connect()
    return { client, command: (...words) => client.sendCommand(words), close: () => client.destroy() }
  },
  async iovalkey(port) {
    const client = new Valkey({ port, host: '127.0.0.1', retryStrategy: () => 20, maxRetriesPerRequest: 0 })
    client.on('error', ignore)
    const command = ([word, ...words]: string[]): Promise<unknown> => client.call(word!, ...words)
    return { client, command: (...words) => command(words), close: () => client.disconnect() }
  },
}

/** Clients of a cluster, given the port of one of its nodes. */
export const clusterClients: Readonly<Record<string, Connect>> = {
  async 'a cluster of ioredis'(port) {
    const client = new Cluster([{ port, host: '127.0.0.1' }])
    client.on('error', ignore)
    const command = ([word, ...words]: string[]): Promise<unknown> => client.call(word!, ...words)
    return { client, command: (...words) => command(words), close: () => client.disconnect() }
  },
  async 'a cluster of node-redis'(port) {
    const client = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${port}` }] })
    client.on('error', ignore)
    await client.connect()
    const command = (words: string[]): Promise<unknown> => client.sendCommand(undefined, false, words)
    return { client, command: (...words) => command(words), close: () => client.destroy() }
  },
}
