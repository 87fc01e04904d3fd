import { onAbort } from './abort-listeners.ts'
import { LoadTimeoutError } from './errors.ts'
import type { Flight } from './flight.ts'

/** What ends the wait of one caller before the load has ended. */
export interface Patience<V> {
  readonly signal: AbortSignal | undefined
  /** Milliseconds after which the caller gets a {@link LoadTimeoutError}; `undefined` for never. */
  readonly timeout: number | undefined
  /** Milliseconds after which the caller gets the old value, if there is one; `undefined` for never. */
  readonly softTimeout: number | undefined
  /** Gives the old value that may be served in the place of a slow load. */
  readonly old: () => { readonly value: V } | undefined
  /** Called when the caller has its answer before the load has ended. */
  readonly stopListening: () => unknown
  /** Called when the last caller has left. */
  readonly abandoned: (reason: unknown) => void
}

/**
 * A promise of its own for a caller who does not wait to the end whatever happens. However its wait ends, that is nobody
 * else's business; a load that took too long goes on.
 *
 * @param outcome what the caller waits for
 */
export function waitFor<V>(flight: Flight<V, any>, outcome: Promise<V>, patience: Patience<V>): Promise<V> {
  const { signal, timeout, softTimeout } = patience
  if (signal === undefined) flight.pinned = true
  else flight.enter()
  return new Promise<V>((resolve, reject) => {
    let soft: NodeJS.Timeout | undefined
    let hard: NodeJS.Timeout | undefined
    let isOver = false
    let stay: (() => void) | undefined
    const stop = (): void => {
      isOver = true
      stay?.()
      clearTimeout(soft)
      clearTimeout(hard)
    }
    function left(): void {
      stop()
      reject(signal!.reason as Error)
      patience.stopListening()
      if (flight.leave()) patience.abandoned(signal!.reason)
    }
    /** The caller has its answer, and the load goes on without it. */
    function goOn(): void {
      stop()
      flight.pinned = true
      patience.stopListening()
    }
    function giveOld(): boolean {
      const old = isOver ? undefined : patience.old()
      if (old === undefined) return false
      goOn()
      resolve(old.value)
      return true
    }
    /** The caller has its answer, which need not have come from the load. */
    function heard(): void {
      if (isOver) return
      stop()
      if (signal !== undefined && !flight.ended && flight.leave()) patience.abandoned(undefined)
    }

    if (signal?.aborted === true) {
      // By the key function, or by the load itself in its first step.
      outcome.catch(() => {})
      return left()
    }
    if (signal !== undefined) stay = onAbort(signal, left)
    if (softTimeout !== undefined && !flight.ended) {
      soft = setTimeout(() => {
        // A store that is slow itself has not said yet what there is.
        if (!giveOld()) void flight.reading?.then(giveOld)
      }, softTimeout)
    }
    if (timeout !== undefined && !flight.ended) {
      hard = setTimeout(() => {
        goOn()
        reject(new LoadTimeoutError(flight.key, timeout))
      }, timeout)
    }
    outcome.then(
      (value) => {
        heard()
        resolve(value)
      },
      (error: unknown) => {
        heard()
        reject(error)
      },
    )
  })
}
