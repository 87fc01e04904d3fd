/** Those who wait for one signal, and the one listener that it has been given for them all. */
interface Waiting {
  readonly listeners: Set<() => void>
  readonly fire: () => void
}

const waitingFor = new WeakMap<AbortSignal, Waiting>()

/**
 * Calls `listener` when the signal fires, unless what this gives is called before. All listeners of one signal go by one
 * of its own: many calls may wait under the signal of one request, and Node.js takes more than ten for a leak.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const waiting = waitingFor.get(signal) ?? begin(signal)
  const { listeners, fire } = waiting
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0 || waitingFor.get(signal) !== waiting) return
    waitingFor.delete(signal)
    signal.removeEventListener('abort', fire)
  }
}

function begin(signal: AbortSignal): Waiting {
  const listeners = new Set<() => void>()
  const fire = (): void => {
    waitingFor.delete(signal)
    for (const listener of listeners) listener()
  }
  const waiting = { listeners, fire }
  waitingFor.set(signal, waiting)
  signal.addEventListener('abort', fire, { once: true })
  return waiting
}
