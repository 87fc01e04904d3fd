import type { Stats } from '../counters.ts'

/** What tools were asked, and what the cache has saved. */
export interface ToolSummary {
  /** Calls, those that were refused as a loop included. */
  readonly calls: number
  /** Runs of a tool. */
  readonly runs: number
  /** Calls that were answered without a run of their own: from the store, by one that was running, or again in a loop. */
  readonly saved: number
  /**
   * Milliseconds that this has saved: for every call answered from the store or again, the mean time of the runs of
   * that tool. One that waited for a run has saved the run, but no time.
   */
  readonly savedMs: number
  /** Calls that were one too many, by the options for loops. */
  readonly loops: number
}

/** The {@link ToolSummary} of all tools, and that of each by its name. */
export interface ToolCacheSummary extends ToolSummary {
  readonly tools: Readonly<Record<string, ToolSummary>>
}

/** How long the runs of one tool took that gave a result. */
export class RunTimes {
  #runs = 0
  #ms = 0

  add(ms: number): void {
    this.#runs++
    this.#ms += ms
  }

  get mean(): number {
    return this.#runs === 0 ? 0 : this.#ms / this.#runs
  }
}

const timesByStore = new WeakMap<object, Map<string, RunTimes>>()

/**
 * The times of one tool in one store. All caches of it share them: one whose every call is a hit has measured nothing
 * itself.
 */
export function runTimes(store: object, tool: string): RunTimes {
  let byTool = timesByStore.get(store)
  if (byTool === undefined) timesByStore.set(store, (byTool = new Map()))
  let times = byTool.get(tool)
  if (times === undefined) byTool.set(tool, (times = new RunTimes()))
  return times
}

/** What a function over a store has counted. */
type StoreCounts = Pick<Stats, 'hits' | 'staleHits' | 'joins' | 'loads'>

const nothing: StoreCounts = { hits: 0, staleHits: 0, joins: 0, loads: 0 }

/** The counts of one tool. */
export class Tally {
  calls = 0
  /** Runs outside the store's reach. */
  runs = 0
  loops = 0
  /** Calls in a loop that got their last answer again. */
  replays = 0
  readonly #times: RunTimes
  readonly #stats: () => StoreCounts

  /** @param stats tells of the calls that went by the store */
  constructor(times: RunTimes, stats: () => StoreCounts = () => nothing) {
    this.#times = times
    this.#stats = stats
  }

  summary(): ToolSummary {
    const { hits, staleHits, joins, loads } = this.#stats()
    const atOnce = hits + staleHits + this.replays
    return {
      calls: this.calls,
      runs: this.runs + loads,
      saved: atOnce + joins,
      savedMs: atOnce * this.#times.mean,
      loops: this.loops,
    }
  }
}

/** Adds the summaries of all tools up. */
export function summaryOf(tallies: ReadonlyMap<string, Tally>): ToolCacheSummary {
  const tools = Object.fromEntries(Array.from(tallies, ([name, tally]) => [name, tally.summary()]))
  const sum = { calls: 0, runs: 0, saved: 0, savedMs: 0, loops: 0 }
  for (const summary of Object.values(tools)) {
    for (const count of Object.keys(sum) as (keyof ToolSummary)[]) sum[count] += summary[count]
  }
  return { ...sum, tools }
}
