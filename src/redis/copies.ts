/** An entry that first tiers of this process may have a copy of. */
interface Copy {
  readonly space: string
  readonly key: string
  /** The stamp of the entry that was seen last; '' for none. */
  stamp: string
  /** How many reads and writes of it are under way. */
  busy: number
  /** Whether it has changed while one was. */
  doubted: boolean
}

/** What {@link Copies} asks and tells. */
export interface CopiesOptions {
  /** The most entries that are remembered. */
  readonly max: number
  /** The stamp of the entry that is under a name of the server now; '' where there is none. */
  readonly stampOf: (name: string) => Promise<string>
  /** Told of copies that may be old. */
  readonly drop: (space: string, key: string) => void
}

/**
 * Knows what first tiers of this process may have copies of, and finds those whose entry is no longer what it was.
 *
 * A server that tracks keys tells of every write to an entry, and does not say who has written it or what. So what has
 * changed is looked at: where it still has the stamp that this process has seen or written last, the message was about
 * that. What is not known here is not asked for.
 */
export class Copies {
  readonly #options: CopiesOptions
  readonly #copies = new Map<string, Copy>()

  constructor(options: CopiesOptions) {
    this.#options = options
  }

  /**
   * Notes a read or a write that is about to be sent, for what changes between it and its reply.
   *
   * @param name of the entry on the server
   * @returns what is told the stamp of the entry that was seen or written, '' for none; or nothing, where that failed
   */
  begin(name: string, space: string, key: string): (stamp?: string) => void {
    const known = this.#copies.get(name)
    const copy = known ?? { space, key, stamp: '', busy: 0, doubted: false }
    // What was asked for last is at the end, and the first ones are let go of.
    if (known !== undefined) this.#copies.delete(name)
    this.#copies.set(name, copy)
    copy.busy++
    if (this.#copies.size > this.#options.max) this.#letGo()
    let isOver = false
    return (stamp) => {
      if (isOver) return
      isOver = true
      if (stamp !== undefined) copy.stamp = stamp
      this.#end(name, copy)
    }
  }

  /** This process has invalidated it itself, and fenced what was under way. */
  forget(name: string): void {
    this.#copies.delete(name)
  }

  /** All copies that were made until now are old anyway. */
  clear(): void {
    this.#copies.clear()
  }

  /** The server tells that it has been written, or has gone. */
  changed(name: string): void {
    const copy = this.#copies.get(name)
    if (copy === undefined) return
    copy.doubted = true
    // What a reply that is under way will show may be from before: then it is looked at after that.
    if (copy.busy === 0) void this.#check(name, copy)
  }

  #end(name: string, copy: Copy): void {
    copy.busy--
    if (copy.busy > 0 || this.#copies.get(name) !== copy) return
    // Where nothing was there, nothing was copied.
    if (copy.stamp === '') this.#copies.delete(name)
    else if (copy.doubted) void this.#check(name, copy)
  }

  async #check(name: string, copy: Copy): Promise<void> {
    copy.doubted = false
    copy.busy++
    let now: string | undefined
    try {
      now = await this.#options.stampOf(name)
    } catch {
      // What cannot be looked at is not believed.
    }
    if (copy.busy > 1) copy.doubted = true
    else if (now !== copy.stamp && this.#copies.get(name) === copy) this.#drop(name, copy)
    this.#end(name, copy)
  }

  #drop(name: string, { space, key }: Copy): void {
    this.#copies.delete(name)
    this.#options.drop(space, key)
  }

  /** Makes room: what is no longer remembered is no longer copied. */
  #letGo(): void {
    for (const [name, copy] of this.#copies) {
      if (copy.busy > 0) continue
      this.#drop(name, copy)
      return
    }
  }
}
