import type { TagSet } from './tagging.ts'

/** An invalidation of what carries some other tags besides. */
interface Conjunction {
  readonly others: readonly string[]
  at: number
}

/** How many different combinations one tag remembers; beyond it, the tag itself is invalidated. */
const mostConjunctions = 64

/** What is known of one tag. */
export class Tag {
  readonly name: string
  /** The moment of its last invalidation. */
  invalidatedAt: number
  /** Invalidations of what carries this and others. */
  conjunctions: Conjunction[] | undefined = undefined
  /** How many mutations are running that will invalidate this. */
  holds = 0

  constructor(name: string, invalidatedAt: number) {
    this.name = name
    this.invalidatedAt = invalidatedAt
  }

  /** The moment of its last invalidation, alone or with others. */
  get lastInvalidation(): number {
    return Math.max(this.invalidatedAt, ...(this.conjunctions ?? []).map(({ at }) => at))
  }

  /** Invalidates what carries this and all of the others. */
  invalidateWith(others: readonly string[], at: number): void {
    const same = this.conjunctions?.find(
      (conjunction) =>
        conjunction.others.length === others.length && others.every((other) => conjunction.others.includes(other)),
    )
    if (same !== undefined) same.at = at
    else if (this.conjunctions?.length === mostConjunctions) {
      this.conjunctions = undefined
      this.invalidatedAt = at
    } else (this.conjunctions ??= []).push({ others, at })
  }
}

/** How many invalidations there have been. */
export interface Changes {
  count: number
}

/** The tags of one entry, which hold on to what is known of them. */
export class Carried implements TagSet {
  readonly tags: readonly Tag[]
  readonly stamp: number
  readonly #changes: Changes
  /** How many invalidations there had been when this was last found to be alive: without a new one it still is. */
  #aliveAt = -1

  constructor(tags: readonly Tag[], stamp: number, changes: Changes) {
    this.tags = tags
    this.stamp = stamp
    this.#changes = changes
  }

  get names(): readonly string[] {
    return this.tags.map(({ name }) => name)
  }

  get alive(): boolean {
    return this.#aliveAt === this.#changes.count || this.#isAlive()
  }

  #isAlive(): boolean {
    const { tags, stamp } = this
    for (let index = 0; index < tags.length; index++) {
      const tag = tags[index]!
      if (tag.invalidatedAt > stamp || (tag.conjunctions !== undefined && this.#meets(tag.conjunctions))) return false
    }
    this.#aliveAt = this.#changes.count
    return true
  }

  #meets(conjunctions: readonly Conjunction[]): boolean {
    return conjunctions.some(
      ({ others, at }) => at > this.stamp && others.every((other) => this.tags.some(({ name }) => name === other)),
    )
  }
}
