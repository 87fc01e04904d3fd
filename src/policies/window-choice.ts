/** In how many requests for each entry of a miniature half of what is known of it is forgotten. */
const halfLife = 20
/** In how many requests for each entry half of a lost trust comes back. */
const halfLifeOfDistrust = 200
/** A choice is looked at after this many requests for each entry of a miniature. */
const interval = 0.25
/** For how many requests for each entry a new window is given time, before it is asked to do what its miniature does. */
const patience = 2
/** The part of its miniature's hits below which the window in use is no longer believed. */
const believed = 0.75
/** The weight of a request at which all weights are made smaller. */
const heaviest = 2 ** 100

/** What is known of a window that can be chosen. */
export interface WindowCandidate {
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
  readonly #all: number
  readonly #room: number
  /** What a request counts, beside one before it: instead of making all that is old smaller, what is new counts more. */
  readonly #growth: number
  #weight = 1
  /** What follows is weighed so: the requests, the hits that all miniatures had, and those that only some had. */
  #requests = 0
  #commonHits = 0
  readonly #otherHits: Float64Array
  /** In how many requests each differed from the one in use. */
  readonly #differences: Float64Array
  /** Hits of the store, and of the miniature that it follows, since the window in use has had its time. */
  #storeHits = 0
  #promisedHits = 0
  readonly #trust: Float64Array
  #chosen: number
  #sinceChosen = 0
  #sinceLooked = 0

  /**
   * @param shares the windows that can be chosen, 30 at most
   * @param first which of them is in use
   * @param room how many entries a miniature may hold
   */
  constructor(shares: readonly number[], first: number, room: number) {
    this.#shares = shares
    this.#all = 2 ** shares.length - 1
    this.#chosen = first
    this.#room = room
    this.#growth = 2 ** (1 / (halfLife * room))
    this.#otherHits = new Float64Array(shares.length)
    this.#differences = new Float64Array(shares.length)
    this.#trust = new Float64Array(shares.length).fill(1)
  }

  /** The share of the window in use. */
  get window(): number {
    return this.#shares[this.#chosen]!
  }

  /** All windows that can be chosen. */
  get candidates(): WindowCandidate[] {
    const requests = Math.max(this.#requests, Number.MIN_VALUE)
    return this.#shares.map((window, at) => ({
      window,
      hitRate: (this.#commonHits + this.#otherHits[at]!) / requests,
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
    const weight = this.#weight * this.#growth
    this.#weight = weight
    this.#requests += weight
    if (hits === this.#all) this.#commonHits += weight
    else if (hits !== 0) this.#noteEach(hits, weight)
    this.#sinceLooked++
    if (++this.#sinceChosen > patience * this.#room) {
      if (isHit) this.#storeHits += weight
      if (((hits >>> this.#chosen) & 1) === 1) this.#promisedHits += weight
    }
    if (weight > heaviest) this.#scale()
  }

  #noteEach(hits: number, weight: number): void {
    const promised = (hits >>> this.#chosen) & 1
    for (let at = 0; at < this.#shares.length; at++) {
      const hit = (hits >>> at) & 1
      if (hit === 1) this.#otherHits[at]! += weight
      if (hit !== promised) this.#differences[at]! += weight
    }
  }

  /** Looks whether another window is to be used from now on. */
  changes(): boolean {
    if (this.#sinceLooked < interval * this.#room) return false
    this.#reconsider()
    this.#sinceLooked = 0
    let best = this.#chosen
    // An error of rounding is no reason.
    let most = 1e-6
    for (let at = 0; at < this.#shares.length; at++) {
      const chance = Math.sqrt(this.#differences[at]! / this.#weight)
      const more = (this.#worth(at) - this.#worth(this.#chosen)) / this.#weight - chance
      if (more > most) {
        best = at
        most = more
      }
    }
    if (best === this.#chosen) return false
    this.#choose(best)
    return true
  }

  #worth(at: number): number {
    return (this.#commonHits + this.#otherHits[at]!) * this.#trust[at]!
  }

  #choose(at: number): void {
    this.#chosen = at
    this.#sinceChosen = 0
    this.#storeHits = 0
    this.#promisedHits = 0
    // How often the others differed from this one is not known: at least as often as their hits differ.
    for (let other = 0; other < this.#shares.length; other++) {
      this.#differences[other] = Math.abs(this.#otherHits[other]! - this.#otherHits[at]!)
    }
  }

  /** Trusts the window in use as far as it has kept what its miniature promises, and the others a little more again. */
  #reconsider(): void {
    const distrustLeft = 2 ** (-this.#sinceLooked / (halfLifeOfDistrust * this.#room))
    for (let at = 0; at < this.#shares.length; at++) {
      if (at !== this.#chosen) this.#trust[at] = 1 - (1 - this.#trust[at]!) * distrustLeft
    }
    if (this.#sinceChosen <= (patience + 1) * this.#room || this.#promisedHits === 0) return
    const kept = this.#storeHits / this.#promisedHits
    this.#trust[this.#chosen] = kept < believed ? kept : 1
  }

  /** Makes all that is weighed smaller, before the numbers get too large. */
  #scale(): void {
    const factor = 1 / this.#weight
    this.#weight = 1
    this.#requests *= factor
    this.#commonHits *= factor
    this.#storeHits *= factor
    this.#promisedHits *= factor
    for (let at = 0; at < this.#shares.length; at++) {
      this.#otherHits[at]! *= factor
      this.#differences[at]! *= factor
    }
  }
}
