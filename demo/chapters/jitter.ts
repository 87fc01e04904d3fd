import { setTimeout as delay } from 'node:timers/promises'
import { cached, ttl, type Clock } from '../../src/index.ts'
import { deferred } from '../../src/testing.ts'
import { bar } from '../bar.ts'
import { reader, type Document } from '../reader.ts'
import type { DocumentServer } from '../server.ts'
import type { Stage } from '../stage.ts'
import { count } from '../text.ts'

const entries = 500
const life = 2_000
const spread = 2_000
/** The span of one row of the histogram, in milliseconds. */
const span = 250
/** How late a timer may be on a busy machine, in milliseconds. */
const lateness = 250

/** The default clock tells whole milliseconds; what is measured here is measured by the same clock as the deadlines. */
const clock: Clock = { now: () => performance.now() }

/** Entries that came together leave together, unless jitter spreads them. */
export async function jitter(stage: Stage, server: DocumentServer): Promise<void> {
  stage.chapter(
    `When ${count(entries)} entries expire`,
    `${count(entries)} documents put in at one moment with ttl 2 s and jitter 2 s. Each block is two of them, drawn when ` +
      'the store has told that they are gone.',
  )
  const documents = await load(server)
  const start = clock.now()
  const spreadOut = expiries(documents, start, spread)
  const together = expiries(documents, start, 0)

  const row = stage.table(11, -4, 56)
  function draw(ages: readonly number[], from: number): void {
    const among = ages.filter((age) => age >= from && age < from + span).length
    const [first, ...more] = bar(among / 2, 56).map((line) => stage.paint('cyan', line))
    row(`${seconds(from)}–${seconds(from + span)} s`, count(among), first ?? '')
    for (const line of more) row('', '', line)
  }

  for (let from = life; from < life + spread; from += span) {
    await reached(start + from + span)
    draw(spreadOut.ages, from)
  }
  await Promise.race([Promise.all([spreadOut.done, together.done]), delay(4 * lateness, undefined, { ref: false })])
  if (spreadOut.ages.some((age) => age >= life + spread)) draw(spreadOut.ages, life + spread)
  stage.show()
  stage.say('The same without jitter:')
  draw(together.ages, life)

  stage.show()
  const gone = [spreadOut.ages.length, together.ages.length]
  stage.claim(`all ${count(entries)} left, with jitter and without, and nobody had to ask for them`, gone, [
    entries,
    entries,
  ])
  stage.claim('none of them before its 2 s were over', Math.min(...spreadOut.ages, ...together.ages) >= life)
  stage.claim(
    'none after 4 s, but for the time that a timer may be late',
    Math.max(...spreadOut.ages) < life + spread + lateness,
  )
  stage.claim('without jitter they left as one wave', fullest(together.ages) > 0.9 * entries)
  stage.claim('with jitter no quarter of a second saw more than a third of them', fullest(spreadOut.ages) < entries / 3)
}

/** Loads the documents, some at a time. */
async function load(server: DocumentServer): Promise<Document[]> {
  const readDocument = reader(server.url)
  const documents: Document[] = []
  while (documents.length < entries) {
    const some = Array.from({ length: 50 }, (_, i) => readDocument(documents.length + i))
    documents.push(...(await Promise.all(some)))
  }
  return documents
}

/** Puts the documents into a store, all at once, and tells at what ages they leave it. */
function expiries(
  documents: readonly Document[],
  start: number,
  jitterMs: number,
): { ages: number[]; done: Promise<void> } {
  const ages: number[] = []
  const done = deferred()
  const store = ttl<number, Document>({
    clock,
    onRemoval(_number, _document, cause) {
      if (cause === 'expired') ages.push(clock.now() - start)
      if (ages.length === documents.length) done.resolve()
    },
  })
  const readDocument = cached(store, { ttl: life, jitter: jitterMs, clock })((number: number) => documents[number]!)
  for (const document of documents) readDocument.set([document.number], document)
  return { ages, done: done.promise }
}

/** Waits for a time of the clock; a timer may run a little early. */
async function reached(time: number): Promise<void> {
  while (clock.now() < time) await delay(Math.ceil(time - clock.now()))
}

function fullest(ages: readonly number[]): number {
  const perSpan = new Map<number, number>()
  for (const age of ages) perSpan.set(Math.floor(age / span), (perSpan.get(Math.floor(age / span)) ?? 0) + 1)
  return Math.max(...perSpan.values())
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(2)
