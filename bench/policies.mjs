/**
 * `npm run bench:policies`: how many requests of real or generated traces each policy answers, and what its operations
 * cost at 1,000 to 1,000,000 entries. See README.md for what is measured and how.
 */
import { parseArgs } from 'node:util'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { median } from './measure.mjs'
import { hitsOn, tracesOf } from './policies-hits.mjs'
import { hitVerdicts, meanOfOptimal, timeVerdicts } from './policies-verdicts.mjs'
import { policySubjects } from './policy-subjects.mjs'
import { builtPackage, inProcess, installPeers, progress, root, stop, versionOf, warnIfBusy } from './processes.mjs'
import { circumstances, commandOf, figure, markdownTable, terminalTable, writeSection } from './report.mjs'

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    part: { type: 'string' },
    traces: { type: 'string' },
    json: { type: 'string' },
    dist: { type: 'string' },
    write: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

if (options.help) {
  console.log(`npm run bench:policies -- [options]

  --traces <folder>     of files NAME.keys.gz (../shared/traces); generated ones where there are none
  --runs <n>            processes per store and size, the median of which counts (3)
  --quick               short traces, and one short run
  --only <a,b>          of ${Object.keys(policySubjects).join(' · ')}
  --part <hits|times>   one half of it
  --json <file>         all figures
  --dist <folder>       another build than the one of this folder
  --write               put the results into bench/README.md
  --check               end with exit code 1 if a target is missed`)
  process.exit(0)
}

const runs = options.quick ? 1 : Number(options.runs ?? 3)
if (!Number.isInteger(runs) || runs < 1) stop(`runs must be a positive integer, but got: ${options.runs}`)
if (![undefined, 'hits', 'times'].includes(options.part)) stop(`part must be hits or times, but got: ${options.part}`)
if (options.write && options.part !== undefined) stop('write takes both halves: leave out part')
const names = Object.keys(policySubjects)
const wanted = options.only?.split(/,(?! )/).map((name) => name.trim())
const unknown = wanted?.find((name) => !names.includes(name))
if (unknown !== undefined) stop(`only must be one of ${names.join(' · ')}, but got: ${unknown}`)
const subjects = wanted === undefined ? names : names.filter((name) => wanted.includes(name))

const sizes = [1_000, 10_000, 100_000, 1_000_000]
const lengths = options.quick ? { budgetMs: 100, warmMs: 40, blockMs: 1.5 } : { budgetMs: 250, warmMs: 100, blockMs: 2 }
const entry = builtPackage(options.dist)
if (subjects.some((name) => !policySubjects[name].own)) installPeers()
warnIfBusy()
const started = performance.now()

const cells = []
if (options.part !== 'times') {
  const traces = tracesOf(resolve(root, options.traces ?? '../shared/traces'), options.quick ? 150_000 : Infinity)
  for (const trace of traces) cells.push(...(await hitsOn(trace, subjects, entry, progress)))
}

const results = new Map()
if (options.part !== 'hits') {
  for (let run = 1; run <= runs; run++) {
    for (const size of sizes) {
      for (const subject of subjects) {
        progress(`run ${run} of ${runs} · ${size} · ${subject}`)
        const result = await inProcess('./policies-child.mjs', { subject, size, entry, ...lengths })
        const id = `${subject} at ${size}`
        results.set(id, [...(results.get(id) ?? []), result])
      }
    }
  }
}
progress('')

/** The medians of a subject at a size; `undefined` where there are none, or a run failed. */
function timed(subject, size) {
  const all = results.get(`${subject} at ${size}`)
  if (all === undefined || all.some(({ failed }) => failed !== undefined)) return undefined
  const middle = (of) => median(all.map(of))
  const operation = (name) => ({
    ratio: middle((result) => result[name].ratio),
    ns: middle((result) => result[name].ns),
  })
  return {
    get: operation('get'),
    mix: operation('mix'),
    evict: operation('evict'),
    bytes: middle(({ bytes }) => bytes),
  }
}

