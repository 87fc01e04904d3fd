import { ClosedError } from '../../src/errors.ts'
import { abortable } from '../../src/tiers/abortable.ts'
import { checkedLife, checkedTags } from '../../src/tiers/life.ts'
import { newToken } from '../../src/tiers/token.ts'
import type {
  Lease,
  Life,
  ReadOptions,
  Tier,
  TierEntry,
  TierEvent,
  TierRead,
  TierSpace,
  WaitOptions,
} from '../../src/tiers/tier.ts'
import { Waiting } from '../../src/tiers/waiting.ts'
import type { Clock } from '../../src/types.ts'

interface Kept {
  readonly bytes: Uint8Array
  readonly tags: readonly string[]
  readonly storedAt: number
  freshUntil: number
  readonly staleFor: number
  readonly id: string
  /** The number of the last invalidation when the load began. */
  readonly sequence: number
}

/** What the tiers of all "processes" of a test have in common. */
export class MemoryBackend {
  readonly clock: Clock
  readonly entries: Map<string, Kept> = new Map()
  readonly leases: Map<string, Lease & { readonly sequence: number }> = new Map()
  /** The number of the last invalidation of each tag and space. */
  readonly marks: Map<string, number> = new Map()
  readonly tiers: Set<MemoryTier> = new Set()
  sequence = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** A tier as another process has it. */
  open(): MemoryTier {
    const tier = new MemoryTier(this)
    this.tiers.add(tier)
    return tier
  }

  mark(names: readonly string[]): void {
    this.sequence++
    for (const name of names) this.marks.set(name, this.sequence)
  }

  /** Whether what began at this number has not been invalidated since. */
  counts(sequence: number, space: string, tags: readonly string[]): boolean {
    return [`c:${space}`, ...tags.map((tag) => `t:${tag}`)].every((name) => (this.marks.get(name) ?? 0) <= sequence)
  }

  wake(): void {
    for (const tier of this.tiers) tier.waiting.wakeAll()
  }

  tell(event: TierEvent, from: MemoryTier): void {
    this.wake()
    for (const tier of this.tiers) {
      if (tier !== from && tier.connected) for (const listener of tier.listeners) listener(event)
    }
  }
}

/** A tier in memory, whose every operation can be delayed or failed on its way to the backend and on its way back. */
export class MemoryTier implements Tier {
  readonly capabilities = { leases: true, backplane: true }
  readonly backend: MemoryBackend
  readonly listeners: Set<(event: TierEvent) => void> = new Set()
  readonly waiting: Waiting = new Waiting()
  /** The names of all operations that were asked for. */
  readonly asked: string[] = []
  /** How many wait for the load of another. */
  waits = 0
  connected = false
  closed = false
  /** Awaited by each operation before and after its work: a promise that is pending delays it, a throw fails it. */
  onTheWay: (operation: string, way: 'there' | 'back') => unknown = () => undefined

  constructor(backend: MemoryBackend) {
    this.backend = backend
  }

  space(name: string): TierSpace {
    return new MemorySpace(name, this)
  }

  async invalidateTags(tags: readonly string[]): Promise<void> {
    checkedTags(tags)
    await this.operate(`tags ${tags.join()}`, () => {
      this.backend.mark(tags.map((tag) => `t:${tag}`))
      this.backend.tell({ type: 'tags', tags }, this)
    })
  }

  subscribe(listener: (event: TierEvent) => void): () => void {
    this.listeners.add(listener)
    if (this.listeners.size === 1) this.connect()
    else queueMicrotask(() => listener({ type: 'gap' }))
    return () => void this.listeners.delete(listener)
  }

  connect(): void {
    queueMicrotask(() => {
      this.connected = true
      this.say({ type: 'gap' })
    })
  }

  disconnect(): void {
    this.connected = false
    this.say({ type: 'lost' })
  }

  say(event: TierEvent): void {
    for (const listener of this.listeners) listener(event)
  }

  async operate<T>(operation: string, work: () => T): Promise<T> {
    if (this.closed) throw new ClosedError('the tier has been closed', undefined)
    this.asked.push(operation)
    await this.onTheWay(operation, 'there')
    const result = work()
    await this.onTheWay(operation, 'back')
    return result
  }

  async close(): Promise<void> {
    this.closed = true
    this.backend.tiers.delete(this)
  }
}

class MemorySpace implements TierSpace {
  readonly name: string
  readonly #tier: MemoryTier
  readonly #backend: MemoryBackend

  constructor(name: string, tier: MemoryTier) {
    this.name = name
    this.#tier = tier
    this.#backend = tier.backend
  }

  read(key: string, { signal }: ReadOptions = {}): Promise<TierRead> {
    return this.#abortable(key, signal, () => this.#tier.operate(`read ${key}`, () => this.#read(key)))
  }

  peek(key: string): Promise<TierEntry | undefined> {
    return this.#tier.operate(`peek ${key}`, () => this.#find(key))
  }

  async wait(key: string, options: WaitOptions): Promise<TierRead> {
    const look = (): Promise<TierRead> => this.#tier.operate(`look ${key}`, () => this.#read(key))
    this.#tier.waits++
    try {
      return await this.#tier.waiting.until(this.#at(key), options, look)
    } finally {
      this.#tier.waits--
    }
  }

