import { Chain, Link } from './chain.ts'

/** What can be kept in {@link Deadlines}. */
export class Deadline extends Link {
  /** A whole number of milliseconds; `undefined` when there is no end. It must not change while this is kept. */
  deadline: number | undefined = undefined
}

/** From this distance on, some 71,000 years, there is no end. */
const farthest = 2 ** 51

/** The instant as a deadline: rounded up to a whole millisecond, and `undefined` when it never comes. */
export function deadlineAt(instant: number): number | undefined {
  return instant < farthest ? Math.max(Math.ceil(instant), -farthest) : undefined
}

/** A deadline is read as eleven digits of five bits: five in its low part, six in its high part. */
const digitBits = 5
const lowDigits = 5
const lowRange = 2 ** (digitBits * lowDigits)

/** How many nodes are put into a bucket that spans more than a millisecond before it is split. */
const bucketRoom = 8

/** Nodes of one slot: of one millisecond, in order of arrival, or a few of a longer span, unsorted. */
class Bucket<N extends Deadline> extends Chain<N> {
  readonly wheel: Wheel<N>
  readonly slot: number
  /** How many were ever put in: never less than are in. */
  added = 0

  constructor(wheel: Wheel<N>, slot: number) {
    super()
    this.wheel = wheel
    this.slot = slot
  }

  put(node: N): void {
    this.added++
    this.append(node)
  }
}

/** The 32 values of one digit, and for each that occurs a bucket, or the wheel of the next lower digit. */
class Wheel<N extends Deadline> {
  readonly level: number
  readonly slots: (Wheel<N> | Bucket<N> | undefined)[] = new Array(1 << digitBits).fill(undefined)
  /** One bit for each slot that is not empty. */
  occupied = 0
  parent: Wheel<N> | undefined
  slot: number

  constructor(level: number, parent: Wheel<N> | undefined, slot: number) {
    this.level = level
    this.parent = parent
    this.slot = slot
  }

  fill(slot: number, inner: Wheel<N> | Bucket<N>): void {
    this.slots[slot] = inner
    this.occupied |= 1 << slot
  }

  /** Gives up an empty slot, and with the last one this wheel's own. */
  vacate(slot: number): void {
    this.slots[slot] = undefined
    this.occupied &= ~(1 << slot)
    if (this.occupied === 0) this.parent?.vacate(this.slot)
  }

  /** The bucket of a slot that holds none or has one. */
  bucket(slot: number, there: Bucket<N> | undefined): Bucket<N> {
    if (there !== undefined) return there
    const bucket = new Bucket(this, slot)
    this.fill(slot, bucket)
    return bucket
  }

  /** Puts a wheel in the place of a bucket, and its nodes, in their order, into the slots of that. */
  split(slot: number, bucket: Bucket<N>): Wheel<N> {
    const wheel = new Wheel<N>(this.level - 1, this, slot)
    this.slots[slot] = wheel
    for (let node = bucket.first; node !== undefined; node = bucket.first) {
      node.unlink()
      const digit = digitOf(node.deadline!, wheel.level)
      wheel.bucket(digit, wheel.slots[digit] as Bucket<N> | undefined).put(node)
    }
    return wheel
  }

  /** The occupied slots, the soonest or the latest first. */
  *inOrder(latestFirst: boolean): Iterable<N> {
    for (let left = this.occupied; left !== 0;) {
      const slot = latestFirst ? highest(left) : lowest(left)
      left &= ~(1 << slot)
      const inner = this.slots[slot]!
      if (inner instanceof Wheel || this.level === 0) yield* inner.inOrder(latestFirst)
      else yield* sorted(inner, latestFirst)
    }
  }
}

/** The nodes of a bucket that spans more than a millisecond, in order. */
function sorted<N extends Deadline>(bucket: Bucket<N>, latestFirst: boolean): N[] {
  const nodes = [...bucket.inOrder()].toSorted((a, b) => a.deadline! - b.deadline!)
  return latestFirst ? nodes.toReversed() : nodes
}

function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits)
}

function highest(bits: number): number {
  return 31 - Math.clz32(bits)
}

function highPart(deadline: number): number {
  return Math.floor((deadline + farthest) / lowRange)
}

function lowPart(deadline: number): number {
  return deadline + farthest - highPart(deadline) * lowRange
}

function digitOf(deadline: number, level: number): number {
  return level < lowDigits
    ? (lowPart(deadline) >>> (digitBits * level)) & 31
    : (highPart(deadline) >>> (digitBits * (level - lowDigits))) & 31
}

