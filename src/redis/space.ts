import { abortable } from '../tiers/abortable.ts'
import { checkedLife } from '../tiers/life.ts'
import { decodeRecord, entryAt, recordId, tagBytes } from '../tiers/record.ts'
import type { Renewals } from '../tiers/renewals.ts'
import type { Lease, Life, ReadOptions, TierEntry, TierRead, TierSpace, WaitOptions } from '../tiers/tier.ts'
import { newToken, placeText, wellFormed } from '../tiers/token.ts'
import type { Waiting } from '../tiers/waiting.ts'
import type { Backplane } from './backplane.ts'
import { tail, unnumbered } from './messages.ts'
import type { Word } from './client.ts'
import type { Server, Shard } from './server.ts'

/** What the spaces of one tier share. */
export interface Shared {
  readonly server: Server
  readonly backplane: Backplane
  readonly waiting: Waiting
  readonly renewals: Renewals
  readonly leaseTtl: number
  /** Told of entries that were damaged. */
  readonly onError: (error: unknown) => void
  /** Invalidates marks on every shard, and owes what fails. */
  readonly mark: (what: string, marks: readonly string[], tail: string) => Promise<void>
}

/** Where one key is. */
interface Place {
  readonly name: string
  readonly shard: Shard
  /** The keys of the entry and of the lease. */
  readonly keys: readonly [string, string]
}

/** What the script `read` replies. */
type ReadReply = readonly [code: number, now: number, entry: Buffer, damaged?: number]

/** A reply of the script `read`, in whichever of its two forms. */
function readReply(reply: unknown): ReadReply {
  if (!Buffer.isBuffer(reply)) return reply as ReadReply
  const end = reply.length - 8
  return [0, reply.readDoubleBE(end), reply.subarray(0, end)]
}

/** The room of one function in Redis. */
export class RedisSpace implements TierSpace {
  readonly name: string
  readonly #shared: Shared
  readonly #text: string
  readonly #mark: string

  constructor(name: string, shared: Shared) {
    this.name = name
    this.#shared = shared
    this.#text = placeText(name, '')
    this.#mark = `c:${wellFormed(name)}`
  }

  read(key: string, { signal }: ReadOptions = {}): Promise<TierRead> {
    return signal === undefined ? this.#readAnyway(key, '') : this.#read(key, '', signal)
  }

  discard(key: string, entry: TierEntry, { signal }: ReadOptions = {}): Promise<TierRead> {
    return signal === undefined ? this.#readAnyway(key, entry.id) : this.#read(key, entry.id, signal)
  }

  async peek(key: string): Promise<TierEntry | undefined> {
    const { shard, keys } = this.#place(key)
    const reply = await this.#shared.server.run('read', shard, keys, [this.#mark, ''])
    const [, now, value] = readReply(reply)
    const record = decodeRecord(value)
    return record === undefined ? undefined : entryAt(record, now)
  }

  async wait(key: string, options: WaitOptions): Promise<TierRead> {
    this.#shared.backplane.start()
    return this.#shared.waiting.until(this.#place(key).name, options, () => this.read(key, options))
  }

  async lease(key: string): Promise<Lease> {
    const { shard, keys } = this.#place(key)
    const lease = { token: newToken() }
    await this.#shared.server.run('lease', shard, keys, [this.#mark, lease.token, this.#leaseTtl])
    this.#hold(key, lease)
    return lease
  }

  async write(key: string, lease: Lease, bytes: Uint8Array, life: Life): Promise<boolean> {
    this.#shared.renewals.drop(lease)
    const { announce } = checkedLife(life)
    return (await this.#store('write', key, lease.token, bytes, life, announce)) === 1
  }

  async put(key: string, bytes: Uint8Array, life: Life): Promise<void> {
    // What stays when this fails is older than what it was to be replaced by.
    await this.#shared.server.owed.pay(
      `key ${this.#place(key).name}`,
      () => this.#store('put', key, newToken(), bytes, life, true),
      () => this.#invalidate('invalidate', key),
    )
  }

  async release(key: string, lease: Lease): Promise<void> {
    this.#shared.renewals.drop(lease)
    const { name, shard, keys } = this.#place(key)
    const { server } = this.#shared
    const done = unnumbered(server.origin, shard.index, 'done', name)
    await server.runAnyway('release', shard, keys, [lease.token, server.channel, done])
  }

