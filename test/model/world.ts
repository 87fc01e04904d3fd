import { expect } from 'chai'
import { cached, loadContext } from '../../src/index.ts'
import { ClosedError } from '../../src/errors.ts'
import { deferred, ManualClock, seededRandom } from '../../src/testing.ts'
import { Cell, lifetimes, type Call, type Load } from './cell.ts'
import { keys, type History, type Manner } from './commands.ts'
import { FlakyMap, StoreDown } from './flaky-map.ts'
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

/** The functions, calls and loads of one history, and what is known of them. Whatever breaks a rule is in `broken`. */
export class World {
  readonly under: StoreUnderTest
  readonly store: any
  readonly clock: ManualClock = new ManualClock(1_000)
  readonly fns: Fn[]
  readonly cells: Cell[][]
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
  closedAt: number = Infinity
  readonly failures: unknown[] = []
  readonly #origins = new Map<string, { cell: Cell; bornAt: number }>()

  constructor(under: StoreUnderTest, { seed, flavour }: Pick<History, 'seed' | 'flavour'>) {
    const random = seededRandom(seed)
    const { clock } = this
    const { ttl, jitter, tti, keeps } = lifetimes[flavour]
    this.under = under
    this.store = under.create(random, clock)
    const names = under.names ?? [undefined]
    this.fns = names.map((name) => {
      const options = {
        clock,
        random,
        onError: (error: unknown) => this.failures.push(error),
        ...(name === undefined ? {} : { name: under.shareKeys ? 'all' : name }),
        ...(under.shareKeys ? { shareKeys: true } : {}),
        ...(ttl === Infinity ? {} : { ttl }),
        ...(jitter === 0 ? {} : { jitter }),
        ...(tti === Infinity ? {} : { tti }),
        ...(flavour === 'when' ? { when: keeps } : {}),
      }
      const load = (_: string, call: number): Promise<string> => this.#load(this.calls[call]!)
      return cached(this.store, (key: string) => key, options)(load as never) as unknown as Fn
    })
    const spaces = names.map((name) => keys.map((key) => new Cell(`${name ?? ''} ${key} `, lifetimes[flavour])))
    this.cells = under.shareKeys ? names.map(() => spaces[0]!) : spaces
  }

  get isSync(): boolean {
    return this.under.answers === 'at once'
  }

  cell(fn: number, key: string): Cell {
    return this.cells[fn]![keys.indexOf(key)]!
  }

  fail(rule: string): void {
    this.broken.push(rule)
  }

  /** Makes a call, follows it to its end, and gives what it is known to be. */
  call(fn: number, key: string, how: Manner): Call {
    const cell = this.cell(fn, key)
    const fresh = how.includes('fresh') || how === 'as a refresh'
    const startedAt = ++this.time
    const controller = how.includes('signal') ? new AbortController() : undefined
    const call: Call = { id: this.calls.length, cell, fn, startedAt, fence: cell.fence, controller }
    this.calls.push(call)
    if (how === 'with an aborted signal') {
      call.mustLeave = true
      controller!.abort(new Error(`call ${call.id} has left before it began`))
    } else {
      this.counted++
      if (fresh) cell.separate(startedAt)
    }
    const now = this.clock.now()
    void this.#made(call, key, how, fresh).then(
      (value) => this.#given(call, value, now),
      (error: unknown) => this.#refused(call, error),
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
    const load: Load = {
      id,
      cell,
      call,
      bornAt,
      value,
      error: new Error(`load ${id} has failed`),
      signal: loadContext().signal,
      end,
      endedAtMs: 0,
      leavers: new Set(),
      pinned: false,
    }
    for (const other of this.loads) {
      const [older, newer] = [other.call.startedAt, call.startedAt].toSorted((a, b) => a - b)
      if (other.cell === cell && other.ended === undefined && !other.abandoned && !cell.isSeparated(older!, newer!)) {
        this.fail(`load ${id} runs beside load ${other.id} of the same key, and nothing came between their calls`)
      }
    }
    this.loads.push(load)
    this.#origins.set(value, { cell, bornAt })
    return result.promise
  }

