/**
 * The clockwork of the benchmarks: blocks of one loop, interleaved with blocks of the baseline.
 *
 * The loops are written by hand in scenarios.mjs. tinybench and mitata call the measured function through one shared
 * call site and await it in a loop of their own; at 30 ns an operation that costs as much as what is measured, and it
 * keeps the engine from inlining what an application's own call site would.
 */

/** The value in the middle; of an even number of values, the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Lets a turn of the event loop go by, so that timers and promise hooks settle between two blocks. */
export function macrotask() {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * A loop with the number of operations that makes one block of it last `blockMs`.
 *
 * `loop(n)` does `n` operations and resolves to the milliseconds that they took, its own preparations left out; it runs
 * for at least `warmMs` here.
 */
export class Block {
  #loop
  #step
  #n
  /** All operations done so far. */
  operations = 0

  /** @param step the number of operations that `loop` does at once; `n` is always a multiple of it */
  constructor(loop, step = 1) {
    this.#loop = loop
    this.#step = step
    this.#n = step
  }

  /** Runs the loop for `warmMs` at least, and until the number of operations has settled. */
  async warm(warmMs, blockMs) {
    const start = performance.now()
    for (;;) {
      const began = performance.now()
      const ms = await this.#timed()
      // Preparations may take longer than what they prepare: they count against the length of a block, too.
      const length = Math.max(ms / blockMs, (performance.now() - began) / (4 * blockMs))
      await macrotask()
      const elapsed = performance.now() - start
      const settled = length > 0.5 && (length < 2 || this.#n === this.#step)
      if ((elapsed >= warmMs && settled) || elapsed >= 20 * warmMs) return
      const factor = Math.min(8, Math.max(0.5, 1 / length))
      this.#n = Math.max(1, Math.round((this.#n * factor) / this.#step)) * this.#step
    }
  }

  /** Runs one block and resolves to nanoseconds per operation. */
  async run() {
    const ms = await this.#timed()
    const n = this.#n
    await macrotask()
    return (ms * 1e6) / n
  }

  async #timed() {
    globalThis.gc?.({ type: 'minor' })
    this.operations += this.#n
    return this.#loop(this.#n)
  }
}

/**
 * Runs rounds of baseline, subject, baseline until `budgetMs` have gone by, five rounds at least.
 *
 * The blocks should be shorter than a time slice of the scheduler, so that where other processes compete for the cores
 * most rounds are left alone; the median passes over the others.
 */
export async function interleave(baseline, subject, budgetMs) {
  const ratios = []
  const units = []
  const costs = []
  const start = performance.now()
  while (ratios.length < 5 || performance.now() - start < budgetMs) {
    const before = await baseline.run()
    const cost = await subject.run()
    const after = await baseline.run()
    const unit = (before + after) / 2
    ratios.push(cost / unit)
    units.push(unit)
    costs.push(cost)
  }
  return { ratio: median(ratios), ns: median(costs), unitNs: median(units), rounds: ratios.length }
}
