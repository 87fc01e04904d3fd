import type { RemovalCause } from './types.ts'

/**
 * What the engine puts into a store, as far as a policy may look at it.
 *
 * A policy is a Map-like store and works with bare values too. When the value is a `Held`, the policy weighs and
 * reports the cached value inside it, asks it how long it will be of use, and tells it when it has gone.
 */
export abstract class Held<V = unknown> {
  /** The cached value. */
  abstract readonly value: V

  /** Milliseconds from now until this is of no more use to anybody; `Infinity` when it has no end. It may grow. */
  abstract remaining(): number

  /** Told once by the policy when this has left it, whatever the cause; in the midst of the policy's work. Must not throw. */
  abstract removed(cause: RemovalCause): void
}

/** The cached value in what a store holds: that of a {@link Held}, or a bare value itself. */
export function valueOf(held: unknown): unknown {
  return held instanceof Held ? held.value : held
}
