import { ClosedError, LoadTimeoutError } from '../../src/errors.ts'
import type { ManualClock } from '../../src/testing.ts'
import type { Call, Cell, Load } from './cell.ts'
import type { Lifetime } from './lifetimes.ts'

/** What is known of a history. */
interface Facts {
  readonly clock: ManualClock
  readonly lifetime: Lifetime
  readonly loads: readonly Load[]
  readonly isSync: boolean
}

/** Says what every call may be given, and what it may be refused with. */
export class Judge {
  /** The rules that were broken, in words. */
  readonly broken: string[] = []
  /** The time of the history at which all functions were closed. */
  closedAt: number = Infinity
  readonly #facts: Facts
  readonly #origins = new Map<string, { readonly cell: Cell; readonly bornAt: number; endsByMs: number }>()

  constructor(facts: Facts) {
    this.#facts = facts
  }

  fail(rule: string): void {
    this.broken.push(rule)
  }

  /** A load has begun that will give this value, or somebody puts it in. */
  begun(value: string, cell: Cell, bornAt: number): void {
    this.#origins.set(value, { cell, bornAt, endsByMs: Infinity })
  }

  /** The life of a value has begun, now at the latest. */
  landed(value: string): void {
    const { clock, lifetime } = this.#facts
    this.#origins.get(value)!.endsByMs = clock.now() + lifetime.ttl + lifetime.jitter
  }

  /** The values that a key may have when it is made stale. */
  mayBeThere(cell: Cell): string[] {
    const { from, survivors } = cell.fence
    const there = this.#facts.loads
      .filter((load) => load.landed === true || load.mayHaveLanded === true)
      .map(({ value }) => value)
    const putIn = [...this.#origins].filter(([value]) => !this.#facts.loads.some((load) => load.value === value))
    return [...there, ...putIn.map(([value]) => value)].filter((value) => {
      const origin = this.#origins.get(value)!
      return origin.cell === cell && (origin.bornAt >= from || survivors.has(value))
    })
  }

  /** A call has been given a value. */
  given(call: Call, value: string): void {
    call.settled = true
    const who = `call ${call.id}`
    if (call.mustLeave) this.fail(`${who} has left, and was given ${value}`)
    if (call.startedAt > this.closedAt) this.fail(`${who} came after the end, and was given ${value}`)
    if (call.mustGive !== undefined && value !== call.mustGive)
      this.fail(`${who} must give ${call.mustGive}, not ${value}`)
    if (call.load !== undefined && value !== call.load.value && !this.#mayGiveOld(call, call.load)) {
      this.fail(`${who} waits for load ${call.load.id}, not ${value}`)
    }
    this.checkValue(who, call, value)
  }

  /** Whether a caller of a load may be given something older in its place. */
  #mayGiveOld(call: Call, load: Load): boolean {
    if (call.fresh) return false
    if (load.ended === 'rejected' && this.#facts.lifetime.staleIfError > 0) return true
    return call.startedAtMs + this.#facts.lifetime.softTimeout <= this.#facts.clock.now()
  }

  /**
   * The rule of all rules: a value that a call is given has begun after the last invalidation before the call. One that
   * was there when its key was made stale may be served as an old one, as long as that lasts.
   */
  checkValue(who: string, asker: Pick<Call, 'cell' | 'fence' | 'startedAtMs'>, value: unknown): void {
    const { cell, fence, startedAtMs } = asker
    const { grace, softTimeout } = this.#facts.lifetime
    const origin = this.#origins.get(value as string)
    if (origin === undefined) this.fail(`${who} gave ${String(value)}, which nobody has loaded or put in`)
    else if (origin.cell !== cell) this.fail(`${who} gave ${String(value)}, which is of another key or function`)
    else if (origin.bornAt < fence.from && !fence.survivors.has(value as string)) {
      const { from } = fence
      this.fail(`${who} gave ${String(value)}, begun at ${origin.bornAt}, though the key was invalidated at ${from}`)
    } else if (startedAtMs >= origin.endsByMs + grace && (grace > 0 || softTimeout === Infinity)) {
      this.fail(`${who} gave ${String(value)}, which was of use up to ${origin.endsByMs + grace} ms`)
    }
  }

  /** A call has failed. */
  refused(call: Call, error: unknown): void {
    call.settled = true
    if (call.controller?.signal.aborted && error === call.controller.signal.reason) return
    if (error instanceof ClosedError && this.closedAt < Infinity) {
      if (call.startedAt < this.closedAt && this.#facts.isSync)
        this.fail(`call ${call.id} came before the end, and was refused`)
      return
    }
    if (error instanceof LoadTimeoutError) {
      const { timeout } = this.#facts.lifetime
      if (call.startedAtMs + timeout > this.#facts.clock.now()) this.fail(`call ${call.id} was refused before its time`)
      if (error.ms !== timeout) this.fail(`call ${call.id} is told of ${error.ms} ms`)
      return
    }
    const load = this.#facts.loads.find((one) => one.error === error)
    if (load !== undefined) load.failureSeen = true
    if (load === undefined) this.fail(`call ${call.id} was refused with what no load has failed with: ${String(error)}`)
    else if (load.cell !== call.cell) this.fail(`call ${call.id} was refused with the failure of another key's load`)
    else if (load.bornAt < call.fence.from)
      this.fail(`call ${call.id} joined load ${load.id}, begun before the invalidation`)
    else if (call.load !== undefined && call.load !== load) this.fail(`call ${call.id} waits for load ${call.load.id}`)
    else if (call.mustGive !== undefined) this.fail(`call ${call.id} must give ${call.mustGive}, not fail`)
    else if (call.old !== undefined && !call.cell.isRevoked(load)) {
      const end = call.old.ends[0] + this.#facts.lifetime.staleIfError
      if (this.#facts.clock.now() < end)
        this.fail(`call ${call.id} must give ${call.old.value} in the place of a failure`)
    }
  }

  /** Nobody waits for longer than was to be waited. */
  checkPatience(call: Call): void {
    const { timeout, softTimeout, grace } = this.#facts.lifetime
    const now = this.#facts.clock.now()
    const waited = now - call.startedAtMs
    if (waited >= timeout) this.fail(`call ${call.id} still waits after its timeout`)
    if (waited >= softTimeout && call.old !== undefined && now < call.old.ends[0] + grace) {
      this.fail(`call ${call.id} still waits, and there is ${call.old.value}`)
    }
  }
}