/** The mean on each trace, and over all of them. */
function hitTable() {
  const traces = [...new Set(cells.map(({ trace }) => trace))]
  const columns = subjects.filter((name) => !policySubjects[name].timeOnly)
  const percent = (value) => (Number.isNaN(value) ? '—' : (100 * value).toFixed(1))
  const lines = traces.map((name) => {
    const all = cells.filter(({ trace }) => trace === name)
    const best = all.reduce((sum, cell) => sum + cell.optimal, 0) / all.length
    const shares = columns.map((subject) => percent(meanOfOptimal(all, ({ scores }) => scores[subject])))
    return [`${name} (${all.map(({ max }) => max).join(', ')})`, best.toFixed(1)].concat(shares)
  })
  const means = columns.map((subject) => percent(meanOfOptimal(cells, ({ scores }) => scores[subject])))
  return {
    head: ['trace (entries)', 'optimal', ...columns],
    lines: [...lines, ['all, mean', ''].concat(means)],
    notes: [],
  }
}

const operations = [
  ['get', 'get, Zipf'],
  ['mix', '90 % get, 10 % set, Zipf'],
  ['evict', 'set that evicts'],
]

function timeTable() {
  const failed = [...results].flatMap(([id, all]) =>
    all.flatMap((each) => (each.failed ? [`${id}: ${each.failed}`] : [])),
  )
  const lines = subjects.flatMap((name) => {
    const found = sizes.map((size) => timed(name, size))
    const rows = operations.map(([operation, title]) =>
      [name, title].concat(
        found.map((each) =>
          each === undefined ? '—' : `${each[operation].ns.toFixed(0)} ns (${figure(each[operation].ratio)})`,
        ),
      ),
    )
    return [
      ...rows,
      [name, 'memory per entry'].concat(found.map((each) => (each === undefined ? '—' : `${each.bytes.toFixed(0)} B`))),
    ]
  })
  return { head: ['store', 'operation', ...sizes.map((size) => size.toLocaleString('en'))], lines, notes: failed }
}

const found = [
  ...(cells.length > 0 ? hitVerdicts(cells) : []),
  ...(results.size > 0 ? timeVerdicts(timed, subjects, sizes) : []),
]
const verdict = {
  head: ['to reach', 'bound', 'measured', 'worst', 'holds'],
  lines: found.map(({ target, bound, measured, where, holds }) => [
    target,
    bound,
    measured,
    where,
    holds ? 'yes' : 'NO',
  ]),
  notes: [],
}

const parts = []
if (cells.length > 0) {
  const note =
    'Percent of what the best possible store answers (Belady, with bypass), where that is 5 % of all requests or more; the mean over the sizes in brackets.'
  parts.push({ note, table: hitTable() })
}
if (results.size > 0) {
  const note = `In brackets: times what polycache's lru takes, in blocks between those of the store, in the same process. Median of ${runs} process${runs === 1 ? '' : 'es'}.`
  parts.push({ note, table: timeTable() })
}
for (const { note, table } of parts) console.log(`${note}\n\n${terminalTable(table)}\n`)
console.log(`${terminalTable(verdict)}\n${Math.round((performance.now() - started) / 1_000)} s`)

if (options.json !== undefined) {
  writeFileSync(
    options.json,
    `${JSON.stringify({ cells, times: Object.fromEntries(results), verdicts: found }, null, 2)}\n`,
  )
}

if (options.write) {
  const packages = new Map(subjects.map((name) => [policySubjects[name].package, policySubjects[name].own]))
  packages.delete(undefined)
  const versions = [...packages].map(([name, isOwn]) => [name, versionOf(name, isOwn)])
  const command = commandOf('bench:policies', options)
  const text = [circumstances({ versions, command }).join('\n'), markdownTable(verdict)]
  for (const { note, table } of parts) {
    text.push(note, markdownTable(table))
    if (table.notes.length > 0) text.push(table.notes.join('<br>\n'))
  }
  writeSection(new URL('README.md', import.meta.url), 'policies-results', text.join('\n\n'))
}

if (options.check && found.some(({ holds }) => !holds)) process.exitCode = 1
