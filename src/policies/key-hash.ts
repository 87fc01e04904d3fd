import type { Random } from '../types.ts'

/** What stands for the keys that have nothing to be hashed but that they are themselves. */
const numbers = new WeakMap<WeakKey, number>()
let lastNumber = 0

/** Spreads what tells two numbers apart over all 32 bits: the finisher of MurmurHash3 (Austin Appleby). */
export function scramble(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/**
 * Hashes of 32 bits of keys of every kind; equal keys of a `Map` have equal hashes.
 *
 * Every instance draws its own seed and its own multiplier, so nobody who chooses keys can choose them to collide.
 * It must not be used where a collision would be a mistake: here it only blurs how often a key was used.
 */
export class KeyHash {
  readonly #seed: number
  readonly #multiplier: number
  readonly #double: Float64Array = new Float64Array(1)
  readonly #halves: Uint32Array = new Uint32Array(this.#double.buffer)

  constructor(random: Random) {
    this.#seed = Math.floor(random() * 2 ** 32) | 0
    // Odd, so that nothing is lost by the multiplication, and neither small nor near a power of two.
    this.#multiplier = (Math.floor(random() * 2 ** 32) & 0x7ffdbfe8) | 0x40024015
  }

  of(key: unknown): number {
    switch (typeof key) {
      case 'string':
        return this.#ofText(key, this.#seed)
      case 'number':
        return this.#ofNumber(key)
      case 'bigint':
        return this.#ofText(String(key), ~this.#seed)
      case 'boolean':
        return scramble(this.#seed ^ (key ? 1 : 2))
      case 'symbol':
      case 'function':
      case 'object':
        return scramble(this.#seed ^ Math.imul(numberOf(key), this.#multiplier))
      default:
        return scramble(this.#seed ^ 3)
    }
  }

  #ofNumber(key: number): number {
    if ((key | 0) === key) return scramble(this.#seed ^ Math.imul(key, this.#multiplier))
    this.#double[0] = key
    return scramble(this.#seed ^ Math.imul(this.#halves[0]!, this.#multiplier) ^ this.#halves[1]!)
  }

  /** Two characters at a time: this is most of what an eviction costs. */
  #ofText(text: string, seed: number): number {
    const { length } = text
    const even = length & ~1
    let hash = seed ^ length
    for (let at = 0; at < even; at += 2) {
      hash = Math.imul(hash ^ (text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16)), this.#multiplier)
      hash = (hash << 13) | (hash >>> 19)
    }
    if (even < length) hash = Math.imul(hash ^ text.charCodeAt(even), this.#multiplier)
    return scramble(hash)
  }
}

/** A number that an object, a function or a symbol keeps for as long as it lives. */
function numberOf(key: unknown): number {
  if (key === null) return 0
  if (typeof key === 'symbol' && Symbol.keyFor(key) !== undefined) return textNumber(Symbol.keyFor(key)!)
  let number = numbers.get(key as WeakKey)
  if (number === undefined) {
    number = ++lastNumber
    numbers.set(key as WeakKey, number)
  }
  return number
}

/** A registered symbol lives for ever, and a `WeakMap` refuses it: its name is all there is. */
function textNumber(text: string): number {
  let number = 0
  for (let at = 0; at < text.length; at++) number = (Math.imul(number, 31) + text.charCodeAt(at)) | 0
  return number
}
