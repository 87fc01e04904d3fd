import { stripVTControlCharacters } from 'node:util'

/** The columns of the smallest screen that the demo is made for. */
export const screenWidth = 80

const seen = (text: string): number => stripVTControlCharacters(text).length

/** One line of cells, each padded to its width; those of a negative width stand at the right of it. */
export function align(widths: readonly number[], cells: readonly string[]): string {
  const padded = cells.map((cell, column) => {
    const width = widths[column] ?? 0
    const padding = ' '.repeat(Math.max(0, Math.abs(width) - seen(cell)))
    return width < 0 ? padding + cell : cell + padding
  })
  return padded.join('  ').trimEnd()
}

/** The text in lines of at most `width` columns, broken between words. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (seen(longer) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

/** A whole number with its thousands set apart. */
export const count = (number: number): string => number.toLocaleString('en-US')

/** A time as it is read best: with digits behind the point only where it is short. */
export const milliseconds = (ms: number): string =>
  `${ms < 100 ? ms.toFixed(ms < 1 ? 3 : 1) : count(Math.round(ms))} ms`
