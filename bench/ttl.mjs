/**
 * `npm run bench:ttl`: what the `ttl` policy costs at 1,000 to 1,000,000 entries whose deadlines are all different,
 * beside a bare TTLCache up to 100,000 (beyond that, its evictions take tens of milliseconds each), and a bare LRUCache
 * and a bare Map, which know no deadlines and show what the memory of the machine alone costs at that size.
 */
import { parseArgs } from 'node:util'
import { writeFileSync } from 'node:fs'
import { median } from './measure.mjs'
import { builtPackage, inProcess, progress, stop, versionOf, warnIfBusy } from './processes.mjs'
import { circumstances, commandOf, figure, markdownTable, terminalTable, writeSection } from './report.mjs'

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    dist: { type: 'string' },
    write: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

if (options.help) {
  console.log(`npm run bench:ttl -- [--runs <n>] [--quick] [--json <file>] [--dist <folder>] [--write] [--check]`)
  process.exit(0)
}

/**
 * How much dearer an operation may be at the largest size than at the smallest. Where a bare Map of the same keys grows
 * by more than that, how much more than it.
 */
const atMost = 3
const atMostBeyondMap = 1.5
const sizes = [1_000, 10_000, 100_000, 1_000_000]
const subjects = [
  { name: 'polycache ttl', largest: 1_000_000 },
  { name: 'ttlcache', largest: 100_000 },
  { name: 'lru-cache', largest: 1_000_000 },
  { name: 'Map', largest: 1_000_000 },
]
const withoutDeadlines = new Set(['lru-cache', 'Map'])
const operations = [
  { name: 'set', title: 'set, a new key', bounded: true },
  { name: 'evict', title: 'set, a new key, at capacity', bounded: true },
  { name: 'delete', title: 'delete' },
  { name: 'idle', title: 'one idle second (CPU)', bounded: true },
  { name: 'bytes', title: 'memory per entry', bytes: true },
]

const runs = options.quick ? 1 : Number(options.runs ?? 3)
if (!Number.isInteger(runs) || runs < 1) stop(`runs must be a positive integer, but got: ${options.runs}`)
const lengths = options.quick ? { budgetMs: 300, idleMs: 1_500 } : { budgetMs: 600, idleMs: 3_000 }
const entry = builtPackage(options.dist)
warnIfBusy()

const results = new Map()
for (let run = 1; run <= runs; run++) {
  for (const { name, largest } of subjects) {
    for (const size of sizes.filter((each) => each <= largest)) {
      progress(`run ${run} of ${runs} · ${name} · ${size}`)
      const id = `${name} ${size}`
      const result = await inProcess('./ttl-child.mjs', { subject: name, size, entry, ...lengths })
      results.set(id, [...(results.get(id) ?? []), result])
    }
  }
}
progress('')

/** The median over all runs; `undefined` where one of them failed, or none was made. */
function middle(subject, size, operation) {
  const all = results.get(`${subject} ${size}`)
  return all?.[0][operation] === undefined || all.some(({ failed }) => failed !== undefined)
    ? undefined
    : median(all.map((result) => result[operation]))
}

function shown(value, { bytes }) {
  if (value === undefined) return '—'
  if (bytes) return `${value.toFixed(0)} B`
  return value < 10_000
    ? `${value.toFixed(0)} ns`
    : value < 1e7
      ? `${figure(value / 1e3)} us`
      : `${figure(value / 1e6)} ms`
}

const failures = [...results].flatMap(([id, all]) => all.flatMap(({ failed }) => (failed ? [`${id}: ${failed}`] : [])))
const growths = []
const lines = operations.flatMap((operation) =>
  subjects
    .filter(({ name }) => operation.name !== 'idle' || !withoutDeadlines.has(name))
    .map(({ name, largest }) => {
      const values = sizes.map((size) => middle(name, size, operation.name))
      const growth = middle(name, largest, operation.name) / values[0]
      if (operation.bounded && name === 'polycache ttl') growths.push({ ...operation, growth })
      if (operation.bounded && name === 'Map') growths.at(-1).map = growth
      const cells = values.map((value, i) => {
        const text = shown(value, operation)
        return value === undefined || i === 0 || operation.bytes ? text : `${text} (${figure(value / values[0])})`
      })
      return [operation.title, name].concat(cells)
    }),
)
const table = {
  head: ['operation', 'store', ...sizes.map((size) => size.toLocaleString('en'))],
  lines,
  notes: failures,
}
const holds = ({ growth, map }) => growth <= atMost || (map > atMost && growth / map <= atMostBeyondMap)
const verdict = {
  head: ['from 1,000 to 1,000,000', 'at most', 'measured', 'a bare Map', 'beyond it', 'holds'],
  lines: growths.map((each) => [
    each.title,
    each.map > atMost ? `${atMostBeyondMap} x a bare Map` : `${atMost} x`,
    figure(each.growth),
    figure(each.map),
    figure(each.growth / each.map),
    holds(each) ? 'yes' : 'NO',
  ]),
  notes: [],
}

console.log(`In brackets: times what it is at 1,000. Median of ${runs} process${runs === 1 ? '' : 'es'}.\n`)
console.log(`${terminalTable(table)}\n${terminalTable(verdict)}`)

if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(Object.fromEntries(results), null, 2)}\n`)

if (options.write) {
  const command = commandOf('bench:ttl', options)
  const versions = [
    ['polycache', versionOf('polycache', true)],
    ['@isaacs/ttlcache', versionOf('@isaacs/ttlcache', true)],
    ['lru-cache', versionOf('lru-cache', true)],
  ]
  const text = [
    circumstances({ versions, command }).join('\n'),
    `In brackets: times what it is at 1,000. The median of ${runs} process${runs === 1 ? '' : 'es'}.`,
    markdownTable(table),
    markdownTable(verdict),
  ].join('\n\n')
  writeSection(new URL('README.md', import.meta.url), 'ttl-results', text)
}

if (options.check && !growths.every(holds)) process.exitCode = 1
