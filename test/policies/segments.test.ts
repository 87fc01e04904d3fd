import { expect } from 'chai'
import { reservedSlots, Segments } from '../../src/policies/segments.ts'
import { UseCounts } from '../../src/policies/use-counts.ts'
import { seededRandom } from '../../src/random.ts'
import { operationsWanted } from './operations.ts'

/** W-TinyLFU as it is plainly put: three lists, the least recently used entry first in each. */
class Lists {
  window: number[] = []
  probation: number[] = []
  kept: number[] = []
  mostInWindow = 0
  mostProtected = 0
  readonly #uses: UseCounts
  readonly #room: number
  readonly #weights: readonly number[]

  constructor(uses: UseCounts, room: number, weights: readonly number[]) {
    this.#uses = uses
    this.#room = room
    this.#weights = weights
  }

  setWindow(share: number): void {
    this.mostInWindow = Math.min(this.#room, Math.max(1, Math.round(share * this.#room)))
    this.mostProtected = Math.floor(0.8 * (this.#room - this.mostInWindow))
  }

  get all(): number[] {
    return [...this.probation, ...this.window, ...this.kept]
  }

  weightOf(list: readonly number[]): number {
    return list.reduce((sum, slot) => sum + this.#weights[slot]!, 0)
  }

  add(slot: number): void {
    this.window.push(slot)
    for (
      let moves = 0;
      moves < 4 && this.weightOf(this.window) > this.mostInWindow && this.window[0] !== slot;
      moves++
    ) {
      this.probation.push(this.window.shift()!)
    }
  }

  use(slot: number): void {
    const wasInWindow = this.window.includes(slot)
    const wasKept = this.kept.includes(slot)
    this.remove(slot)
    if (wasInWindow) return void this.window.push(slot)
    this.kept.push(slot)
    if (wasKept) return
    for (let moves = 0; moves < 4 && this.weightOf(this.kept) > this.mostProtected; moves++) {
      this.probation.push(this.kept.shift()!)
    }
  }

  remove(slot: number): void {
    const others = (list: readonly number[]): number[] => list.filter((other) => other !== slot)
    this.window = others(this.window)
    this.probation = others(this.probation)
    this.kept = others(this.kept)
  }

  /** All of them, the one to leave next first. */
  sorted(): number[] {
    const [candidate] = this.window
    const main = this.probation[0] ?? this.kept[0]
    const isNext = this.isFull() && candidate !== undefined && main !== undefined
    if (!isNext || this.#uses.of(candidate) > this.#uses.of(main)) return this.all
    return [candidate, ...this.all.filter((slot) => slot !== candidate)]
  }

  isFull(): boolean {
    const another = this.window.slice(-1)
    return another.length > 0 && this.weightOf([...this.window, ...another]) > this.mostInWindow
  }

  victim(keep: number | undefined): number {
    const firstOf = (list: readonly number[]): number | undefined => list.find((slot) => slot !== keep)
    const candidate = this.isFull() ? firstOf(this.window) : undefined
    const main = firstOf(this.probation) ?? firstOf(this.kept)
    if (main === undefined) return firstOf(this.window)!
    if (candidate === undefined) return main
    if (this.#uses.of(candidate) <= this.#uses.of(main)) return candidate
    this.window = this.window.filter((slot) => slot !== candidate)
    this.probation.push(candidate)
    return main
  }
}

describe('the segments of W-TinyLFU', () => {
  for (const weighs of [false, true]) {
    it(`are what three lists are, ${weighs ? 'by weight' : 'by count'}, wherever the window is moved`, () => {
      const random = seededRandom(3)
      const upTo = (n: number): number => Math.floor(n * random())
      const room = weighs ? 60 : 20
      const slots = 40
      const weights = Array.from({ length: reservedSlots + slots }, () => (weighs ? 1 + upTo(9) : 1))
      const uses = new UseCounts(slots)
      const segments = new Segments(uses, room, 0.1, weighs ? (slot) => weights[slot]! : undefined)
      const lists = new Lists(uses, room, weights)
      lists.setWindow(0.1)
      uses.resize(reservedSlots + slots)
      segments.resize(reservedSlots + slots)

      for (let n = 0; n < operationsWanted; n++) {
        // Some slots are used more than others.
        const slot = reservedSlots + Math.floor(slots * random() * random())
        const chance = upTo(100)
        if (chance < 3) {
          const share = [0.01, 0.05, 0.2, 0.5, 1][upTo(5)]!
          segments.setWindow(share)
          lists.setWindow(share)
        } else if (!lists.all.includes(slot)) {
          expect(segments.use(slot)).to.equal(false)
          while (lists.weightOf(lists.all) + weights[slot]! > room) {
            const expected = lists.victim(undefined)
            expect(segments.victim(undefined)).to.equal(expected)
            segments.remove(expected)
            lists.remove(expected)
          }
          uses.arrive(slot, slot * 0x9e3779b1, false)
          segments.add(slot)
          lists.add(slot)
        } else if (chance < 10) {
          segments.remove(slot)
          lists.remove(slot)
        } else if (weighs && chance < 20) {
          const more = upTo(3) - Math.min(1, weights[slot]! - 1)
          weights[slot]! += more
          segments.reweigh(slot, more)
          while (lists.weightOf(lists.all) > room) {
            const expected = lists.victim(slot)
            expect(segments.victim(slot)).to.equal(expected)
            segments.remove(expected)
            lists.remove(expected)
          }
        } else {
          uses.use(slot)
          expect(segments.use(slot)).to.equal(true)
          lists.use(slot)
        }

        expect([...segments.inOrder(false)]).to.deep.equal(lists.sorted())
        expect([...segments.inOrder(true)]).to.deep.equal(lists.sorted().toReversed())
        expect(segments.mostInWindow).to.equal(lists.mostInWindow)
      }
    }).timeout(20_000 + operationsWanted)
  }
})
