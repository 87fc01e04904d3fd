import { expect } from 'chai'
import { createSandbox, type SinonFakeTimers } from 'sinon'
import { cached, loadContext } from '../../src/index.ts'
import { deferred, ManualClock, seededRandom } from '../../src/testing.ts'
import { Cell, type Call, type Load } from './cell.ts'
import { keys, type History, type Manner } from './commands.ts'
import { FlakyMap, StoreDown } from './flaky-map.ts'
import { Judge } from './judge.ts'
import { lifetimeOf, optionsOf, type Lifetime } from './lifetimes.ts'
import { SlowMap } from './slow-map.ts'
import type { StoreUnderTest } from './stores.ts'

/** What every cached function of a history can do, whatever its store. */
interface Fn {
  (key: string, call: number): Promise<string>
  refresh(key: string, call: number): Promise<string>
  with(options: { signal?: AbortSignal; fresh?: boolean }): (key: string, call: number) => Promise<string>
  invalidate(key: string): unknown
  expire(key: string): unknown
  set(args: [string], value: string): unknown
  has(key: string): unknown
  peek(key: string): unknown
  clear(): unknown
  stats(): ReturnType<ReturnType<ReturnType<typeof cached>>['stats']>
  close(options: { wait: boolean }): Promise<void>
}

/** The functions, calls and loads of one history, and what is known of them. */
export class World {
  readonly under: StoreUnderTest
  readonly store: any
  readonly clock: ManualClock = new ManualClock(1_000)
  readonly lifetime: Lifetime
  /** The timers of callers who do not wait for ever; they run when the clock is advanced. */
  readonly timers: SinonFakeTimers | undefined = undefined
  readonly fns: Fn[]
  readonly cells: Cell[][]
  readonly calls: Call[] = []
  readonly loads: Load[] = []
  readonly judge: Judge
  /** Counts what changes what there is, so that a slow answer is not compared with what was before. */
  disturbances = 0
  /** Counts every event. */
  time = 0
  /** Calls that are to be counted by the functions. */
  counted = 0
  /** Answers of controls that are not there yet. */
  outstanding = 0
  readonly failures: unknown[] = []

  constructor(under: StoreUnderTest, { seed, flavour }: Pick<History, 'seed' | 'flavour'>) {
    this.under = under
    const random = seededRandom(seed)
    const { clock } = this
    this.lifetime = lifetimeOf(flavour)
    this.judge = new Judge(this)
    if (this.lifetime.timeout < Infinity)
      this.timers = createSandbox().useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    this.store = under.create(random, clock)
    const names = under.names ?? [undefined]
    this.fns = names.map((name) => {
      const options = {
        clock,
        random,
        onError: (error: unknown) => this.failures.push(error),
        ...(name === undefined ? {} : { name: under.shareKeys ? 'all' : name }),
        ...(under.shareKeys ? { shareKeys: true } : {}),
        ...optionsOf[flavour],
      }
      const load = (_: string, call: number): Promise<string> => this.#load(this.calls[call]!)
      return cached(this.store, (key: string) => key, options)(load as never) as unknown as Fn
    })
    const spaces = names.map((name) => keys.map((key) => new Cell(`${name ?? ''} ${key} `, this.lifetime)))
    this.cells = under.shareKeys ? names.map(() => spaces[0]!) : spaces
  }

  get isSync(): boolean {
    return this.under.answers === 'at once'
  }

  cell(fn: number, key: string): Cell {
    return this.cells[fn]![keys.indexOf(key)]!
  }

