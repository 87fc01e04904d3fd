/** Blocks of calls that follow each other within one run: what is measured, and what it is measured beside. */
import process from 'node:process'

/** What is measured. */
export type Call = () => unknown

const rounds = Number(process.argv[2] ?? 60)

/** The line above those of {@link compare}. */
export function heading(of = ''): void {
  console.log(`${of.padEnd(44)}${'subject'.padStart(11)} ${'baseline'.padStart(11)} ${'ratio'.padStart(8)}`)
}

/** Microseconds for each call: one after the other, or as many at once. */
async function block(call: Call, calls: number, atOnce: number): Promise<number> {
  const start = performance.now()
  for (let done = 0; done < calls; done += atOnce) {
    if (atOnce === 1) await call()
    else await Promise.all(Array.from({ length: atOnce }, call))
  }
  return ((performance.now() - start) / calls) * 1_000
}

/** The middle of them. */
const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!

/** One line: the subject, the baseline, and the median of the ratios of neighbours. Gives the number of calls made. */
export async function compare(name: string, subject: Call, baseline: Call, calls: number, atOnce = 1): Promise<number> {
  await block(subject, calls, atOnce)
  await block(baseline, calls, atOnce)
  const pairs: [number, number][] = []
  for (let round = 0; round < rounds; round++) {
    const before = await block(baseline, calls, atOnce)
    const between = await block(subject, calls, atOnce)
    const after = await block(baseline, calls, atOnce)
    pairs.push([between, (before + after) / 2])
  }
  const figure = (numbers: number[]): string => median(numbers).toFixed(2).padStart(8)
  const [own, other] = [figure(pairs.map(([one]) => one)), figure(pairs.map(([, two]) => two))]
  console.log(`${name.padEnd(44)}${own} µs ${other} µs ${figure(pairs.map(([one, two]) => one / two))}`)
  return (rounds + 1) * calls
}
