import { expect } from 'chai'

import { batched, type Batched } from '../../src/batched.ts'
import { ClosedError, loadContext } from '../../src/index.ts'
import { deferred } from '../../src/testing.ts'
import { keys, type BatchHistory, type Step } from './batches.ts'

/** A call for one key that waits, or has waited. Times are those of the history, which count every event. */
interface Call {
  readonly key: string
  readonly startedAt: number
  /** The last invalidation of the key before the call: nothing loaded before it may be given. */
  readonly fence: number
  readonly controller: AbortController | undefined
  settled?: boolean
  /** Whether it has left while it waited for nothing that had ended. */
  mustLeave?: boolean
}

/** A batch that runs, or has run. */
interface Batch {
  readonly id: number
  readonly keys: readonly string[]
  readonly bornAt: number
  /** For each key, when the first of those called who wait for it. */
  readonly since: ReadonlyMap<string, number>
  readonly signal: AbortSignal
  readonly errors: ReadonlyMap<string, Error>
  end(how: 'resolve' | 'resolve in part' | 'reject'): void
  ended?: boolean
}

/** A batched function, its calls and its batches, and what is known of them. What breaks a rule is in `broken`. */
export class BatchWorld {
  readonly get: Batched<string, string, any>
  readonly calls: Call[] = []
  readonly batches: Batch[] = []
  readonly broken: string[] = []
  time = 0
  closedAt: number = Infinity
  readonly #most: number
  readonly #bornAt = new Map<string, number>()
  readonly #fences = new Map(keys.map((key) => [key, 0]))
  /** When calls had to stop joining what was in the air. */
  readonly #separations = new Map(keys.map((key) => [key, [] as number[]]))

  constructor(store: any, { maxBatchSize }: BatchHistory) {
    this.#most = maxBatchSize ?? Infinity
    this.get = batched(
      store,
      (key: string) => key,
      maxBatchSize === undefined ? {} : { maxBatchSize },
    )((ids) => this.#load(ids))
  }

  fail(rule: string): void {
    this.broken.push(rule)
  }

  step(step: Step): void {
    if (step.does === 'call') this.call(step.keys, step.how)
    else if (step.does === 'clear') {
      this.#invalidate(keys)
      this.#control(this.get.clear())
    } else if (step.does === 'abort') this.#abort(step.which)
    else if ('which' in step) {
      const running = this.batches.filter(({ ended }) => ended !== true)
      running[step.which % running.length]?.end(step.does)
    } else {
      for (const key of new Set(step.keys)) {
        this.#invalidate([key])
        if (step.does !== 'set') this.#control(this.get[step.does](key))
        else {
          const value = `${key}!${this.time}`
          this.#bornAt.set(value, this.time)
          this.#control(this.get.set([key], value))
        }
      }
    }
  }

  call(called: readonly string[], how: 'plainly' | 'with a signal' | 'fresh'): void {
    const controller = how === 'with a signal' ? new AbortController() : undefined
    const made = called.map((key) => this.#begin(key, controller, how === 'fresh'))
    const signal = controller === undefined ? {} : { signal: controller.signal }
    const many = how === 'plainly' ? this.get.many : this.get.with({ ...signal, fresh: how === 'fresh' }).many
    void many(called).then(
      (answers) => {
        for (const [index, answer] of answers.entries()) this.#answered(made[index]!, answer)
      },
      (error: unknown) => {
        for (const call of made) this.#left(call, error)
      },
    )
  }

  #begin(key: string, controller: AbortController | undefined, fresh: boolean): Call {
    const startedAt = ++this.time
    if (fresh) this.#separations.get(key)!.push(startedAt)
    const call: Call = { key, startedAt, fence: this.#fences.get(key)!, controller }
    this.calls.push(call)
    return call
  }

  #load(ids: readonly string[]): Promise<(string | Error)[]> {
    const id = this.batches.length
    const bornAt = ++this.time
    const result = deferred<(string | Error)[]>()
    const errors = new Map(ids.map((key) => [key, new Error(`batch ${id} has failed for ${key}`)]))
    const waiting = this.calls.filter(({ settled }) => settled !== true)
    const since = new Map(
      ids.map((key) => [key, Math.min(...waiting.filter((call) => call.key === key).map((call) => call.startedAt))]),
    )
    if (new Set(ids).size !== ids.length) this.fail(`batch ${id} has a key twice: ${ids.join()}`)
    if (ids.length === 0 || ids.length > this.#most) this.fail(`batch ${id} has ${ids.length} keys`)
    for (const key of ids) {
      if (since.get(key) === Infinity) this.fail(`batch ${id} loads ${key}, for which nobody waits`)
      const other = this.batches.findLast((one) => one.ended !== true && one.keys.includes(key))
      const from = other?.since.get(key) ?? Infinity
      if (other !== undefined && !this.#separations.get(key)!.some((time) => time > from)) {
        this.fail(`batch ${id} loads ${key} beside batch ${other.id}, and nothing came between their calls`)
      }
    }
    const values = ids.map((key) => `${key}#${id}`)
    for (const value of values) this.#bornAt.set(value, bornAt)
    const batch: Batch = {
      id,
      keys: [...ids],
      bornAt,
      since,
      errors,
      signal: loadContext().signal,
      end: (how) => {
        batch.ended = true
        if (how === 'reject') result.reject([...errors.values()][0]!)
        else
          result.resolve(
            values.map((value, n) => (how === 'resolve in part' && n % 2 === 0 ? errors.get(ids[n]!)! : value)),
          )
      },
    }
    this.batches.push(batch)
    return result.promise
  }

  #answered(call: Call, answer: string | Error): void {
    call.settled = true
    if (call.mustLeave) this.fail(`a call for ${call.key} has left, and was given ${String(answer)}`)
    if (answer instanceof ClosedError && this.closedAt < Infinity) return
    if (answer instanceof Error) {
      const failed = this.batches.find((batch) => [...batch.errors.values()].includes(answer))
      if (failed === undefined || !failed.keys.includes(call.key)) {
        this.fail(`a call for ${call.key} was refused with ${String(answer)}`)
      } else if (failed.bornAt < call.fence)
        this.fail(`a call waited for batch ${failed.id}, which began before its fence`)
      return
    }
    this.checkValue(call.key, call.fence, answer)
    const batch = this.batches.find(({ id }) => answer === `${call.key}#${id}`)
    const began = batch !== undefined && call.startedAt < batch.bornAt
    if (began && batch.signal.aborted && this.closedAt === Infinity)
      this.fail(`batch ${batch.id} was aborted, and waited for`)
  }

  #left(call: Call, error: unknown): void {
    call.settled = true
    const refused = error instanceof ClosedError && call.startedAt > this.closedAt
    if (!refused && error !== call.controller?.signal.reason)
      this.fail(`a call for ${call.key} rejects: ${String(error)}`)
  }

