/**
 * `npm run bench`: every subject in every scenario, each in a process of its own.
 *
 * See README.md for what is measured and how.
 */
import { parseArgs } from 'node:util'
import { writeFileSync } from 'node:fs'
import { median } from './measure.mjs'
import { builtPackage, inProcess, installPeers, progress, stop, versionOf, warnIfBusy } from './processes.mjs'
import {
  ahead,
  circumstances,
  commandOf,
  markdownTable,
  matrix,
  terminalTable,
  verdictTable,
  verdicts,
  writeSection,
} from './report.mjs'
import { scenarios } from './scenarios.mjs'
import { subjects } from './subjects.mjs'
import { targets } from './targets.mjs'

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    scenario: { type: 'string' },
    json: { type: 'string' },
    dist: { type: 'string' },
    write: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

if (options.help) {
  console.log(`npm run bench -- [options]

  --runs <n>            processes per subject and scenario, the median of which counts (5)
  --quick               one short run
  --only <a,b>          of ${Object.keys(subjects).join(', ')}
  --scenario <a,b>      of ${Object.keys(scenarios).join(', ')}
  --json <file>         all figures
  --dist <folder>       another build than the one of this folder
  --write               put the results into bench/README.md
  --check               end with exit code 1 if a target is missed`)
  process.exit(0)
}

/** The names of `all` that a filter lets through. */
function chosen(filter, all, what) {
  if (filter === undefined) return all
  const names = filter.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !all.includes(name))
  if (unknown !== undefined) stop(`${what} must be one of ${all.join(', ')}, but got: ${unknown}`)
  return all.filter((name) => names.includes(name))
}

const runs = options.quick ? 1 : Number(options.runs ?? 5)
if (!Number.isInteger(runs) || runs < 1) stop(`runs must be a positive integer, but got: ${options.runs}`)
const lengths = options.quick ? { budgetMs: 120, warmMs: 50, blockMs: 1.5 } : { budgetMs: 280, warmMs: 100, blockMs: 2 }
const scenarioNames = chosen(options.scenario, Object.keys(scenarios), 'scenario')
const subjectNames = chosen(options.only, Object.keys(subjects), 'only')

const entry = subjectNames.includes('polycache') ? builtPackage(options.dist) : undefined
if (subjectNames.some((name) => !subjects[name].own)) installPeers()
warnIfBusy()

const results = new Map(subjectNames.map((name) => [name, new Map()]))
const started = performance.now()
for (let run = 1; run <= runs; run++) {
  for (const scenario of scenarioNames) {
    for (const subject of subjectNames) {
      if (subjects[subject].scenarios?.includes(scenario) === false) continue
      const earlier = results.get(subject).get(scenario) ?? []
      if (earlier.some((result) => result.unsupported !== undefined)) continue
      progress(`run ${run} of ${runs} · ${scenario} · ${subject}`)
      const result = await inProcess('./child.mjs', { subject, scenario, entry, ...lengths })
      results.get(subject).set(scenario, [...earlier, result])
    }
  }
}
progress('')
const seconds = Math.round((performance.now() - started) / 1_000)

/** One cell out of several runs: the median of each figure. */
function cellOf(all) {
  const odd = all.find((result) => result.unsupported !== undefined || result.failed !== undefined)
  if (odd !== undefined) return odd
  const middle = (figures) => (figures.includes(undefined) ? undefined : median(figures))
  return {
    ratio: middle(all.map(({ ratio }) => ratio)),
    earlyRatio: middle(all.map(({ ns, earlyUnitNs }) => (ns === undefined ? undefined : ns / earlyUnitNs))),
    ns: middle(all.map(({ ns }) => ns)),
    unitNs: middle(all.map(({ unitNs }) => unitNs)),
    earlyUnitNs: middle(all.map(({ earlyUnitNs }) => earlyUnitNs)),
    bytes: middle(all.map(({ bytes }) => bytes)),
    notes: all[0].notes,
  }
}

const cells = new Map()
for (const [subject, byScenario] of results) {
  cells.set(subject, new Map([...byScenario].map(([scenario, all]) => [scenario, cellOf(all)])))
}
const described = scenarioNames.map((name) => ({ name, ...scenarios[name]() }))
const titles = new Map(described.map(({ name, title }) => [name, title]))
const bare = new Set(Object.keys(subjects).filter((name) => subjects[name].bare))

const columns = subjectNames.filter((name) => subjects[name].scenarios === undefined)
const table = matrix({ scenarios: described, subjects: columns, cells }, median)
const found = verdicts(targets, cells)
const verdictLines = verdictTable(found, titles)
const behind = scenarioNames
  .map((name) => ({ name, by: ahead(name, subjectNames, cells, bare) }))
  .filter(({ by }) => by.length > 0)
const units = [...cells.values()].flatMap((byScenario) =>
  [...byScenario].flatMap(([name, { unitNs }]) =>
    unitNs === undefined || described.find((scenario) => scenario.name === name).unit !== undefined ? [] : [unitNs],
  ),
)
const unitLine =
  units.length === 0
    ? ''
    : `1.00 is ${median(units).toFixed(0)} ns: \`await\` of an uncached async function in the same process.`
const versions = [...new Map(subjectNames.map((name) => [subjects[name].package, subjects[name].own]))].map(
  ([name, own]) => [name, versionOf(name, own)],
)
const behindLines = behind.map(
  ({ name, by }) => `${titles.get(name)}: ahead of polycache ${by.length === 1 ? 'is' : 'are'} ${by.join(', ')}`,
)
if (
  behindLines.length === 0 &&
  entry !== undefined &&
  subjectNames.some((name) => name !== 'polycache' && !bare.has(name))
) {
  behindLines.push('No package measured is ahead of polycache in any scenario.')
}

console.log(`Ratios; ${unitLine} Median of ${runs} process${runs === 1 ? '' : 'es'}.\n`)
console.log(terminalTable(table))
if (found.length > 0) console.log(`\n${terminalTable(verdictLines)}`)
console.log([...behindLines, `${seconds} s`].join('\n'))

if (options.json !== undefined) {
  const plain = Object.fromEntries(
    [...results].map(([subject, byScenario]) => [
      subject,
      Object.fromEntries([...byScenario].map(([name, all]) => [name, { ...cellOf(all), runs: all }])),
    ]),
  )
  writeFileSync(
    options.json,
    `${JSON.stringify({ versions, node: process.version, targets: found, results: plain }, null, 2)}\n`,
  )
}

if (options.write) {
  const command = commandOf('bench', options)
  const text = [
    circumstances({ versions, command }).join('\n'),
    `${unitLine} The figures are ratios to it, the median of ${runs} process${runs === 1 ? '' : 'es'}; memory is in bytes.`,
    ...(found.length > 0 ? [`### Speed to reach`, markdownTable(verdictLines)] : []),
    ...(behindLines.length > 0 ? [behindLines.map((line) => `- ${line}`).join('\n')] : []),
    `### All scenarios`,
    markdownTable(table),
    table.notes.join('<br>\n'),
  ].join('\n\n')
  writeSection(new URL('README.md', import.meta.url), 'results', text)
}

if (options.check && found.some(({ holds }) => !holds)) process.exitCode = 1
