/** The first heading of a Markdown text as plain ASCII, short enough for a cell. */
export function titleOf(markdown: string): string {
  const [, heading = 'no heading'] = /^#+ +(.+)$/m.exec(markdown) ?? []
  const plain = heading
    .replaceAll(/!\[[^\]]*\]\([^)]*\)|<[^>]*>|[^\x20-\x7e]/g, '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '')
  return plain.trim().slice(0, 40)
}

/** How many words a text has. */
export function wordsOf(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}
