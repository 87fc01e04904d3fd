import { callable, knownOptions, positiveInteger, wrongType } from './check.ts'
import { Carried, Tag, type Changes } from './carried-tags.ts'
import { listOf, type TagBook, type TagList, type TagRule, type TagSet } from './tagging.ts'

/** The options of {@link Tags}. */
export interface TagsOptions {
  /**
   * How many invalidated tags are remembered that no entry carries any more, for loads that are still running: a
   * positive integer. A load that has seen more invalidations than that go by is not kept. Default: 10,000.
   */
  remembered?: number
}

/**
 * Tags join entries of any functions and stores, to be invalidated together.
 *
 * Every entry notes the moment at which its load began, and every tag the moment of its last invalidation. A hit
 * compares the two, so an invalidation takes the same time however many entries carry the tag, and a load that was
 * running when it came is not kept, also where its tags are only known from the value. An entry that is invalidated so
 * counts no longer at once, and leaves its store when it is next asked for or when its room is needed.
 *
 * Memory: what is known of a tag is kept while an entry carries it; of tags that no entry carries, the last
 * {@link TagsOptions.remembered} that were invalidated.
 *
 * @example
 * const tags = new Tags()
 * const getUser = cached(lru({ max: 1_000 }), { tags: tags.of((user: User, id: string) => ['user:' + id, user.team]) })(fetchUser)
 * tags.invalidate('user:42')
 */
export class Tags implements TagBook {
  /** Tags that entries carry, or carried when the garbage collector last looked. */
  readonly #carried = new Map<string, WeakRef<Tag>>()
  readonly #collected = new FinalizationRegistry<string>((name) => {
    if (this.#carried.get(name)?.deref() === undefined) this.#carried.delete(name)
  })
  /** Tags that were invalidated last, and those that are held. */
  readonly #recent = new Map<string, Tag>()
  readonly #remembered: number
  readonly #listeners = new Set<(names: readonly string[]) => Promise<unknown>>()
  /** What listeners have not done yet. */
  readonly #underWay = new Set<Promise<unknown>>()
  /** The latest moment that was ever given out. */
  #last = 0
  /** The moment of the last invalidation. */
  #changed = 0
  readonly #changes: Changes = { count: 0 }
  /** No tag that is not known was invalidated after this moment. */
  #forgottenUntil = 0

  /** @throws `TypeError` or `RangeError` for an option that is unknown or wrong */
  constructor(options: TagsOptions = {}) {
    knownOptions('Tags', options, ['remembered'])
    this.#remembered = options.remembered === undefined ? 10_000 : positiveInteger('remembered', options.remembered)
  }

  /** The book itself, so that it can stand for a rule that knows no tags but those of `loadContext().addTags`. */
  get tags(): this {
    return this
  }

  /**
   * Makes the option `tags` of a function out of what gives the tags of a value.
   *
   * @param tagsOf is given the loaded value and the arguments of the call, and gives the tags, or a single one
   */
  of<V, Args extends readonly unknown[]>(tagsOf: (value: V, ...args: Args) => TagList): TagRule<V, Args> {
    callable('what gives the tags', tagsOf)
    return Object.assign((value: V, ...args: Args) => tagsOf(value, ...args), { tags: this })
  }

  /**
   * Invalidates every entry that carries one of these tags, and every load running now that will turn out to. In this
   * process that is done at once; {@link settled} tells when tiers have done it.
   */
  invalidate(...names: readonly string[]): void {
    this.heard(names)
    this.#tell(names)
  }

  /**
   * Invalidates every entry that carries all of these tags, and every load running now that will turn out to. Tiers know
   * of single tags only: there it invalidates all that carries the first.
   */
  invalidateAll(names: TagList): void {
    const [first, ...others] = new Set(checkNames(listOf(names)))
    if (first === undefined) throw wrongType('the tags of invalidateAll', 'one tag at least', names)
    if (others.length === 0) return this.invalidate(first)
    this.#tell([first])
    const at = this.#next()
    this.#noteLast(this.#known(first)).invalidateWith(others, at)
  }

  /**
   * Invalidates these tags now and again when the function that is returned is called. Until then nothing that carries
   * one of them is kept.
   */
  hold(names: TagList): () => unknown {
    const held = checkNames([...new Set(listOf(names))])
    // Held first: one that is not held may be forgotten while the others are invalidated, and its hold with it.
    const tags = held.map((name) => {
      const tag = this.#known(name)
      tag.holds++
      this.#recent.set(name, tag)
      return tag
    })
    this.invalidate(...held)
    let released = false
    return () => {
      if (released) return undefined
      released = true
      for (const tag of tags) tag.holds--
      this.invalidate(...held)
      return this.#listeners.size === 0 ? undefined : this.settled().catch(() => {})
    }
  }

  /**
   * Fulfilled when the tiers of all functions that have these tags have done what was invalidated before the call, and
   * at once where there is no tier. Rejects with the error of one that failed; it owes the invalidation, and does it as
   * soon as it can.
   */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  listen(listener: (names: readonly string[]) => Promise<unknown>): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  heard(names: readonly string[]): void {
    checkNames(names)
    const at = this.#next()
    for (const name of names) this.#noteLast(this.#known(name)).invalidatedAt = at
  }

  stamp(): number {
    this.#last = Math.max(Date.now(), this.#last)
    return this.#last
  }

  changedSince(stamp: number): boolean {
    return this.#changed > stamp
  }

  take(names: Iterable<string>, stamp: number): TagSet | undefined {
    const tags = Array.from(new Set(checkNames([...names])), (name) => this.#carry(name))
    const carried = new Carried(tags, stamp, this.#changes)
    return carried.alive && tags.every(({ holds }) => holds === 0) ? carried : undefined
  }

  /** A moment later than all before, also those of the same millisecond. */
  #next(): number {
    this.#last = Math.max(Date.now(), this.#last + 1 / 1024)
    this.#changed = this.#last
    this.#changes.count++
    return this.#last
  }

  #tell(names: readonly string[]): void {
    for (const listener of this.#listeners) {
      const told = listener(names).finally(() => this.#underWay.delete(told))
      told.catch(() => {})
      this.#underWay.add(told)
    }
  }

  #known(name: string): Tag {
    return this.#recent.get(name) ?? this.#carried.get(name)?.deref() ?? new Tag(name, this.#forgottenUntil)
  }

  #carry(name: string): Tag {
    const tag = this.#known(name)
    if (this.#carried.get(name)?.deref() !== tag) {
      this.#carried.set(name, new WeakRef(tag))
      this.#collected.register(tag, name)
    }
    return tag
  }

  /** Remembers a tag as the one invalidated last, and forgets the one whose invalidation is longest ago. */
  #noteLast(tag: Tag): Tag {
    this.#recent.delete(tag.name)
    if (this.#recent.size >= this.#remembered) this.#forget()
    this.#recent.set(tag.name, tag)
    return tag
  }

  #forget(): void {
    for (const [name, tag] of this.#recent) {
      if (tag.holds > 0) continue
      this.#recent.delete(name)
      this.#forgottenUntil = Math.max(this.#forgottenUntil, tag.lastInvalidation)
      return
    }
  }
}

function checkNames<T extends readonly unknown[]>(names: T): T & readonly string[] {
  for (const name of names) if (typeof name !== 'string') throw wrongType('a tag', 'a string', name)
  return names as T & readonly string[]
}
