/**
 * Whole numbers as digits: from `-farthest` on and below `farthest`, eleven digits of five bits each, five in a low part
 * and six in a high one, as the operators for bits take 32 at once.
 */

/** From this distance on, 2 to the power of 51, a number has no digits: in milliseconds, some 71,000 years. */
export const farthest: number = 0x8_0000_0000_0000

const digitBits = 5
const lowDigits = 5
/** 2 to the power of all bits of the low part. Bundlers keep a power that nobody uses. */
const lowRange = 0x200_0000

/** How many values a digit has. */
export const base: number = 1 << digitBits

/** The highest digit of the low part. */
export const topOfLowPart: number = lowDigits - 1

function highPart(number: number): number {
  return Math.floor((number + farthest) / lowRange)
}

function lowPart(number: number): number {
  return number + farthest - highPart(number) * lowRange
}

/** The digit of a number at a level, 0 being the lowest. */
export function digitOf(number: number, level: number): number {
  return level < lowDigits
    ? (lowPart(number) >>> (digitBits * level)) & (base - 1)
    : (highPart(number) >>> (digitBits * (level - lowDigits))) & (base - 1)
}

/** Whether two numbers are the same in all digits above a level, which is {@link topOfLowPart} or higher. */
export function sameAbove(level: number, a: number, b: number): boolean {
  const shift = digitBits * (level - topOfLowPart)
  return highPart(a) >>> shift === highPart(b) >>> shift
}

/** The lowest bit that is set. */
export function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits)
}

/** The highest bit that is set. */
export function highest(bits: number): number {
  return 31 - Math.clz32(bits)
}
