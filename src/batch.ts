import { Flight, type AnyFlight } from './flight.ts'
import type { LoadMany, ManyResults } from './many-results.ts'
import type { Running } from './reentry.ts'

/**
 * The load of many that several flights wait for: a flight of its own, which no store knows.
 *
 * Its signal fires when all of those flights have been aborted. They are listened to only once somebody asks for it: a
 * signal for each key costs more than all else that is done for it.
 */
export class Batch<A, V> extends Flight<ManyResults<V>, [args: readonly A[]]> {
  readonly #members: readonly AnyFlight[]
  #isHeard = false

  /**
   * @param keys the keys of `args`, in the same order
   * @param members all flights of these keys that wait for this, more than one of a key where it was invalidated
   */
  constructor(loadMany: LoadMany<A, V>, args: A[], keys: readonly unknown[], members: readonly AnyFlight[]) {
    super(members, keys, undefined, loadMany, undefined, [args], undefined, undefined)
    this.#members = members
    if (members.every(({ background }) => background)) this.purpose = 'refresh'
    for (const member of members) (member as Running).batch = this
  }

  override get signal(): AbortSignal {
    if (!this.#isHeard) {
      this.#isHeard = true
      this.#listen()
    }
    return super.signal
  }

  override get tagged(): boolean {
    return this.#members.every(({ tagged }) => tagged)
  }

  /** What the load has said of its result by `loadContext`, it has said of the result of each key. */
  passOn(): void {
    for (const member of this.#members) {
      if (this.ttl !== undefined) member.ttl = this.ttl
      if (this.tags.length > 0) member.addTags(this.tags)
      if (this.skipped) member.skip()
    }
  }

  #listen(): void {
    let waiting = this.#members.length
    const leave = (reason: unknown): void => {
      waiting--
      if (waiting === 0) this.abort(reason)
    }
    for (const { signal } of this.#members) {
      if (signal.aborted) leave(signal.reason)
      else signal.addEventListener('abort', () => leave(signal.reason), { once: true })
    }
  }
}
