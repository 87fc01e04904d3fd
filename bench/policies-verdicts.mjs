/** What is to be reached by the policies, and what was. */
import { policySubjects } from './policy-subjects.mjs'

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

/** The mean over all traces of a subject's hit ratio by the best possible, where that is 5 % at least. */
export function meanOfOptimal(cells, scoreOf) {
  const byTrace = new Map()
  for (const cell of cells) {
    const score = scoreOf(cell)
    if (cell.optimal < 5 || score === undefined) continue
    byTrace.set(cell.trace, [...(byTrace.get(cell.trace) ?? []), score / cell.optimal])
  }
  return byTrace.size === 0 ? NaN : mean([...byTrace.values()].map(mean))
}

/** Names in reference.json of those that do the same all the time. */
const staticInReference =
  'lru fifo random clock slru lfu lfuda sieve s3fifo 2q arc lirs wtlfu wtlfu@0.1 wtlfu@0.2 wtlfu@0.5 wtlfu@0.8'.split(
    ' ',
  )

/** The best score of all policies that do the same all the time: of those measured, and of those that are known. */
function bestStatic({ scores, known = {} }) {
  const measured = Object.entries(scores).flatMap(([name, score]) => (policySubjects[name].static ? [score] : []))
  return Math.max(...measured, ...staticInReference.flatMap((name) => known[name] ?? []))
}

/** The largest number, and where it is. */
function largest(cells, of) {
  let most = { value: -Infinity, where: '' }
  for (const cell of cells) {
    const value = of(cell)
    if (value > most.value) most = { value, where: `${cell.trace} at ${cell.max}` }
  }
  return most
}

const isLong = ({ requests, max }) => requests >= 100 * max

/** Rows of `{ target, bound, measured, holds, where }` for the hit ratios. */
export function hitVerdicts(cells) {
  const rows = []
  const has = (name) => cells.every(({ scores }) => scores[name] !== undefined)
  const atLeast = (target, bound, measured) =>
    rows.push({ target, bound: `>= ${bound}`, measured: measured.toFixed(3), holds: measured >= bound, where: '' })
  const atMost = (target, bound, { value, where }) =>
    value !== -Infinity &&
    rows.push({ target, bound: `<= ${bound}`, measured: value.toFixed(2), holds: value <= bound, where })
  if (has('adaptive')) {
    const loss = (cell) => bestStatic(cell) - cell.scores.adaptive
    atLeast(
      'adaptive: mean of hit ratio / optimal',
      0.865,
      meanOfOptimal(cells, ({ scores }) => scores.adaptive),
    )
    atMost(
      'adaptive: most points lost to the best static policy, 100 requests per entry or more',
      2.5,
      largest(cells.filter(isLong), loss),
    )
    const losses = cells.map(loss).toSorted((a, b) => a - b)
    atMost('adaptive: the same over all sizes, 95th percentile', 3, {
      value: losses[Math.floor(0.95 * losses.length)] ?? losses.at(-1),
      where: '',
    })
    if (has('lru')) {
      atMost(
        'adaptive: most points lost to lru, 100 requests per entry or more',
        0.7,
        largest(cells.filter(isLong), ({ scores }) => scores.lru - scores.adaptive),
      )
    }
  }
  if (has('tinyLfu'))
    atLeast(
      'tinyLfu: mean of hit ratio / optimal',
      0.84,
      meanOfOptimal(cells, ({ scores }) => scores.tinyLfu),
    )
  for (const [name, { inReference, within }] of Object.entries(policySubjects)) {
    if (inReference === undefined || !has(name) || !cells.some(({ known }) => known !== undefined)) continue
    const isAbove = name.startsWith('tinyLfu')
    const off = ({ scores, known }) => {
      if (known === undefined) return -Infinity
      const less = known[inReference] - scores[name]
      return isAbove ? less : Math.abs(less)
    }
    atMost(`${name}: points ${isAbove ? 'below' : 'off'} what is known of it`, within, largest(cells, off))
  }
  return rows
}

/** Rows for the times and the memory; `timed` gives the results of a subject at a size. */
export function timeVerdicts(timed, subjects, sizes) {
  const rows = []
  const worst = (target, bound, values) => {
    const found = values.filter(({ value }) => Number.isFinite(value))
    if (found.length === 0) return
    const most = found.reduce((a, b) => (b.value > a.value ? b : a))
    rows.push({
      target,
      bound: `<= ${bound} x`,
      measured: most.value.toFixed(2),
      holds: most.value <= bound,
      where: most.where,
    })
  }
  for (const [operation, title, bound] of [
    ['get', 'get of what is there, on adaptive / on lru', 1.6],
    ['evict', 'set that evicts, on adaptive / on lru', 2.5],
  ]) {
    worst(
      title,
      bound,
      sizes.map((size) => ({
        value: timed('adaptive', size)?.[operation]?.ratio,
        where: `at ${size.toLocaleString('en')}`,
      })),
    )
  }
  const [small, large] = [10_000, 1_000_000]
  // In times what lru takes in the same process, which cancels out: processes at other times find the machine otherwise.
  const growth = (name, operation) => timed(name, large)?.[operation]?.ratio / timed(name, small)?.[operation]?.ratio
  const growing = subjects
    .filter((name) => policySubjects[name].package === 'polycache')
    .flatMap((name) =>
      ['get', 'evict'].map((operation) => ({
        value: growth(name, operation) / growth('Map', operation),
        where: `${name}, ${operation}`,
      })),
    )
  worst('every policy, at 1,000,000 entries / at 10,000, by what a bare Map grows', 1.5, growing)
  const bytes = ['sieve', 'clock', 'fifo'].map((name) => ({
    value: timed(name, large)?.bytes / timed('lru-cache', large)?.bytes,
    where: name,
  }))
  worst('bytes per entry at 1,000,000, sieve, clock, fifo / lru-cache', 1, bytes)
  return rows
}
