import { expect } from 'chai'
import { createSandbox, type SinonFakeTimers } from 'sinon'
import { cached, loadContext, Tags } from '../../src/index.ts'
import { ClosedError, LoadTimeoutError } from '../../src/errors.ts'
import { deferred, ManualClock, seededRandom } from '../../src/testing.ts'
import type { Actor, Fn } from './actors.ts'
import { Cell, type Call, type Load } from './cell.ts'
import { keys, type History, type Manner } from './commands.ts'
import { FlakyMap, StoreDown } from './flaky-map.ts'
import { addedTags, tagsOf, type Mutation } from './forgetting.ts'
import { lifetimeOf, optionsOf, type Lifetime } from './lifetimes.ts'
import { SlowMap } from './slow-map.ts'
import type { StoreUnderTest } from './stores.ts'

/** Where a value comes from, and how long it may be of use. */
interface Origin {
  readonly cell: Cell
  readonly bornAt: number
  readonly tags: readonly string[]
  endsByMs: number
  /** From when on it may be given to no call, whatever is known of its key. */
  deadFrom: number
}

/** The functions, calls and loads of one history, and what is known of them. Whatever breaks a rule is in `broken`. */
export class World {
  readonly under: StoreUnderTest
  readonly store: any
  readonly clock: ManualClock = new ManualClock(1_000)
  readonly lifetime: Lifetime
  /** The timers of callers who do not wait for ever; they run when the clock is advanced. */
  readonly timers: SinonFakeTimers | undefined
  /** Whether the functions have tags. */
  readonly tagged: boolean
  readonly tags: Tags
  /** Whether all that was put in must be there. */
  readonly hasAll: boolean
  /** The functions themselves. */
  readonly functions: readonly Actor[]
  /** The functions and all scopes of them that there have ever been. */
  readonly actors: Actor[]
  readonly mutations: Mutation[] = []
  /** How many mutations hold each tag. */
  readonly heldTags: Map<string, number> = new Map()
  readonly calls: Call[] = []
  readonly loads: Load[] = []
  readonly broken: string[] = []
  /** Counts what changes what there is, so that a slow answer is not compared with what was before. */
  disturbances = 0
  /** Counts every event. */
  time = 0
  /** Calls that are to be counted by the functions. */
  counted = 0
  /** Answers of controls that are not there yet. */
  outstanding = 0
  readonly failures: unknown[] = []
  /** Where every value comes from. */
  readonly origins: Map<string, Origin> = new Map()

  constructor(under: StoreUnderTest, { seed, flavour, tags, named }: Omit<History, 'commands' | 'end'>) {
    const random = seededRandom(seed)
    const { clock } = this
    this.lifetime = lifetimeOf(flavour)
    const isPatient = this.lifetime.timeout === Infinity
    this.timers = isPatient ? undefined : createSandbox().useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    this.under = under
    this.store = under.create(random, clock)
    this.tagged = tags !== 'without'
    this.tags = new Tags(tags === 'soon forgotten' ? { remembered: 2 } : {})
    this.hasAll = under.has === 'all' && tags !== 'soon forgotten'
    const names = under.names ?? [named ? 'lone' : undefined]
    const fns = names.map((name) => {
      const options = {
        clock,
        random,
        onError: (error: unknown) => this.failures.push(error),
        ...(name === undefined ? {} : { name: under.shareKeys ? 'all' : name }),
        ...(under.shareKeys ? { shareKeys: true } : {}),
        ...optionsOf[flavour],
        ...(this.tagged ? { tags: this.tags.of(tagsOf) } : {}),
      }
      const load = (_: string, call: number): Promise<string> => this.#load(this.calls[call]!)
      return cached(this.store, (key: string) => key, options)(load as never) as unknown as Fn
    })
    this.actors = []
    for (const [index, fn] of fns.entries())
      this.#actor(fn, under.shareKeys ? 'all' : names[index]?.replaceAll(':', '%3A'))
    this.functions = [...this.actors]
  }

