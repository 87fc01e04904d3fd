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
