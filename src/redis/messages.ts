/** What a tier tells the others over the channel of its prefix. */
export type Message =
  | readonly [origin: string, shard: number, number: number, kind: 'key', space: string, key: string]
  | readonly [origin: string, shard: number, number: number, kind: 'tags', tags: readonly string[]]
  | readonly [origin: string, shard: number, number: number, kind: 'clear', space: string]
  /** The data of a server may be from before what was invalidated. */
  | readonly [origin: string, shard: number, number: number, kind: 'everything']
  /** A load has ended, and others wait for it. Has no number: who misses it looks by himself. */
  | readonly [origin: string, shard: number, number: 0, kind: 'done', place: string]
  /** Sent by a tier to itself, to see that messages arrive. */
  | readonly [origin: string, shard: -1, number: 0, kind: 'probe']

/** The end of a message whose beginning and number a script puts before it. */
export function tail(kind: 'key' | 'tags' | 'clear' | 'everything', ...rest: readonly unknown[]): string {
  return `,${JSON.stringify([kind, ...rest]).slice(1)}`
}

/** A whole message without a number. */
export function unnumbered(origin: string, shard: number, kind: 'done' | 'probe', ...rest: readonly string[]): string {
  return JSON.stringify([origin, shard, 0, kind, ...rest])
}

/** The message that a text is, or `undefined` when it is none. */
export function parseMessage(text: string): Message | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(parsed)) return undefined
  const [origin, shard, number, kind, first, second] = parsed as unknown[]
  if (typeof origin !== 'string' || !Number.isSafeInteger(shard) || !Number.isSafeInteger(number)) return undefined
  const sound =
    kind === 'key'
      ? typeof first === 'string' && typeof second === 'string'
      : kind === 'tags'
        ? Array.isArray(first) && first.every((tag) => typeof tag === 'string')
        : kind === 'clear' || kind === 'done'
          ? typeof first === 'string'
          : kind === 'everything' || kind === 'probe'
  return sound ? (parsed as unknown as Message) : undefined
}