  #actor(fn: Fn, name: string | undefined): Actor {
    const shared = this.under.shareKeys ? this.actors.find((one) => one.name === name && !one.closed) : undefined
    const cells = shared?.cells ?? keys.map((key) => new Cell(`${name ?? ''} ${key} ${this.time} `, this.lifetime))
    const actor: Actor = { fn, name, cells, closedAt: Infinity, closed: false }
    this.actors.push(actor)
    return actor
  }

  /** The function that a command speaks of, or the scope of it. */
  actor(fn: number, asked: string | undefined): Actor {
    const base = this.functions[fn % this.functions.length]!
    if (asked === undefined || base.name === undefined) return base
    const isForgetful = this.under.fails === true && !this.isSync
    // A remote store that was down when a scope was closed still has its entries, and the next of its id reads them.
    const before = isForgetful ? this.actors.filter((one) => one.name?.includes('/') && one.closed).length : 0
    const scope = before === 0 ? asked : `${asked}${before}`
    const name = `${base.name}/${scope}`
    if (this.under.shareKeys) {
      const ending = this.actors.find((one) => one.name === name && one.closedAt < Infinity && !one.closed)
      if (ending !== undefined) return ending
    }
    const scoped = base.fn.scope(scope)
    const known = this.actors.find((one) => one.fn === scoped)
    if (known !== undefined) return known
    for (const one of this.actors) {
      if (one.name === name && one.closedAt === Infinity && !this.under.shareKeys) this.fail(`there are two of ${name}`)
    }
    return this.#actor(scoped, name)
  }

  get isSync(): boolean {
    return this.under.answers === 'at once'
  }

  cell(actor: Actor, key: string): Cell {
    return actor.cells[keys.indexOf(key)]!
  }

  /** Says that what there is has changed. */
  disturb(): void {
    this.disturbances++
    if (this.isSync) return
    // What a call finds in a store that takes its time is what is there when the store gets to it.
    for (const one of this.calls) if (!one.settled) delete one.mustGive
  }

  fail(rule: string): void {
    this.broken.push(rule)
  }

  /** Makes a call, follows it to its end, and gives what it is known to be. */
  call(actor: Actor, key: string, how: Manner): Call {
    const cell = this.cell(actor, key)
    const fresh = how.includes('fresh') || how === 'as a refresh'
    const startedAt = ++this.time
    const controller = how.includes('signal') ? new AbortController() : undefined
    const now = this.clock.now()
    const id = this.calls.length
    const call: Call = { id, cell, actor, startedAt, startedAtMs: now, fresh, fence: cell.fence, controller }
    this.calls.push(call)
    if (how === 'with an aborted signal') {
      call.mustLeave = true
      controller!.abort(new Error(`call ${call.id} has left before it began`))
    } else {
      if (actor.closedAt === Infinity) this.counted++
      if (fresh) cell.separate(startedAt)
    }
    void this.#made(call, key, how, fresh).then(
      (value) => this.#given(call, value, now),
      (error: unknown) => this.#refused(call, error),
    )
    return call
  }

  #made(call: Call, key: string, how: Manner, fresh: boolean): Promise<string> {
    const { fn } = call.actor
    if (how === 'as a refresh') return fn.refresh(key, call.id)
    if (how === 'plainly') return fn(key, call.id)
    const signal = call.controller === undefined ? {} : { signal: call.controller.signal }
    return fn.with({ ...signal, ...(fresh ? { fresh } : {}) })(key, call.id)
  }

  #load(call: Call): Promise<string> {
    const { cell } = call
    const bornAt = ++this.time
    const id = this.loads.length
    const value = `${cell.name}#${id}`
    const key = keys[call.actor.cells.indexOf(cell)]!
    const result = deferred<string>()
    const end = (how: 'resolved' | 'rejected'): void => {
      load.ended = how
      load.endedAtMs = this.clock.now()
      if (how === 'resolved') result.resolve(value)
      else result.reject(load.error)
    }
    const { signal, background, addTags } = loadContext()
    if (this.tagged) addTags(...addedTags(id))
    const load: Load = {
      id,
      cell,
      call,
      bornAt,
      value,
      error: new Error(`load ${id} has failed`),
      signal,
      background,
      end,
      endedAtMs: 0,
      leavers: new Set(),
      pinned: background,
    }
    for (const other of this.loads) {
      const [older, newer] = [other.call.startedAt, call.startedAt].toSorted((a, b) => a - b)
      const isWanted = !other.abandoned && !other.signal.aborted
      if (other.cell === cell && other.ended === undefined && isWanted && !cell.mayRunBeside(older!, newer!)) {
        this.fail(`load ${id} runs beside load ${other.id} of the same key, and nothing came between their calls`)
      }
    }
    this.loads.push(load)
    const tags = this.tagged ? [...tagsOf(value, key), ...addedTags(id)] : []
    this.origins.set(value, { cell, bornAt, tags, endsByMs: Infinity, deadFrom: Infinity })
    return result.promise
  }

  #given(call: Call, value: string, from: number): void {
    call.settled = true
    const who = `call ${call.id}`
    if (call.mustLeave) this.fail(`${who} has left, and was given ${value}`)
    if (call.startedAt > call.actor.closedAt) this.fail(`${who} came after the end, and was given ${value}`)
    if (call.mustGive !== undefined && value !== call.mustGive)
      this.fail(`${who} must give ${call.mustGive}, not ${value}`)
    if (call.load !== undefined && value !== call.load.value && !this.#mayGiveOld(call, call.load)) {
      this.fail(`${who} waits for load ${call.load.id}, not ${value}`)
    }
    this.checkValue(who, call, value)
    if (!this.isSync) call.cell.used(from, this.clock.now(), false)
  }

  /** Whether a caller of a load may be given something older in its place. */
  #mayGiveOld(call: Call, load: Load): boolean {
    if (call.fresh) return false
    if (load.ended === 'rejected' && this.lifetime.staleIfError > 0) return true
    return call.startedAtMs + this.lifetime.softTimeout <= this.clock.now()
  }

  /**
   * The rule of all rules: a value that a call is given has begun after the last invalidation before the call. One that
   * was there when its key was made stale may be served as an old one, as long as that lasts.
   */
  checkValue(who: string, asker: Pick<Call, 'cell' | 'fence' | 'startedAt' | 'startedAtMs'>, value: unknown): void {
    const { cell, fence, startedAt, startedAtMs } = asker
    const { grace, softTimeout } = this.lifetime
    const origin = this.origins.get(value as string)
    if (origin === undefined) this.fail(`${who} gave ${String(value)}, which nobody has loaded or put in`)
    else if (origin.cell !== cell) this.fail(`${who} gave ${String(value)}, which is of another key or function`)
    else if (origin.bornAt < fence.from && !fence.survivors.has(value as string)) {
      const { from } = fence
      this.fail(`${who} gave ${String(value)}, begun at ${origin.bornAt}, though the key was invalidated at ${from}`)
    } else if (origin.deadFrom <= startedAt) {
      this.fail(`${who} gave ${String(value)}, which was invalidated at ${origin.deadFrom}`)
    } else if (startedAtMs >= origin.endsByMs + grace && (grace > 0 || softTimeout === Infinity)) {
      this.fail(`${who} gave ${String(value)}, which was of use up to ${origin.endsByMs + grace} ms`)
    }
  }

  /** Makes what there is for a key stale. Without options that serve old values, that is an invalidation. */
  expire(cell: Cell): void {
    this.time++
    if (this.lifetime.grace === 0 && this.lifetime.softTimeout === Infinity) return cell.invalidate(this.time)
    if (this.loads.some((load) => load.cell === cell && load.mayHaveLanded && !load.landed)) cell.unsure = true
    const { from, survivors } = cell.fence
    const there = this.loads
      .filter((load) => load.landed === true || load.mayHaveLanded === true)
      .map(({ value }) => value)
    const putIn = [...this.origins].filter(([value]) => !this.loads.some((load) => load.value === value))
    const all = [...there, ...putIn.map(([value]) => value)].filter((value) => {
      const origin = this.origins.get(value)!
      return origin.cell === cell && (origin.bornAt >= from || survivors.has(value))
    })
    cell.expire(this.time, this.clock.now(), all)
  }

  #refused(call: Call, error: unknown): void {
    call.settled = true
    if (call.controller?.signal.aborted && error === call.controller.signal.reason) return
    if (error instanceof ClosedError && call.actor.closedAt < Infinity) {
      if (call.startedAt < call.actor.closedAt && this.isSync)
        this.fail(`call ${call.id} came before the end, and was refused`)
      return
    }
    if (error instanceof LoadTimeoutError) {
      const { timeout } = this.lifetime
      if (call.startedAtMs + timeout > this.clock.now()) this.fail(`call ${call.id} was refused before its time`)
      if (error.ms !== timeout) this.fail(`call ${call.id} is told of ${error.ms} ms`)
      return
    }
    const load = this.loads.find((one) => one.error === error)
    if (load !== undefined) load.failureSeen = true
    if (load === undefined) this.fail(`call ${call.id} was refused with what no load has failed with: ${String(error)}`)
    else if (load.cell !== call.cell) this.fail(`call ${call.id} was refused with the failure of another key's load`)
    else if (load.bornAt < call.fence.from)
      this.fail(`call ${call.id} joined load ${load.id}, begun before the invalidation`)
    else if (call.load !== undefined && call.load !== load) this.fail(`call ${call.id} waits for load ${call.load.id}`)
    else if (call.mustGive !== undefined) this.fail(`call ${call.id} must give ${call.mustGive}, not fail`)
    else if (call.old !== undefined && !call.cell.isRevoked(load) && !this.#mayHaveEnded(call.actor)) {
      const end = call.old.ends[0] + this.lifetime.staleIfError
      if (this.clock.now() < end) this.fail(`call ${call.id} must give ${call.old.value} in the place of a failure`)
    }
  }

  /** Whether another function may have ended this scope, where they share their keys, and all that was in it with it. */
  #mayHaveEnded({ name, closedAt }: Actor): boolean {
    return this.under.shareKeys === true && name?.includes('/') === true && closedAt < Infinity
  }

  /** Puts a value in, and says which. */
  set(actor: Actor, key: string): void {
    const cell = this.cell(actor, key)
    const bornAt = ++this.time
    const value = `${cell.name}!${bornAt}`
    const now = this.clock.now()
    const tags = this.tagged ? tagsOf(value, key) : []
    this.origins.set(value, {
      cell,
      bornAt,
      tags,
      endsByMs: now + this.lifetime.ttl + this.lifetime.jitter,
      deadFrom: Infinity,
    })
    cell.invalidate(bornAt)
    if (this.#isHeld(tags)) cell.drop()
    else cell.keep(value, now, now)
    this.control(() => actor.fn.set([key], value))
  }

  #isHeld(tags: readonly string[]): boolean {
    return tags.some((tag) => (this.heldTags.get(tag) ?? 0) > 0)
  }

  /**
   * Uses a control, which may fail only with the store.
   *
   * @param check is given its answer
   * @param over is called when it is over, however
   * @param late whether it gives a promise over any store
   */
  control(
    use: () => unknown,
    check: (answer: any) => void = () => {},
    over: () => void = () => {},
    late: boolean = false,
  ): void {
    const failed = (error: unknown): void => {
      if (!this.under.fails || !(error instanceof StoreDown)) this.fail(`a control has failed: ${String(error)}`)
    }
    let answer: unknown
    try {
      answer = use()
    } catch (error) {
      over()
      return failed(error)
    }
    if (answer instanceof Promise !== (late || !this.isSync))
      this.fail(`a control answers ${this.isSync ? 'late' : 'at once'}`)
    this.outstanding++
    const done = (): void => {
      this.outstanding--
      over()
    }
    const { disturbances } = this
    const ifStill = (came: unknown): void => (this.disturbances === disturbances ? check(came) : undefined)
    if (answer instanceof Promise) void answer.then(ifStill, failed).finally(done)
    else {
      done()
      check(answer)
    }
  }

  /** Ends all waiting of the store for the test. */
  soothe(): void {
    if (this.store instanceof SlowMap) {
      this.store.letAllOn()
      this.store.failureRate = 0
    }
    if (this.store instanceof FlakyMap) this.store.rate = 0
  }

  /** Whether no operation of the store is out. */
  get storeIsIdle(): boolean {
    return !(this.store instanceof SlowMap) || this.store.busy === 0
  }

  /** Lets everything happen that can happen by itself, and learns what the loads that have ended have come to. */
  async flush(): Promise<void> {
    await new Promise(setImmediate)
    for (const load of this.loads) {
      if (load.ended === undefined || load.landed) continue
      load.landed = true
      const { cell } = load
      if (cell.flight === load) cell.flight = undefined
      const now = this.clock.now()
      if (load.ended === 'resolved') {
        const origin = this.origins.get(load.value)!
        origin.endsByMs = now + this.lifetime.ttl + this.lifetime.jitter
        const isKept = cell.holds === 0 && origin.deadFrom === Infinity && !this.#isHeld(origin.tags)
        if (!cell.isRevoked(load)) {
          if (isKept) cell.keep(load.value, load.endedAtMs, now)
          else cell.drop()
          // Whoever came meanwhile may have found out that tags had changed, and have begun a load of its own.
          if (!this.isSync && cell.taggings.some((time) => time > load.call.startedAt)) cell.unsure = true
        }
      } else if (!cell.isRevoked(load)) cell.fail(load.endedAtMs, now)
    }
    for (const call of this.calls) if (!call.settled) this.#checkPatience(call)
    if (this.isSync && !this.under.fails) for (const actor of this.actors) this.#checkNothingKept(actor)
    this.checkNothingBroken()
  }

  /** Nothing is there where nothing is to be kept. */
  #checkNothingKept({ fn, cells, closedAt }: Actor): void {
    if (closedAt < Infinity) return
    for (const [index, cell] of cells.entries()) {
      if (cell.unsure || cell.kept !== undefined) continue
      const value = fn.peek(keys[index]!) as string | undefined
      if (value !== undefined) this.fail(`${value} is kept, and should not be`)
    }
  }

  /** Nobody waits for longer than was to be waited. */
  #checkPatience(call: Call): void {
    const { timeout, softTimeout, grace } = this.lifetime
    const now = this.clock.now()
    const waited = now - call.startedAtMs
    if (waited >= timeout) this.fail(`call ${call.id} still waits after its timeout`)
    if (waited >= softTimeout && call.old !== undefined && now < call.old.ends[0] + grace) {
      this.fail(`call ${call.id} still waits, and there is ${call.old.value}`)
    }
  }

  /** Lets time go by. */
  advance(ms: number): void {
    this.clock.advance(ms)
    const { timeout, softTimeout } = this.lifetime
    for (const call of this.calls) {
      if (call.settled || this.clock.now() - call.startedAtMs < Math.min(timeout, softTimeout)) continue
      call.mayHaveLeft = true
      if (call.load !== undefined) call.load.mayBePinned = true
      else for (const load of this.loads) if (load.cell === call.cell) load.mayBePinned = true
    }
    this.timers?.tick(ms)
  }

  /** How many timers of callers are left: those of stores have other delays. */
  get timersLeft(): number {
    // The types of the fake clock do not speak of its timers.
    const { timers = new Map() } = (this.timers ?? {}) as { timers?: Map<number, { delay: number }> }
    expect(timers, 'the timers of the fake clock').to.be.instanceOf(Map)
    const { timeout, softTimeout } = this.lifetime
    return [...timers.values()].filter(({ delay }) => delay === timeout || delay === softTimeout).length
  }

  /** Ends what the history has begun outside of itself. */
  leave(): void {
    this.timers?.restore()
  }

  checkNothingBroken(): void {
    expect(this.broken.join('; '), 'rules that were broken').to.equal('')
  }
}
