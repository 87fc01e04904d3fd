/** What a command is made of. */
export type Word = string | Buffer

/** A connection of its own on which messages come. */
export interface Subscription {
  close(): void
}

/** What a subscription tells. */
export interface SubscriptionListener {
  message(text: string): void
  /** The connection has gone; it is made anew by the client. */
  lost(): void
}

/** What a subscription tells that tracks keys, too. */
export interface TrackingListener extends SubscriptionListener {
  /** A key has been written, or has gone; `undefined`: all may have. */
  changed(key: string | undefined): void
  /** The server does not track keys for this client. Messages come nevertheless. */
  refused(error: unknown): void
}

/** Subscribes, and tracks all keys that begin with one of these. */
type Track = (channel: string, prefixes: readonly string[], listener: TrackingListener) => Promise<Subscription>

/** All that is asked of a client, whichever it is. */
export interface Wire {
  /** Sends a command to the node that has the key. Strings in the reply are buffers. */
  send(key: string, words: readonly Word[]): Promise<unknown>
  /** Calls back whenever the connection has been made anew, with what ends that. */
  onReconnect(listener: () => void): () => void
  /** Subscribes over a connection of its own, now and whenever it has been lost. */
  subscribe(channel: string, listener: SubscriptionListener): Promise<Subscription>
  /**
   * Subscribes so, and lets the server tell of each key that begins with one of these (CLIENT TRACKING, broadcasting).
   *
   * Missing where the client stands for many servers.
   */
  readonly track?: Track | undefined
}

/** Whether an error is the answer of a server that will not do it, and no failure of the way there. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && /^(?:ERR|NOPERM) /.test(error.message)
}