  #given(call: Call, value: string, from: number): void {
    call.settled = true
    const who = `call ${call.id}`
    if (call.mustLeave) this.fail(`${who} has left, and was given ${value}`)
    if (call.startedAt > this.closedAt) this.fail(`${who} came after the end, and was given ${value}`)
    if (call.mustGive !== undefined && value !== call.mustGive)
      this.fail(`${who} must give ${call.mustGive}, not ${value}`)
    if (call.load !== undefined && value !== call.load.value)
      this.fail(`${who} waits for load ${call.load.id}, not ${value}`)
    this.checkValue(who, call.cell, call.fence, value)
    if (!this.isSync) call.cell.used(from, this.clock.now(), false)
  }

  /** The rule of all rules: a value that a call is given has begun after the last invalidation before the call. */
  checkValue(who: string, cell: Cell, fence: number, value: unknown): void {
    const origin = this.#origins.get(value as string)
    if (origin === undefined) this.fail(`${who} gave ${String(value)}, which nobody has loaded or put in`)
    else if (origin.cell !== cell) this.fail(`${who} gave ${String(value)}, which is of another key or function`)
    else if (origin.bornAt < fence) {
      this.fail(`${who} gave ${String(value)}, begun at ${origin.bornAt}, though the key was invalidated at ${fence}`)
    }
  }

  #refused(call: Call, error: unknown): void {
    call.settled = true
    if (call.controller?.signal.aborted && error === call.controller.signal.reason) return
    if (error instanceof ClosedError && this.closedAt < Infinity) {
      if (call.startedAt < this.closedAt && this.isSync)
        this.fail(`call ${call.id} came before the end, and was refused`)
      return
    }
    const load = this.loads.find((one) => one.error === error)
    if (load === undefined) this.fail(`call ${call.id} was refused with what no load has failed with: ${String(error)}`)
    else if (load.cell !== call.cell) this.fail(`call ${call.id} was refused with the failure of another key's load`)
    else if (load.bornAt < call.fence)
      this.fail(`call ${call.id} joined load ${load.id}, begun before the invalidation`)
    else if (call.load !== undefined && call.load !== load) this.fail(`call ${call.id} waits for load ${call.load.id}`)
    else if (call.mustGive !== undefined) this.fail(`call ${call.id} must give ${call.mustGive}, not fail`)
  }

  /** Puts a value in, and says which. */
  set(fn: number, key: string): void {
    const cell = this.cell(fn, key)
    const bornAt = ++this.time
    const value = `${cell.name}!${bornAt}`
    this.#origins.set(value, { cell, bornAt })
    cell.invalidate(bornAt)
    const now = this.clock.now()
    cell.keep(value, now, now)
    this.control(() => this.fns[fn]!.set([key], value))
  }

  /** Uses a control, which may fail only with the store. `check` is given its answer. */
  control(use: () => unknown, check: (answer: any) => void = () => {}): void {
    const failed = (error: unknown): void => {
      if (!this.under.fails || !(error instanceof StoreDown)) this.fail(`a control has failed: ${String(error)}`)
    }
    let answer: unknown
    try {
      answer = use()
    } catch (error) {
      return failed(error)
    }
    if (answer instanceof Promise === this.isSync) this.fail(`a control answers ${this.isSync ? 'late' : 'at once'}`)
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
    for (const load of this.loads) {
      if (load.ended === undefined || load.landed) continue
      load.landed = true
      const { cell } = load
      if (cell.flight === load) cell.flight = undefined
      if (load.ended === 'resolved' && !cell.isRevoked(load)) cell.keep(load.value, load.endedAtMs, this.clock.now())
    }
    this.checkNothingBroken()
  }

  checkNothingBroken(): void {
    expect(this.broken.join('; '), 'rules that were broken').to.equal('')
  }
}
