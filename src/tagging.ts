import { iterable } from './check.ts'

/** Tags, or a single one. */
export type TagList = string | Iterable<string>

/** The tags of a list; a string is one tag, and not its characters. */
export function listOf(tags: TagList): string[] {
  return typeof tags === 'string' ? [tags] : [...iterable('tags', tags)]
}

/** The tags of one entry. */
export interface TagSet {
  readonly names: readonly string[]
  /** The moment in the order of its {@link TagBook} at which the load of the entry began. */
  readonly stamp: number
  /** Whether no invalidation of these tags has come since. */
  readonly alive: boolean
}

/** What knows when tags were invalidated, as the engine sees it. */
export interface TagBook {
  /** This moment, in the order of all invalidations: each that comes later has a greater one. */
  stamp(): number
  /** Whether any tag at all has been invalidated since. */
  changedSince(stamp: number): boolean
  /** The tags of an entry whose load began at `stamp`; `undefined` if the entry must not be kept any more. */
  take(names: Iterable<string>, stamp: number): TagSet | undefined
  /**
   * Tells a listener of every invalidation, for what keeps entries out of the reach of this.
   *
   * @param listener gives a promise of having done it too
   * @returns what ends it
   */
  listen(listener: (names: readonly string[]) => Promise<unknown>): () => void
  /** Invalidates what has one of these tags, as somebody else has done it already. Tells no listener. */
  heard(names: readonly string[]): void
}

/** Gives the tags of a loaded value, and says who keeps their book. Made by `tags.of`. */
export interface TagRule<V, Args extends readonly unknown[]> {
  (value: V, ...args: Args): TagList
  readonly tags: TagBook
}
