/** In how many requests for each entry of a miniature half of what is known of it is forgotten. */
const halfLife = 20
/** In how many requests for each entry half of a lost trust comes back. */
const halfLifeOfDistrust = 200
/** A choice is looked at after this many requests for each entry of a miniature. */
const interval = 0.25
/** For how many requests for each entry a new window is given time, before it is asked to do what its miniature does. */
const patience = 2
/** The part of its miniature's hits below which the window in use is no longer believed. */
const believed = 0.6

/** What is known of a window that can be chosen. */
export interface Candidate {
  /** The share of the room that is for the window. */
  readonly window: number
  /** The hit rate of its miniature of late, 0 to 1. */
  readonly hitRate: number
  /** The part of its miniature's hits that it has lived up to when it was in use, 1 where it is believed. */
  readonly trust: number
}

/**
 * Chooses among windows by how often each one's miniature has had the key of late.
 *
 * Another window is chosen when its miniature has had more hits than that of the window in use, by more than the chance
 * in the requests that the two answered differently. A miniature may be wrong: a loop a little longer than the store may
 * just fit into it. So the hits of the store itself are compared with those of the miniature that was followed, and one
 * that promised too much counts for less for a while.
 */
export class WindowChoice {
  readonly #shares: readonly number[]
  readonly #room: number
  readonly #keep: number
  readonly #keepDistrust: number
  /** What follows is all weighed by age; the hits of each miniature, and the requests. */
  readonly #hits: Float64Array
  #requests = 0
  /** In how many requests each differed from the one in use. */
  readonly #differences: Float64Array
  readonly #trust: Float64Array
  #chosen: number
  #sinceChosen = 0
  #sinceLooked = 0
  /** Hits of the store, and of the miniature that it follows, since the window in use has had its time. */
  #storeHits = 0
  #promisedHits = 0

  /**
   * @param shares the windows that can be chosen
   * @param first which of them is in use
   * @param room how many entries a miniature may hold
   */
  constructor(shares: readonly number[], first: number, room: number) {
    this.#shares = shares
    this.#chosen = first
    this.#room = room
    this.#keep = 2 ** (-1 / (halfLife * room))
    this.#keepDistrust = 2 ** (-1 / (halfLifeOfDistrust * room))
    this.#hits = new Float64Array(shares.length)
    this.#differences = new Float64Array(shares.length)
    this.#trust = new Float64Array(shares.length).fill(1)
  }

  /** The share of the window in use. */
  get window(): number {
    return this.#shares[this.#chosen]!
  }

  /** All windows that can be chosen. */
  get candidates(): Candidate[] {
    const requests = Math.max(this.#requests, Number.MIN_VALUE)
    return this.#shares.map((window, at) => ({
      window,
      hitRate: this.#hits[at]! / requests,
      trust: this.#trust[at]!,
    }))
  }

  /**
   * Notes a request.
   *
   * @param isHit whether the store had the key
   * @param hits one bit for each miniature that had it, the first the lowest
   */
  note(isHit: boolean, hits: number): void {
    const promised = (hits >>> this.#chosen) & 1
    this.#requests = this.#requests * this.#keep + 1
    for (let at = 0; at < this.#shares.length; at++) {
      const hit = (hits >>> at) & 1
      this.#hits[at] = this.#hits[at]! * this.#keep + hit
      this.#differences[at] = this.#differences[at]! * this.#keep + (hit ^ promised)
      if (at !== this.#chosen) this.#trust[at] = 1 - (1 - this.#trust[at]!) * this.#keepDistrust
    }
    this.#sinceLooked++
    if (++this.#sinceChosen > patience * this.#room) this.#compare(isHit ? 1 : 0, promised)
  }

  /** Looks whether another window is to be used from now on. */
  changes(): boolean {
    if (this.#sinceLooked < interval * this.#room) return false
    this.#sinceLooked = 0
    let best = this.#chosen
    let most = 0
    for (let at = 0; at < this.#shares.length; at++) {
      const more = this.#worth(at) - this.#worth(this.#chosen) - Math.sqrt(this.#differences[at]!)
      if (more > most) ((best = at), (most = more))
    }
    if (best === this.#chosen) return false
    this.#choose(best)
    return true
  }

  #choose(at: number): void {
    this.#chosen = at
    this.#sinceChosen = 0
    this.#storeHits = 0
    this.#promisedHits = 0
    // How often the others differed from this one is not known: at least as often as their hits differ.
    for (let other = 0; other < this.#shares.length; other++) {
      this.#differences[other] = Math.abs(this.#hits[other]! - this.#hits[at]!)
    }
  }

  #worth(at: number): number {
    return this.#hits[at]! * this.#trust[at]!
  }

  #compare(isHit: number, promised: number): void {
    this.#storeHits = this.#storeHits * this.#keep + isHit
    this.#promisedHits = this.#promisedHits * this.#keep + promised
    if (this.#sinceChosen <= (patience + 1) * this.#room || this.#promisedHits === 0) return
    const kept = this.#storeHits / this.#promisedHits
    this.#trust[this.#chosen] = kept < believed ? kept : 1
  }
}
