/** A value that a key function cannot turn into a key without the danger of two values sharing it. */
export class KeyError extends TypeError {
  override readonly name = 'KeyError'
}

/** What the errors that speak of one key have in common. */
abstract class KeyedError extends Error {
  /** The key that the call was about. */
  readonly key: unknown

  constructor(message: string, key: unknown, options?: ErrorOptions) {
    super(message, options)
    this.key = key
  }
}

/** A load that called its own function with its own key, and would have waited for itself for ever. */
export class ReentrantLoadError extends KeyedError {
  override readonly name = 'ReentrantLoadError'
}

/** A call to a function or a cache that has been closed. */
export class ClosedError extends KeyedError {
  override readonly name = 'ClosedError'
}

/** A load that took longer than the `timeout` of its function. It goes on, and is kept when it ends. */
export class LoadTimeoutError extends KeyedError {
  override readonly name = 'LoadTimeoutError'
  /** The milliseconds that the caller waited. */
  readonly ms: number

  constructor(key: unknown, ms: number) {
    super(`the load took longer than ${ms} ms`, key)
    this.ms = ms
  }
}

/** A key function that has given one key for arguments that differ in what it reads of them. See `debugKeys`. */
export class KeyCollisionError extends KeyedError {
  override readonly name = 'KeyCollisionError'
}

/** A call of a tool that an agent makes again and again, as the options of `toolCache` count it. */
export class AgentLoopError extends KeyedError {
  override readonly name = 'AgentLoopError'
  /** The name of the tool. */
  readonly tool: string
  /** What the loop is: one call in a row, two calls in turns, or calls within calls. */
  readonly kind: 'repeats' | 'oscillation' | 'depth'
  /** How many times in a row, in turns, or within one another, this call included. */
  readonly count: number

  constructor(message: string, key: unknown, tool: string, kind: AgentLoopError['kind'], count: number) {
    super(message, key)
    this.tool = tool
    this.kind = kind
    this.count = count
  }
}

/** A load of many that gave no result for one of its arguments: neither a value nor an error. */
export class MissingResultError extends KeyedError {
  override readonly name = 'MissingResultError'
}

/** Gives an error as it is, and anything else that was thrown as the cause of one. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('what was thrown is not an Error', { cause: reason })
}
