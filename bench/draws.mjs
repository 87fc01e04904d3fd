/** Reproducible sequences of key numbers. */

/** Numbers in [0, 1), the same on every machine (a 32-bit xorshift, Marsaglia 2003). */
function seeded(seed = 0x9e3779b9) {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 0x1_0000_0000
  }
}

/** `length` numbers drawn evenly from 0 to `count` - 1. */
export function seededDraws(count, length) {
  const random = seeded()
  return Uint32Array.from({ length }, () => Math.floor(random() * count))
}

/** `length` numbers from 0 to `count` - 1, the i-th with a probability in proportion to 1 / (i + 1). */
export function zipfDraws(count, length) {
  const random = seeded()
  const sums = new Float64Array(count)
  let sum = 0
  for (let i = 0; i < count; i++) sums[i] = sum += 1 / (i + 1)
  return Uint32Array.from({ length }, () => {
    const drawn = random() * sum
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle] < drawn) low = middle + 1
      else high = middle
    }
    return low
  })
}
