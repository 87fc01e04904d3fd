import { abortable } from '../tiers/abortable.ts'
import { checkedLife } from '../tiers/life.ts'
import { decodeRecord, entryAt, recordId, tagBytes } from '../tiers/record.ts'
import type { Renewals } from '../tiers/renewals.ts'
import type { Lease, Life, ReadOptions, TierEntry, TierRead, TierSpace, WaitOptions } from '../tiers/tier.ts'
import { newToken, placeText, wellFormed } from '../tiers/token.ts'
import type { Waiting } from '../tiers/waiting.ts'
import type { Backplane } from './backplane.ts'
import { tail, unnumbered } from './messages.ts'
import type { Server, Shard } from './server.ts'
import type { Word } from './wire.ts'

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
  readonly shard: Shard
  /** The keys of the entry and of the lease. */
  readonly keys: readonly [string, string]
}

/** What the script `read` replies where it is no hit. */
type MissReply = readonly [code: number, now: number, entry: Buffer, damaged: number]

/** The room of one function in Redis. */
export class RedisSpace implements TierSpace {
  readonly name: string
  readonly #shared: Shared
  readonly #text: string
  readonly #mark: string
  /** Where the keys of this space are, whichever shard they are in. */
  readonly #places: readonly { readonly shard: Shard; readonly entries: string; readonly leases: string }[]
  readonly #leaseTtl: string
  /** Tokens that were taken along by reads that needed none. */
  readonly #unused: string[] = []