  async expire(key: string): Promise<boolean> {
    return this.#shared.server.owed.pay(
      `key ${this.#place(key).name}`,
      () => this.#invalidate('expire', key),
      () => this.#invalidate('invalidate', key),
    )
  }

  async invalidate(key: string): Promise<boolean> {
    return this.#shared.server.owed.pay(`key ${this.#place(key).name}`, () => this.#invalidate('invalidate', key))
  }

  async clear(): Promise<void> {
    await this.#shared.mark(`clear ${this.name}`, [this.#mark], tail('clear', this.name))
  }

  get #leaseTtl(): string {
    return String(this.#shared.leaseTtl)
  }

  #place(key: string): Place {
    const name = this.#text + wellFormed(key)
    const shard = this.#shared.server.shardOf(name)
    return { name, shard, keys: [`${shard.text}e:${name}`, `${shard.text}l:${name}`] }
  }

  async #read(key: string, discard: string, signal: AbortSignal): Promise<TierRead> {
    signal.throwIfAborted()
    return abortable(this.#readAnyway(key, discard), signal, ({ lease }) => {
      if (lease !== undefined) this.release(key, lease).catch(() => {})
    })
  }

  async #readAnyway(key: string, discard: string): Promise<TierRead> {
    const { shard, keys } = this.#place(key)
    const lease = { token: newToken() }
    const words: Word[] = [this.#mark, lease.token + this.#leaseTtl]
    if (discard !== '') words.push(Buffer.from(discard, 'latin1'))
    const reply = await this.#shared.server.run('read', shard, keys, words)
    const [code, now, value, damaged] = readReply(reply)
    if (code === 2) this.#hold(key, lease)
    const granted = code === 2 ? lease : undefined
    if (damaged === 1) this.#tellDamaged(key)
    if (value.length === 0) return { state: 'missing', entry: undefined, lease: granted }
    const record = decodeRecord(value)
    if (record === undefined) {
      this.#tellDamaged(key)
      if (granted !== undefined) await this.release(key, granted)
      return this.#readAnyway(key, recordId(value))
    }
    const entry = entryAt(record, now)
    return code === 0 ? { state: 'fresh', entry, lease: undefined } : { state: 'stale', entry, lease: granted }
  }

  #tellDamaged(key: string): void {
    const where = JSON.stringify(this.#place(key).keys[0])
    this.#shared.onError(new Error(`the entry in Redis under ${where} was damaged, and has been taken out`))
  }

  #hold(key: string, lease: Lease): void {
    const { shard, keys } = this.#place(key)
    this.#shared.renewals.hold(lease, async () => {
      const reply = await this.#shared.server.runAnyway('renew', shard, keys, [lease.token, this.#leaseTtl])
      return reply === 1
    })
  }

  async #store(
    script: 'write' | 'put',
    key: string,
    token: string,
    bytes: Uint8Array,
    life: Life,
    announce: boolean,
  ): Promise<unknown> {
    const { freshFor, staleFor, tags } = checkedLife(life)
    const { server } = this.#shared
    const { name, shard, keys } = this.#place(key)
    const payload = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const times = [luaNumber(freshFor), luaNumber(staleFor), String(tags.length)]
    const done = unnumbered(server.origin, shard.index, 'done', name)
    const [head, end] = announce ? [shard.head, tail('key', this.name, key)] : ['', '']
    const marks = tags.map((tag) => `t:${tag}`)
    const words = [this.#mark, token, ...times, tagBytes(tags), payload, server.channel, done, head, end, ...marks]
    // What is put is no load: it takes nothing that is stored for true.
    return script === 'put' ? server.runAnyway(script, shard, keys, words) : server.run(script, shard, keys, words)
  }

  async #invalidate(script: 'invalidate' | 'expire', key: string): Promise<boolean> {
    const { server } = this.#shared
    const { shard, keys } = this.#place(key)
    const words = [this.#mark, server.channel, shard.head, tail('key', this.name, key)]
    return (await server.runAnyway(script, shard, keys, words)) === 1
  }
}

function luaNumber(ms: number): string {
  return ms === Infinity ? 'inf' : String(ms)
}