  /** Makes a call, follows it to its end, and gives what it is known to be. */
  call(fn: number, key: string, how: Manner): Call {
    const cell = this.cell(fn, key)
    const fresh = how.includes('fresh') || how === 'as a refresh'
    const startedAt = ++this.time
    const controller = how.includes('signal') ? new AbortController() : undefined
    const now = this.clock.now()
    const { length: id } = this.calls
    const call: Call = { id, cell, fn, startedAt, startedAtMs: now, fresh, fence: cell.fence, controller }
    this.calls.push(call)
    if (how === 'with an aborted signal') {
      call.mustLeave = true
      controller!.abort(new Error(`call ${call.id} has left before it began`))
    } else {
      this.counted++
      if (fresh) cell.separate(startedAt)
    }
    void this.#made(call, key, how, fresh).then(
      (value) => {
        this.judge.given(call, value)
        if (!this.isSync) cell.used(now, this.clock.now(), false)
      },
      (error: unknown) => this.judge.refused(call, error),
    )
    return call
  }

  #made(call: Call, key: string, how: Manner, fresh: boolean): Promise<string> {
    const fn = this.fns[call.fn]!
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
    const result = deferred<string>()
    const end = (how: 'resolved' | 'rejected'): void => {
      load.ended = how
      load.endedAtMs = this.clock.now()
      if (how === 'resolved') result.resolve(value)
      else result.reject(load.error)
    }
    const { signal, background } = loadContext()
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
      if (other.cell === cell && other.ended === undefined && isWanted && !cell.isSeparated(older!, newer!)) {
        this.judge.fail(`load ${id} runs beside load ${other.id} of the same key, and nothing came between their calls`)
      }
    }
    this.loads.push(load)
    this.judge.begun(value, cell, bornAt)
    return result.promise
  }

  /** Makes what there is for a key stale. Without options that serve old values, that is an invalidation. */
  expire(cell: Cell): void {
    this.time++
    if (this.lifetime.grace === 0 && this.lifetime.softTimeout === Infinity) return cell.invalidate(this.time)
    if (this.loads.some((load) => load.cell === cell && load.mayHaveLanded && !load.landed)) cell.unsure = true
    cell.expire(this.time, this.clock.now(), this.judge.mayBeThere(cell))
  }

  /** Puts a value in, and says which. */
  set(fn: number, key: string): void {
    const cell = this.cell(fn, key)
    const bornAt = ++this.time
    const value = `${cell.name}!${bornAt}`
    const now = this.clock.now()
    this.judge.begun(value, cell, bornAt)
    this.judge.landed(value)
    cell.invalidate(bornAt)
    cell.keep(value, now, now)
    this.control(() => this.fns[fn]!.set([key], value))
  }

  /** Uses a control, which may fail only with the store. `check` is given its answer. */
  control(use: () => unknown, check: (answer: any) => void = () => {}): void {
    const failed = (error: unknown): void => {
      if (!this.under.fails || !(error instanceof StoreDown)) this.judge.fail(`a control has failed: ${String(error)}`)
    }
    let answer: unknown
    try {
      answer = use()
    } catch (error) {
      return failed(error)
    }
    if (answer instanceof Promise === this.isSync)
      this.judge.fail(`a control answers ${this.isSync ? 'late' : 'at once'}`)
    this.outstanding++
    const done = (): number => this.outstanding--
    const { disturbances } = this
    const ifStill = (late: unknown): void => (this.disturbances === disturbances ? check(late) : undefined)
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
    const now = this.clock.now()
    for (const load of this.loads) {
      if (load.ended === undefined || load.landed) continue
      load.landed = true
      const { cell } = load
      if (cell.flight === load) cell.flight = undefined
      if (load.ended === 'resolved') {
        this.judge.landed(load.value)
        if (!cell.isRevoked(load)) cell.keep(load.value, load.endedAtMs, now)
      } else if (!cell.isRevoked(load)) cell.fail(load.endedAtMs, now)
    }
    for (const call of this.calls) if (!call.settled) this.judge.checkPatience(call)
    this.checkNothingBroken()
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
    const { timers = {} } = (this.timers ?? {}) as { timers?: Record<string, { delay: number }> }
    const { timeout, softTimeout } = this.lifetime
    return Object.values(timers).filter(({ delay }) => delay === timeout || delay === softTimeout).length
  }

  checkNothingBroken(): void {
    expect(this.judge.broken.join('; '), 'rules that were broken').to.equal('')
  }
}
