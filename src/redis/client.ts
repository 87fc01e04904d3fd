import { wrongType } from '../check.ts'
import { type IoRedis, IoRedisWire } from './ioredis.ts'
import { type NodeRedis, NodeRedisWire } from './node-redis.ts'
import type { Wire } from './wire.ts'

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

/** @throws {TypeError} when this is no client of a kind that is known */
export function wireOf(client: RedisClient): Wire {
  const known = client as Partial<IoRedisLike & NodeRedisLike> | null | undefined
  if (typeof known?.duplicate === 'function' && typeof known.on === 'function') {
    if (typeof known.callBuffer === 'function') return new IoRedisWire(client as unknown as IoRedis)
    if (typeof known.sendCommand === 'function') return new NodeRedisWire(client as unknown as NodeRedis)
  }
  throw wrongType('client', 'a client of ioredis, iovalkey or node-redis (npm install ioredis)', client)
}
