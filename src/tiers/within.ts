/** A tier that did not answer in time. What it was asked for may still be done. */
export class TierTimeoutError extends Error {
  override readonly name = 'TierTimeoutError'
  /** The milliseconds that were waited. */
  readonly ms: number

  constructor(ms: number) {
    super(`the tier did not answer within ${ms} ms`)
    this.ms = ms
  }
}

/**
 * Waits for a promise no longer than that, and rejects with a {@link TierTimeoutError} then.
 *
 * @param late is given what the promise was fulfilled with when nobody waited any more
 */
export function within<T>(promise: Promise<T>, ms: number, late?: (value: T) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let isOver = false
    let last: NodeJS.Immediate | undefined
    const giveUp = (): void => {
      isOver = true
      reject(new TierTimeoutError(ms))
    }
    // Where the process itself was busy, the answer may have come and not been read: that has its turn first.
    const timer = setTimeout(() => {
      last = setImmediate(giveUp)
    }, ms)
    const stop = (): void => {
      clearTimeout(timer)
      clearImmediate(last)
    }
    promise.then(
      (value) => {
        stop()
        if (isOver) late?.(value)
        resolve(value)
      },
      (error: unknown) => {
        stop()
        reject(error)
      },
    )
  })
}

/** One who waits for an answer no longer than until then. It is in the list of its {@link Deadlines}. */
interface Wait {
  readonly due: number
  readonly giveUp: (error: TierTimeoutError) => void
  before: Wait | undefined
  after: Wait | undefined
}

/**
 * Waits as {@link within} does, always for as long: all waits share a timer, since the first that began is the first that
 * is over.
 */
export class Deadlines {
  readonly #ms: number
  #first: Wait | undefined
  #last: Wait | undefined
  /** Runs until it is the turn of the one who was the first when it was set. Nobody waits while it is not ref'd. */
  #timer: NodeJS.Timeout | undefined

  /** @param ms how long each waits, in milliseconds */
  constructor(ms: number) {
    this.#ms = ms
  }

  /**
   * @param take is given the answer, or `undefined` and why there is none; what it returns or throws is the outcome
   * @param late as {@link within} has it
   */
  within<T extends object, R>(
    promise: Promise<T>,
    take: (answer: T | undefined, error: unknown) => R | PromiseLike<R>,
    late: (answer: T) => void,
  ): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const settle = (answer: T | undefined, error: unknown): void => {
        try {
          resolve(take(answer, error))
        } catch (mistake) {
          reject(mistake)
        }
      }
      let isOver = false
      const wait = this.#enter((error) => {
        isOver = true
        settle(undefined, error)
      })
      promise.then(
        (answer) => {
          if (isOver) return late(answer)
          this.#leave(wait)
          settle(answer, undefined)
        },
        (error: unknown) => {
          if (isOver) return
          this.#leave(wait)
          settle(undefined, error)
        },
      )
    })
  }

  #enter(giveUp: Wait['giveUp']): Wait {
    const wait: Wait = { due: performance.now() + this.#ms, giveUp, before: this.#last, after: undefined }
    if (this.#last === undefined) {
      this.#first = wait
      if (this.#timer === undefined) this.#arm(this.#ms)
      else this.#timer.ref()
    } else this.#last.after = wait
    this.#last = wait
    return wait
  }

  #leave(wait: Wait): void {
    const { before, after } = wait
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    if (this.#first === undefined) this.#timer?.unref()
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => {
      const now = performance.now()
      // Where the process itself was busy, answers may have come and not been read: they have their turn first.
      setImmediate(() => {
        this.#timer = undefined
        while (this.#first !== undefined && this.#first.due <= now) {
          const wait = this.#first
          this.#leave(wait)
          wait.giveUp(new TierTimeoutError(this.#ms))
        }
        if (this.#first !== undefined) this.#arm(this.#first.due - performance.now())
      })
    }, ms)
  }
}
