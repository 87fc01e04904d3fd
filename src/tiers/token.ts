import { randomFillSync } from 'node:crypto'
import { toUSVString } from 'node:util'
import { spaceText } from '../store-key.ts'

const pool = Buffer.alloc(12 * 128)
let used = pool.length

/** A token that nobody has had before: 16 characters of ASCII, made of 96 bits of chance. */
export function newToken(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += 12
  return pool.toString('base64url', used - 12, used)
}

/**
 * A string as text that UTF-8 carries. Half a surrogate pair, which UTF-8 has no form for, is written out; the mark
 * before such a text is doubled where a string begins with it, so no two strings have one text.
 */
export function wellFormed(text: string): string {
  const escaped = text.startsWith(mark) ? mark + text : text
  return toUSVString(text) === text ? escaped : `${mark}j${JSON.stringify(text)}`
}

const mark = '\u0092'

/** The name of a key in a space: no two of them have one name, and UTF-8 carries it. */
export function placeText(space: string, key: string): string {
  return spaceText(wellFormed(space)) + wellFormed(key)
}
