/**
 * Waits for a promise until a signal fires, and then rejects with its reason.
 *
 * @param late is given what the promise was fulfilled with when nobody waited any more
 */
export async function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  late: (value: T) => void,
): Promise<T> {
  if (signal === undefined) return promise
  let left = false
  let leave!: () => void
  const leaving = new Promise<never>((_, reject) => {
    leave = (): void => {
      left = true
      reject(signal.reason as Error)
    }
  })
  promise.then(
    (value) => {
      if (left) late(value)
    },
    () => {},
  )
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([promise, leaving])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
