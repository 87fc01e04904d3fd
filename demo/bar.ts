/** A bar of blocks, to the half of one; longer ones go on in the next line. */
export function bar(length: number, width: number): string[] {
  const blocks = '█'.repeat(Math.floor(length)) + (length % 1 >= 0.5 ? '▌' : '')
  const lines: string[] = []
  for (let from = 0; from < blocks.length; from += width) lines.push(blocks.slice(from, from + width))
  return lines
}