/** Whether two deadlines are the same in all digits above a level. */
function sameAbove(level: number, a: number, b: number): boolean {
  if (level >= lowDigits - 1) {
    const shift = digitBits * (level - lowDigits + 1)
    return highPart(a) >>> shift === highPart(b) >>> shift
  }
  const shift = digitBits * (level + 1)
  return highPart(a) === highPart(b) && lowPart(a) >>> shift === lowPart(b) >>> shift
}

/**
 * Nodes in exact order of their deadlines, those of the same millisecond in order of arrival, those without an end last.
 *
 * Adding a node, removing any, and finding the soonest each take a number of steps that depends on the eleven digits of
 * a deadline and not on how many nodes there are. The deadlines may come in any order, sooner than all others too.
 *
 * It is a radix trie over the digits of the deadline, or a hierarchical timing wheel without a hand: George Varghese and
 * Tony Lauck, *Hashed and Hierarchical Timing Wheels* (1987); Eric Denardo and Bennett Fox, *Shortest-Route Methods:
 * Reaching, Pruning, and Buckets* (1979). A bucket bursts into a wheel of the next lower digit as soon as it has been
 * given more than eight nodes (Steffen Heinz, Justin Zobel and Hugh Williams, *Burst Tries*, 2002), so few wheels are
 * made where deadlines are sparse, and no step ever has many nodes to move.
 */
export class Deadlines<N extends Deadline> {
  readonly #endless = new Chain<N>()
  #root = new Wheel<N>(lowDigits - 1, undefined, 0)
  /** A deadline in the range of the root. */
  #rootSample = 0

  /** Whether any node has an end. */
  get anyEnds(): boolean {
    return this.#root.occupied !== 0
  }

  /** Takes up a node, last among those of its deadline. */
  add(node: N): void {
    const { deadline } = node
    if (deadline === undefined) {
      this.#endless.append(node)
      return
    }
    let wheel = this.#rootOver(deadline)
    for (;;) {
      const slot = digitOf(deadline, wheel.level)
      const inner = wheel.slots[slot]
      if (inner instanceof Wheel) {
        wheel = inner
      } else if (inner === undefined || wheel.level === 0 || inner.added < bucketRoom) {
        wheel.bucket(slot, inner).put(node)
        return
      } else {
        wheel = wheel.split(slot, inner)
      }
    }
  }

  /** The root, grown until the deadline is in its range. */
  #rootOver(deadline: number): Wheel<N> {
    if (this.#root.occupied === 0) {
      if (this.#root.level !== lowDigits - 1) this.#root = new Wheel(lowDigits - 1, undefined, 0)
      this.#rootSample = deadline
      return this.#root
    }
    while (!sameAbove(this.#root.level, deadline, this.#rootSample)) {
      const inner = this.#root
      this.#root = new Wheel(inner.level + 1, undefined, 0)
      inner.parent = this.#root
      inner.slot = digitOf(this.#rootSample, this.#root.level)
      this.#root.fill(inner.slot, inner)
    }
    return this.#root
  }

  /** Lets go of a node that was added. */
  remove(node: N): void {
    node.unlink()
    // Where both neighbours were one, that is the end mark of a chain that is empty now.
    if (node.prev === node.next && node.deadline !== undefined) {
      const bucket = node.prev as Bucket<N>
      bucket.wheel.vacate(bucket.slot)
    }
  }

  /** The node that comes first. */
  soonest(): N | undefined {
    if (this.#root.occupied === 0) return this.#endless.first
    let wheel = this.#root
    for (;;) {
      const inner = wheel.slots[lowest(wheel.occupied)]!
      if (inner instanceof Wheel) {
        wheel = inner
      } else {
        return wheel.level === 0 ? inner.first : soonestOf(inner)
      }
    }
  }

  /** All nodes, the soonest or the latest first. They must not change meanwhile. */
  *inOrder(latestFirst: boolean): Iterable<N> {
    if (latestFirst) yield* this.#endless.inOrder(true)
    yield* this.#root.inOrder(latestFirst)
    if (!latestFirst) yield* this.#endless.inOrder()
  }

  /** Lets go of all nodes. */
  clear(): void {
    this.#endless.clear()
    this.#root = new Wheel(lowDigits - 1, undefined, 0)
  }
}

/** The soonest of the few nodes of a bucket. */
function soonestOf<N extends Deadline>(bucket: Bucket<N>): N {
  let soonest = bucket.first!
  for (let node = soonest.next; node !== bucket; node = node.next) {
    if ((node as N).deadline! < soonest.deadline!) soonest = node as N
  }
  return soonest
}