  lease(key: string): Promise<Lease> {
    return this.#tier.operate(`lease ${key}`, () => this.#grant(key))
  }

  async write(key: string, lease: Lease, bytes: Uint8Array, life: Life): Promise<boolean> {
    checkedLife(life)
    // What is on its way does not age, and the clock of a test may jump meanwhile.
    const now = this.#backend.clock.now()
    return this.#tier.operate(`write ${key}`, () => {
      const held = this.#backend.leases.get(this.#at(key))
      if (held?.token !== lease.token) return false
      this.#backend.leases.delete(this.#at(key))
      const stored = this.#backend.counts(held.sequence, this.name, life.tags ?? [])
      if (stored) this.#keep(key, bytes, life, held.sequence, now)
      if (stored && life.announce === true) this.#tell(key)
      this.#backend.wake()
      return stored
    })
  }

  release(key: string, lease: Lease): Promise<void> {
    return this.#tier.operate(`release ${key}`, () => {
      const at = this.#at(key)
      if (this.#backend.leases.get(at)?.token === lease.token) this.#backend.leases.delete(at)
      this.#backend.wake()
    })
  }

  async put(key: string, bytes: Uint8Array, life: Life): Promise<void> {
    checkedLife(life)
    // What is on its way does not age, and the clock of a test may jump meanwhile.
    const now = this.#backend.clock.now()
    return this.#tier.operate(`put ${key}`, () => {
      this.#backend.leases.delete(this.#at(key))
      this.#keep(key, bytes, life, this.#backend.sequence, now)
      this.#tell(key)
    })
  }

  expire(key: string): Promise<boolean> {
    return this.#tier.operate(`expire ${key}`, () => {
      this.#backend.leases.delete(this.#at(key))
      const kept = this.#find(key) && this.#backend.entries.get(this.#at(key))
      const wasFresh = kept !== undefined && kept.freshUntil > this.#backend.clock.now()
      if (wasFresh) kept.freshUntil = this.#backend.clock.now()
      this.#tell(key)
      return wasFresh
    })
  }

  invalidate(key: string): Promise<boolean> {
    return this.#tier.operate(`invalidate ${key}`, () => {
      const wasThere = this.#find(key) !== undefined
      this.#backend.leases.delete(this.#at(key))
      this.#backend.entries.delete(this.#at(key))
      this.#tell(key)
      return wasThere
    })
  }

  clear(): Promise<void> {
    return this.#tier.operate('clear', () => {
      this.#backend.mark([`c:${this.name}`])
      this.#backend.tell({ type: 'clear', space: this.name }, this.#tier)
    })
  }

  discard(key: string, entry: TierEntry, { signal }: ReadOptions = {}): Promise<TierRead> {
    return this.#abortable(key, signal, () =>
      this.#tier.operate(`discard ${key}`, () => {
        if (this.#backend.entries.get(this.#at(key))?.id === entry.id) this.#backend.entries.delete(this.#at(key))
        return this.#read(key)
      }),
    )
  }

  async #abortable(key: string, signal: AbortSignal | undefined, read: () => Promise<TierRead>): Promise<TierRead> {
    signal?.throwIfAborted()
    return abortable(read(), signal, ({ lease }) => lease && void this.release(key, lease).catch(() => {}))
  }

  #at(key: string): string {
    return `${this.name}\n${key}`
  }

  #tell(key: string): void {
    this.#backend.tell({ type: 'keys', space: this.name, keys: [key] }, this.#tier)
  }

  #keep(key: string, bytes: Uint8Array, life: Life, sequence: number, now: number): void {
    this.#backend.entries.set(this.#at(key), {
      bytes: Uint8Array.from(bytes),
      tags: life.tags ?? [],
      storedAt: now,
      freshUntil: now + life.freshFor,
      staleFor: life.staleFor ?? 0,
      id: newToken(),
      sequence,
    })
  }

  #find(key: string): TierEntry | undefined {
    const kept = this.#backend.entries.get(this.#at(key))
    const now = this.#backend.clock.now()
    if (kept === undefined || now >= kept.freshUntil + kept.staleFor) return undefined
    if (!this.#backend.counts(kept.sequence, this.name, kept.tags)) return undefined
    const { bytes, tags, staleFor, id } = kept
    return { bytes, tags, staleFor, id, age: now - kept.storedAt, freshFor: kept.freshUntil - now }
  }

  #grant(key: string): Lease {
    const lease = { token: newToken(), sequence: this.#backend.sequence }
    this.#backend.leases.set(this.#at(key), lease)
    return lease
  }

  #read(key: string): TierRead {
    const entry = this.#find(key)
    if (entry !== undefined && entry.freshFor > 0) return { state: 'fresh', entry, lease: undefined }
    const held = this.#backend.leases.get(this.#at(key))
    // A lease that a clear has revoked is to be had again.
    const isHeld = held !== undefined && this.#backend.counts(held.sequence, this.name, [])
    const lease = isHeld ? undefined : this.#grant(key)
    return entry === undefined ? { state: 'missing', entry, lease } : { state: 'stale', entry, lease }
  }
}
