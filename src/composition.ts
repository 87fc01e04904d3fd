/** What a key function is made of. */
export interface Composition {
  /** The key function within it. */
  readonly of: (...args: any[]) => unknown
  /** How many of the first arguments that one is not given. */
  readonly skipped: number
}

const compositions = new WeakMap<object, Composition>()

/** Notes what a key function is made of, and gives the function. */
export function composed<F extends object>(keyFn: F, of: Composition['of'], skipped = 0): F {
  compositions.set(keyFn, { of, skipped })
  return keyFn
}

/** What a key function is made of, where that has been noted. */
export function compositionOf(keyFn: object): Composition | undefined {
  return compositions.get(keyFn)
}
