/**
 * One process: one subject in one scenario, measured once, the result sent to the parent.
 *
 * The baseline is measured twice: before the subject has been made, and between its blocks. Some libraries make every
 * `await` of the process dearer by what they switch on (promise hooks); between the blocks alone that would not show.
 */
import { scenarios } from './scenarios.mjs'
import { subjects } from './subjects.mjs'
import { Block, interleave, macrotask, median } from './measure.mjs'

const { subject: subjectName, scenario: scenarioName, entry, budgetMs, warmMs, blockMs } = JSON.parse(process.argv[2])
const scenario = scenarios[scenarioName]()

let loads = 0

/** The scenario's load as an async function that is counted, with the number of parameters that it had. */
const countedLoad =
  scenario.setup.args === 'two'
    ? async (a, b) => {
        loads++
        return scenario.setup.load(a, b)
      }
    : async (key) => {
        loads++
        return scenario.setup.load(key)
      }

const uncached = async (key) => key

/** Arguments of two different calls, made anew each time, and what the calls must resolve to. */
const probes = {
  string: [() => ['probe:a'], () => ['probe:b']],
  two: [() => ['probe', 1], () => ['probe', 2]],
  object: [
    () => [{ id: 'probe:a', tenant: 'acme', limit: 20, active: true }],
    () => [{ id: 'probe:b', tenant: 'acme', limit: 20, active: true }],
  ],
}

/** Checks that the subject caches: each of two calls loads once, and resolves to its own value however often. */
async function verify({ call }) {
  for (const [i, args] of probes[scenario.setup.args].entries()) {
    for (let times = 0; times < 3; times++) {
      const value = await call(...args())
      const expected = await scenario.setup.load(...args())
      if (value !== expected) throw new Error(`resolved to ${String(value)} instead of ${String(expected)}`)
    }
    if (loads !== i + 1) throw new Error(`${loads} loads for ${i + 1} different calls`)
  }
}

async function measureBytes(subject) {
  const used = () => {
    globalThis.gc()
    globalThis.gc()
    // Typed arrays, which lru-cache uses for its links, are not on the heap: `external` has them.
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const { keys } = scenario
  await macrotask()
  const before = used()
  const cache = await create()
  if (cache.unsupported !== undefined) return cache
  for (const key of keys) await cache.call(key)
  await macrotask()
  await macrotask()
  const bytes = (used() - before) / keys.length
  if (loads !== keys.length) throw new Error(`${loads} loads for ${keys.length} entries`)
  for (const key of keys) {
    if (subject !== 'lru-cache values') await cache.call(key)
  }
  if (loads !== keys.length) throw new Error(`only some of the entries were kept (${loads} loads)`)
  return { bytes, notes: cache.notes ?? [] }
}

const { create: createSubject } = await import(subjects[subjectName].adapter)
const create = () => createSubject({ ...scenario.setup, load: countedLoad }, { entry, scenario: scenarioName })

async function measure() {
  if (scenario.bytes) return measureBytes(subjectName)

  const baseline = new Block((n) => scenario.baseline(uncached, n))
  await baseline.warm(warmMs, blockMs)
  const early = []
  for (let i = 0; i < 10; i++) early.push(await baseline.run())

  const cache = await create()
  if (cache.unsupported !== undefined) return cache
  const missing = scenario.needs?.find((need) => cache[need] === undefined)
  if (missing !== undefined) return { unsupported: `it has no ${missing}` }

  // An entry that lives for milliseconds may have gone between two calls; there, the count of loads below must do.
  if (scenario.setup.ttl === undefined || scenario.setup.ttl > 1_000) await verify(cache)
  await scenario.prepare?.(cache)
  await macrotask()

  loads = 0
  const subject = new Block((n) => scenario.subject(cache.call, n, cache), scenario.step)
  await subject.warm(warmMs, blockMs)
  const result = await interleave(baseline, subject, budgetMs)
  const expected = Math.round(subject.operations * scenario.loads)
  if (loads !== expected) throw new Error(`not comparable: ${loads} loads where ${expected} were due`)
  return { ...result, earlyUnitNs: median(early), notes: cache.notes ?? [] }
}

const result = await measure().catch((error) => ({ failed: error.message }))
process.send(result, () => process.exit(0))
