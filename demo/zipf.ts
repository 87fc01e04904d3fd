import { seededRandom } from '../src/testing.ts'

/**
 * Draws numbers from 0 to `items - 1` as requests come in life: the number 0 most often, each other in proportion to
 * 1 / (its number + 1), which is Zipf's law. The same seed draws the same numbers.
 */
export function zipf(items: number, draws: number, seed: number): number[] {
  const random = seededRandom(seed)
  const shares = Array.from({ length: items }, (_, item) => 1 / (item + 1))
  const whole = shares.reduce((sum, share) => sum + share, 0)
  return Array.from({ length: draws }, () => {
    let left = random() * whole
    const drawn = shares.findIndex((share) => (left -= share) < 0)
    return drawn === -1 ? items - 1 : drawn
  })
}
