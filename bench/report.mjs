/** Turns results into text: a matrix of ratios for terminal and Markdown, the verdicts, the results in README.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'

const raised = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** A number as the mark of a footnote. */
function mark(number) {
  return String(number).replace(/\d/g, (digit) => raised[digit])
}

/** Three figures or so: more would be noise. */
export function figure(value) {
  if (value === undefined || Number.isNaN(value)) return '—'
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)
}

/** Numbers footnotes in the order in which they come up. */
class Footnotes {
  #texts = []

  cite(texts) {
    const numbers = texts.map((text) => {
      if (!this.#texts.includes(text)) this.#texts.push(text)
      return this.#texts.indexOf(text) + 1
    })
    const sorted = numbers.toSorted((a, b) => a - b)
    return sorted.map(mark).join('˒')
  }

  lines() {
    return this.#texts.map((text, i) => `${mark(i + 1)} ${text}`)
  }
}

/** How much dearer `await` of the uncached function is once a subject has been used: over all scenarios, the median. */
function costElsewhere(row, median) {
  const factors = row.filter((cell) => cell?.unitNs !== undefined).map((cell) => cell.unitNs / cell.earlyUnitNs)
  return factors.length === 0 ? undefined : median(factors)
}

/** The cells of the matrix as strings: one line a scenario, one column a subject. */
export function matrix({ scenarios, subjects, cells }, median) {
  const notes = new Footnotes()
  const lines = scenarios.map(({ name, title }) => {
    const found = subjects.map((subject) => cells.get(subject)?.get(name))
    const texts = found.map((cell) => {
      if (cell === undefined) return ''
      if (cell.unsupported !== undefined) return `—${notes.cite([cell.unsupported])}`
      if (cell.failed !== undefined) return `✗${notes.cite([cell.failed])}`
      return (cell.bytes === undefined ? figure(cell.ratio) : cell.bytes.toFixed(0)) + notes.cite(cell.notes)
    })
    const ns = cells.get('polycache')?.get(name)?.ns
    return [title, ns === undefined ? '' : `${figure(ns)} ns`, ...texts]
  })
  const bytesOf = (subject) => cells.get(subject)?.get('memory')?.bytes
  if (bytesOf('lru-cache values') !== undefined) {
    const beyond = subjects.map((subject) => bytesOf(subject) - bytesOf('lru-cache values'))
    lines.push([
      '  beyond those of lru-cache with bare values',
      '',
      ...beyond.map((bytes) => (Number.isNaN(bytes) ? '—' : bytes.toFixed(0))),
    ])
  }
  const elsewhere = subjects.map((subject) => {
    const factor = costElsewhere([...(cells.get(subject)?.values() ?? [])], median)
    return factor === undefined ? '' : figure(factor)
  })
  lines.push(['`await` of the uncached function, after / before', '', ...elsewhere])
  return { head: ['scenario', 'polycache (time)', ...subjects], lines, notes: notes.lines() }
}

/** Breaks a name into pieces of at most `width`, after hyphens and spaces where it can. */
function wrapped(name, width) {
  const pieces = []
  for (const word of name.split(/(?<=[- ])/)) {
    const last = pieces.at(-1)
    if (last !== undefined && last.length + word.trimEnd().length <= width) pieces[pieces.length - 1] = last + word
    else pieces.push(word)
  }
  return pieces.map((piece) => piece.trimEnd())
}

export function terminalTable({ head, lines, notes }) {
  const heads = head.map((name, i) => (i === 0 ? [name] : wrapped(name, 9)))
  const height = Math.max(...heads.map((pieces) => pieces.length))
  const columns = head.map((_, i) =>
    Math.max(...heads[i].map((piece) => piece.length), ...lines.map((line) => line[i].length)),
  )
  const row = (texts) =>
    texts
      .map((text, i) => (i === 0 ? text.padEnd(columns[i]) : text.padStart(columns[i])))
      .join('  ')
      .trimEnd()
  const top = Array.from({ length: height }, (_, h) =>
    row(heads.map((pieces) => pieces[h - height + pieces.length] ?? '')),
  )
  return [...top, ...lines.map(row), '', ...notes].join('\n')
}

export function markdownTable({ head, lines }) {
  const row = (texts) => `| ${texts.join(' | ')} |`
  return [row(head), row(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...lines.map(row)].join('\n')
}

/** What is said of each target: what was measured, and whether it holds. */
export function verdicts(targets, cells) {
  return targets.flatMap(({ scenario, atMost, timesOf, timesOfScenario, beyond }) => {
    const own = cells.get('polycache')?.get(scenario)
    const reference = cells.get(timesOf ?? beyond ?? 'polycache')?.get(timesOfScenario ?? scenario)
    if (own === undefined || reference === undefined) return []
    const times = timesOf ?? timesOfScenario
    const unit = times !== undefined ? ` x ${times}` : beyond !== undefined ? ` bytes beyond ${beyond}` : ''
    let measured = own.ratio
    let fresh = own.earlyRatio
    if (times !== undefined) {
      measured = own.ratio / reference.ratio
      fresh = own.earlyRatio / reference.earlyRatio
    } else if (beyond !== undefined) {
      measured = own.bytes - reference.bytes
      fresh = undefined
    }
    return [{ scenario, atMost, unit, measured, fresh, holds: measured <= atMost }]
  })
}

/** The packages, not counting what is bare, that were faster than polycache in a scenario. */
export function ahead(scenario, subjects, cells, bare) {
  const value = (cell) => cell?.ratio ?? cell?.bytes
  const own = value(cells.get('polycache')?.get(scenario))
  if (own === undefined) return []
  return subjects.filter((name) => {
    if (name === 'polycache' || bare.has(name)) return false
    return value(cells.get(name)?.get(scenario)) < own
  })
}

export function verdictTable(found, titles) {
  return {
    head: ['target', 'at most', 'measured', 'to a fresh baseline', 'holds'],
    lines: found.map(({ scenario, atMost, unit, measured, fresh, holds }) => [
      titles.get(scenario),
      `${atMost}${unit}`,
      unit.startsWith(' bytes') ? measured.toFixed(1) : figure(measured),
      figure(fresh),
      holds ? 'yes' : 'NO',
    ]),
    notes: [],
  }
}

/** The command that gives the same figures: without the options that only say where they go, or which build it is. */
export function commandOf(script, { runs, quick, only, scenario }) {
  const given = [
    ...(quick ? ['--quick'] : runs === undefined ? [] : [`--runs ${runs}`]),
    ...(only === undefined ? [] : [`--only '${only}'`]),
    ...(scenario === undefined ? [] : [`--scenario ${scenario}`]),
  ]
  return [`npm run ${script}`, ...(given.length > 0 ? ['--'] : []), ...given].join(' ')
}

/** The lines that say where, when and with what the results came about. */
export function circumstances({ versions, command }) {
  const all = cpus()
  return [
    `- machine: ${all[0]?.model.trim() ?? 'unknown'}, ${all.length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}`,
    `- node ${process.version} (V8 ${process.versions.v8})`,
    `- ${versions.map(([name, version]) => `${name} ${version}`).join(', ')}`,
    `- ${new Date().toISOString().slice(0, 10)}, \`${command}\``,
  ]
}

/** Puts `text` between the two marks called `name` in the README. */
export function writeSection(file, name, text) {
  const page = readFileSync(file, 'utf8')
  const start = `<!-- ${name}:start -->`
  const end = `<!-- ${name}:end -->`
  const from = page.indexOf(start)
  const to = page.indexOf(end)
  if (from === -1 || to < from) throw new Error(`${start} and ${end} must be in ${file.pathname ?? file}`)
  writeFileSync(file, `${page.slice(0, from + start.length)}\n\n${text}\n\n${page.slice(to)}`)
}
