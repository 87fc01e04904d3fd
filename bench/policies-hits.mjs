/** How many requests of a trace each store answers, in percent, at several sizes. */
import { optimal } from '../src/simulator/optimal.ts'
import { replay } from '../src/simulator/replay.ts'
import { readKnownScores, readTrace, traceNames } from '../src/simulator/trace-files.ts'
import { loop, scan, shift, zipf } from '../src/simulator/traces.ts'
import { makerOf, policySubjects } from './policy-subjects.mjs'

/** Those that draw their hash anew are asked this often, and the mean counts. */
const seeds = 3
const drawsItsHash = new Set(['adaptive', 'tinyLfu'])

const generated = {
  'zipf 0.9': () => zipf({ requests: 300_000, keys: 30_000 }),
  'zipf 1.1': () => zipf({ requests: 300_000, keys: 30_000, skew: 1.1 }),
  'loop 1,000': () => loop({ requests: 200_000, keys: 1_000 }),
  scans: () => scan({ requests: 300_000, keys: 5_000, length: 3_000, every: 3_000 }),
  'phase shift': () => shift({ requests: 300_000, keys: 1_000 }),
}

/** The sizes that a trace is tried at, where reference.json does not say: shares of its keys. */
function sizesOf(trace) {
  const unique = new Set(trace).size
  return [0.01, 0.05, 0.2, 0.5].map((share) => Math.max(10, Math.round(share * unique)))
}

/**
 * The traces of a folder, or generated ones where it has none: `{ name, reference, read }`, those of at most
 * `mostRequests` where reference.json says how many there are.
 */
export function tracesOf(folder, mostRequests) {
  const names = traceNames(folder)
  if (names.length === 0) {
    return Object.entries(generated).map(([name, read]) => ({ name, reference: undefined, read }))
  }
  const known = readKnownScores(folder) ?? {}
  return names
    .filter((name) => !(known[name]?.requests > mostRequests))
    .map((name) => ({ name, reference: known[name], read: () => readTrace(folder, name) }))
}

/** One cell of the table for each size of a trace: what each subject and the optimum score. */
export async function hitsOn({ name, reference, read }, subjects, entry, progress) {
  const trace = read()
  const sizes = reference === undefined ? sizesOf(trace) : Object.keys(reference.sizes).map(Number)
  const cells = []
  for (const max of sizes) {
    const scores = {}
    for (const subject of subjects) {
      if (policySubjects[subject].timeOnly) continue
      progress(`${name} at ${max} · ${subject}`)
      const make = await makerOf(subject, entry)
      const times = drawsItsHash.has(subject) ? seeds : 1
      let sum = 0
      for (let n = 0; n < times; n++) sum += replay(make(max), trace)
      scores[subject] = (100 * sum) / times
    }
    cells.push({
      trace: name,
      max,
      requests: trace.length,
      optimal: 100 * optimal(trace, max),
      scores,
      known: reference?.sizes[max]?.hit,
    })
  }
  return cells
}
