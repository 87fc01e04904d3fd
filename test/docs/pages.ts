import { readFileSync } from 'node:fs'
import { posix } from 'node:path'

import { entries } from '../../scripts/entries.ts'

/** A module made of one block of a page, or of one block and those that continue it. */
export interface Example {
  /** The line of the page on which its first block opens. */
  readonly line: number
  readonly runs: boolean
  /** The lines of the page that are code, at their own line numbers; all others are empty. */
  readonly code: (string | undefined)[]
}

/** What of a markdown page can be tested. */
export interface Page {
  readonly path: string
  readonly examples: readonly Example[]
  /** The names in `npm run <name>` within blocks of shell commands. */
  readonly scripts: readonly string[]
}

const shells = new Set(['sh', 'bash', 'shell', 'console'])
const untested = new Set(['typescript', 'js', 'javascript', 'mjs', 'cjs', 'mts', 'tsx', 'jsx'])

/** Finds the examples of a page. A mistake in how a block is marked is an error that names its line. */
export function readPage(path: string): Page {
  const lines = readFileSync(path, 'utf8').split(/\r?\n/)
  const examples: (Example & { runs: boolean })[] = []
  const scripts: string[] = []
  let block: { language: string; close: string; example?: Example | undefined } | undefined

  for (const [index, line] of lines.entries()) {
    if (block !== undefined) {
      if (line.trim() === block.close) block = undefined
      else if (block.example !== undefined) block.example.code[index] = line
      else if (shells.has(block.language)) {
        scripts.push(...Array.from(line.matchAll(/\bnpm run (?:-\S+ )*([\w:-]+)/g), ([, name]) => name!))
      }
      continue
    }

    const opening = /^\s*(```+|<!--(?= ts\b)) ?(\S*)(.*)$/.exec(line)
    if (opening === null) continue
    const [, mark, language, words] = opening as unknown as [string, string, string, string]
    block = { language, close: mark === '<!--' ? '-->' : mark }
    const place = `${path}:${index + 1}`
    if (untested.has(language)) throw new Error(`${place}: a block of code must be marked ts, but got: ${language}`)
    if (language !== 'ts') continue

    const flags = new Set(words.trim().split(/\s+/).filter(Boolean))
    for (const flag of flags) {
      if (flag !== 'continued' && flag !== 'no-run') throw new Error(`${place}: unknown word behind ts: ${flag}`)
    }
    if (!flags.has('continued')) examples.push({ line: index + 1, runs: true, code: [] })
    const example = examples.at(-1)
    if (example === undefined) throw new Error(`${place}: there is no block before it to be continued`)
    if (flags.has('no-run')) example.runs = false
    block.example = example
  }
  if (block !== undefined) throw new Error(`${path}: the last block is not closed`)
  return { path, examples, scripts }
}

/**
 * Writes the module of an example: its imports of the package lead to the sources, and its comments that state a
 * result have become assertions. Every line keeps its number.
 *
 * @param from the folder that the module will be in, seen from the repository
 */
export function moduleOf(page: Page, example: Example, from: string): string {
  const toRoot = posix.relative(from, '.')
  const [first = '', ...rest] = Array.from(example.code, (line = '', index) =>
    asserted(line, `${page.path}:${index + 1}`).replace(
      /\b(from |import\()(['"])([^'"]+)\2/g,
      (whole, keyword: string, quote: string, specifier: string) => {
        const source = entries.get(specifier)
        return source === undefined ? whole : `${keyword}${quote}${toRoot}/${source}${quote}`
      },
    ),
  )
  return [`import * as $ from '${toRoot}/test/docs/results.ts'; void $; ${first}`, ...rest, ''].join('\n')
}

/** Turns the comment at the end of a line into the assertion that it stands for. */
function asserted(line: string, place: string): string {
  const [, indent, declaration, name, expression, kind, result] =
    /^(\s*)((?:const|let) (\w+)(?:: [^=]+)? = )?(.+?);?\s*\/\/ (=>|throws) (.+)$/.exec(line) ?? []
  if (expression === undefined || result === undefined) return line
  const at = JSON.stringify(place)
  if (kind === 'throws') return `${indent}await $.throws(async () => (${expression}), ${JSON.stringify(result)}, ${at})`

  const part = /^(\{.*?),? \.\.\. ?\}$/.exec(result)
  const [check, value] = part === null ? ['is', result] : ['includes', `${part[1]} }`]
  return declaration === undefined
    ? `${indent}$.${check}(await (${expression}), (${value}), ${at})`
    : `${indent}${declaration}${expression}; $.${check}(${name}, (${value}), ${at})`
}