  /** The rule of all rules: what is given or kept was loaded or put in after the last invalidation. */
  checkValue(key: string, fence: number, value: string | undefined): void {
    if (value === undefined) return
    const bornAt = this.#bornAt.get(value)
    if (bornAt === undefined || !value.startsWith(key)) this.fail(`${key} gave ${value}, which is none of its values`)
    else if (bornAt < fence)
      this.fail(`${key} gave ${value}, begun at ${bornAt}, though it was invalidated at ${fence}`)
  }

  #invalidate(which: readonly string[]): void {
    const time = ++this.time
    for (const key of which) {
      this.#fences.set(key, time)
      this.#separations.get(key)!.push(time)
    }
  }

  #abort(which: number): void {
    const waiting = this.calls.filter(
      ({ controller, settled }) => controller?.signal.aborted === false && settled !== true,
    )
    const leaving = waiting[which % waiting.length]
    if (leaving === undefined) return
    const time = ++this.time
    leaving.controller!.abort(new Error(`a call has left at ${time}`))
    for (const call of this.calls) {
      if (call.controller !== leaving.controller) continue
      this.#separations.get(call.key)!.push(time)
      const mine = this.batches.filter((batch) => batch.keys.includes(call.key) && batch.bornAt > call.startedAt)
      call.mustLeave = mine.length > 0 && mine.every(({ ended }) => ended !== true)
    }
  }

  #control(answer: unknown): void {
    void Promise.resolve(answer).catch((error: unknown) => this.fail(`a control has failed: ${String(error)}`))
  }

  /** Ends all batches and waits for all that was promised. */
  async settle(): Promise<void> {
    for (let patience = 40; patience > 0; patience--) {
      await new Promise(setImmediate)
      const running = this.batches.find(({ ended }) => ended !== true)
      if (running !== undefined) running.end(running.id % 3 === 2 ? 'reject' : 'resolve')
      else if (this.calls.every(({ settled }) => settled)) break
    }
    expect(this.calls.filter(({ settled }) => !settled).length, 'calls that never settle').to.equal(0)
    this.checkNothingBroken()
  }

  /** Looks at what is kept, once all is quiet. */
  async checkKept(): Promise<void> {
    for (const key of keys) this.checkValue(key, this.#fences.get(key)!, await this.get.peek(key))
    this.checkNothingBroken()
  }

  checkNothingBroken(): void {
    expect(this.broken.join('; '), 'rules that were broken').to.equal('')
  }
}