  constructor(name: string, shared: Shared) {
    this.name = name
    this.#shared = shared
    this.#text = placeText(name, '')
    this.#mark = `c:${wellFormed(name)}`
    this.#leaseTtl = String(shared.leaseTtl)
    this.#places = shared.server.shards.map((shard) => ({
      shard,
      entries: shard.entries + this.#text,
      leases: `${shard.text}l:${this.#text}`,
    }))
  }

  read(key: string, options?: ReadOptions): Promise<TierRead> {
    const signal = options?.signal
    return signal === undefined ? this.#readAnyway(key, '') : this.#read(key, '', signal)
  }

  discard(key: string, entry: TierEntry, { signal }: ReadOptions = {}): Promise<TierRead> {
    return signal === undefined ? this.#readAnyway(key, entry.id) : this.#read(key, entry.id, signal)
  }

  peek(key: string): Promise<TierEntry | undefined> {
    const { shard, keys } = this.#place(key)
    return this.#shared.server.run('read', shard, keys, [this.#mark, ''], (reply) => {
      const isHit = Buffer.isBuffer(reply)
      const [, now, value] = isHit ? [0, reply.readDoubleBE(reply.length - 8), reply] : (reply as MissReply)
      const record = decodeRecord(value, 0, isHit ? value.length - 8 : value.length)
      return record === undefined ? undefined : entryAt(record, now)
    })
  }

  async wait(key: string, options: WaitOptions): Promise<TierRead> {
    this.#shared.backplane.start()
    return this.#shared.waiting.until(this.#name(key), options, () => this.read(key, options))
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
      `key ${this.#name(key)}`,
      () => this.#store('put', key, newToken(), bytes, life, true),
      () => this.#invalidate('invalidate', key),
    )
  }

  async release(key: string, lease: Lease): Promise<void> {
    this.#shared.renewals.drop(lease)
    const { shard, keys } = this.#place(key)
    const { server } = this.#shared
    const done = unnumbered(server.origin, shard.index, 'done', this.#name(key))
    await server.runAnyway('release', shard, keys, [lease.token, server.channel, done])
  }

  async expire(key: string): Promise<boolean> {
    return this.#shared.server.owed.pay(
      `key ${this.#name(key)}`,
      () => this.#invalidate('expire', key),
      () => this.#invalidate('invalidate', key),
    )
  }

  async invalidate(key: string): Promise<boolean> {
    return this.#shared.server.owed.pay(`key ${this.#name(key)}`, () => this.#invalidate('invalidate', key))
  }

  async clear(): Promise<void> {
    await this.#shared.mark(`clear ${this.name}`, [this.#mark], tail('clear', this.name))
  }

  /** The name of a key among those of all spaces. */
  #name(key: string): string {
    return this.#text + wellFormed(key)
  }

  #place(key: string): Place {
    const text = wellFormed(key)
    const places = this.#places
    const index = places.length === 1 ? 0 : this.#shared.server.shardOf(this.#text + text).index
    const { shard, entries, leases } = places[index]!
    return { shard, keys: [entries + text, leases + text] }
  }

  async #read(key: string, discard: string, signal: AbortSignal): Promise<TierRead> {
    signal.throwIfAborted()
    return abortable(this.#readAnyway(key, discard), signal, ({ lease }) => {
      if (lease !== undefined) this.release(key, lease).catch(() => {})
    })
  }

  #readAnyway(key: string, discard: string): Promise<TierRead> {
    const { shard, keys } = this.#place(key)
    const token = this.#unused.pop() ?? newToken()
    const words: Word[] = [this.#mark, token + this.#leaseTtl]
    if (discard !== '') words.push(Buffer.from(discard, 'latin1'))
    const { server, backplane } = this.#shared
    const noted = backplane.copies?.begin(keys[0], this.name, key)
    if (noted === undefined) {
      return server.run('read', shard, keys, words, (reply) => this.#take(key, token, reply))
    }
    const reading = server.run('read', shard, keys, words, (reply) => {
      noted(stampIn(reply))
      return this.#take(key, token, reply)
    })
    reading.catch(() => noted())
    return reading
  }

  /** What a read has found, whichever of its two forms the reply has. */
  #take(key: string, token: string, reply: unknown): TierRead | Promise<TierRead> {
    if (!Buffer.isBuffer(reply)) return this.#takeMiss(key, { token }, reply as MissReply)
    // A hit grants nothing, so the next read may offer the same token.
    this.#unused.push(token)
    const end = reply.length - 8
    const record = decodeRecord(reply, 0, end)
    if (record === undefined) return this.#readPast(key, reply)
    return { state: 'fresh', entry: entryAt(record, reply.readDoubleBE(end)), lease: undefined }
  }

  #takeMiss(key: string, lease: Lease, [code, now, value, damaged]: MissReply): TierRead | Promise<TierRead> {
    if (code === 2) this.#hold(key, lease)
    const granted = code === 2 ? lease : undefined
    if (damaged === 1) this.#tellDamaged(key)
    if (value.length === 0) return { state: 'missing', entry: undefined, lease: granted }
    const record = decodeRecord(value)
    if (record === undefined) return this.#readPast(key, value, granted)
    const entry = entryAt(record, now)
    return code === 0 ? { state: 'fresh', entry, lease: undefined } : { state: 'stale', entry, lease: granted }
  }

  /** Reads again, past an entry that is damaged. */
  async #readPast(key: string, damaged: Buffer, granted?: Lease): Promise<TierRead> {
    this.#tellDamaged(key)
    if (granted !== undefined) await this.release(key, granted)
    return this.#readAnyway(key, recordId(damaged))
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
    const { server, backplane } = this.#shared
    const { shard, keys } = this.#place(key)
    const payload = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const times = [luaNumber(freshFor), luaNumber(staleFor), String(tags.length)]
    const done = unnumbered(server.origin, shard.index, 'done', this.#name(key))
    const [head, end] = announce ? [shard.head, tail('key', this.name, key)] : ['', '']
    const marks = tags.map((tag) => `t:${tag}`)
    const words = [this.#mark, token, ...times, tagBytes(tags), payload, server.channel, done, head, end, ...marks]
    // What is put is no load: it takes nothing that is stored for true.
    const noted = backplane.copies?.begin(keys[0], this.name, key)
    try {
      const how = script === 'put' ? 'runAnyway' : 'run'
      const reply = await server[how](script, shard, keys, words)
      noted?.(reply === 1 ? token : '')
      return reply
    } catch (error) {
      // It may have been stored, and its value is where it came from.
      noted?.(token)
      throw error
    }
  }

  async #invalidate(script: 'invalidate' | 'expire', key: string): Promise<boolean> {
    const { server, backplane } = this.#shared
    const { shard, keys } = this.#place(key)
    backplane.copies?.forget(keys[0])
    const words = [this.#mark, server.channel, shard.head, tail('key', this.name, key)]
    return (await server.runAnyway(script, shard, keys, words)) === 1
  }
}

/** The stamp of the entry that a read has found; '' where it has found none. */
function stampIn(reply: unknown): string {
  const value = Buffer.isBuffer(reply) ? reply : (reply as MissReply)[2]
  return value.toString('latin1', 44, 60)
}

function luaNumber(ms: number): string {
  return ms === Infinity ? 'inf' : String(ms)
}
