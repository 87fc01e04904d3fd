import { duration, outOfRange, wrongType } from '../check.ts'
import { maxTags, type Life } from './tier.ts'

/** A life whose every part is known. */
export interface CheckedLife {
  readonly freshFor: number
  readonly staleFor: number
  readonly tags: readonly string[]
  readonly announce: boolean
}

/** The longest tag, in UTF-8. */
const maxTagBytes = 65_535

/** Checks how long an entry is to live. @throws {TypeError | RangeError} */
export function checkedLife(life: Life): CheckedLife {
  const { freshFor, staleFor = 0, tags = [], announce = false } = life
  if (!(duration('freshFor', freshFor) > 0)) throw outOfRange('freshFor', 'more than 0 milliseconds', freshFor)
  return { freshFor, staleFor: duration('staleFor', staleFor), tags: checkedTags(tags), announce }
}

/** The tags without repetitions. @throws {TypeError | RangeError} */
export function checkedTags(tags: readonly string[]): readonly string[] {
  if (tags.length === 0) return tags
  const unique = [...new Set(tags)]
  for (const tag of unique) {
    if (typeof tag !== 'string') throw wrongType('a tag', 'a string', tag)
    if (Buffer.byteLength(tag) > maxTagBytes) throw outOfRange('a tag', `at most ${maxTagBytes} bytes long`, tag.length)
  }
  if (unique.length > maxTags) throw outOfRange('tags', `at most ${maxTags}`, unique.length)
  return unique
}
