/** A value of a kind that JSON does not know, in words. */
export interface Spelled {
  readonly kind: 'number' | 'bigint'
  readonly text: string
}

/** Spells a bigint, and a number that is not finite; `undefined` for anything else. */
export function spelled(value: unknown): Spelled | undefined {
  if (typeof value === 'bigint') return { kind: 'bigint', text: `${value}` }
  return typeof value === 'number' && !Number.isFinite(value) ? { kind: 'number', text: `${value}` } : undefined
}

/** Gives the value that was spelled. */
export function valueOf({ kind, text }: Spelled): unknown {
  return kind === 'bigint' ? BigInt(text) : Number(text)
}
