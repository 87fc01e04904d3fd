import { cached, lfu, lru, ttl } from '../../src/index.ts'
import { reader } from '../reader.ts'
import type { DocumentServer } from '../server.ts'
import type { Stage } from '../stage.ts'
import { count, milliseconds } from '../text.ts'
import { zipf } from '../zipf.ts'

const max = 16
const documents = 100
const requests = zipf(documents, 240, 20)

/** What a store is asked to keep decides how often the server is asked. */
export async function policies(stage: Stage, server: DocumentServer): Promise<void> {
  stage.chapter(
    'One workload, three policies',
    `The same ${count(requests.length)} requests for ${documents} documents, a few of them popular and most of them not, ` +
      `with room for ${max}. Requests as the server counted them.`,
  )
  const row = stage.table(10, -10, -10, -10)
  row(...['policy', 'hit rate', 'requests', 'time'].map((title) => stage.paint('dim', title)))

  async function measure(name: string, read: (number: number) => Promise<unknown>, hitRate: () => number) {
    const before = server.reads
    const start = performance.now()
    for (const number of requests) await read(number)
    const time = performance.now() - start
    const asked = server.reads - before
    row(stage.paint('cyan', name), `${(100 * hitRate()).toFixed(1)} %`, count(asked), milliseconds(time))
    return { asked, time }
  }

  const uncached = await measure('no cache', reader(server.url), () => 0)
  const results = []
  for (const [name, store] of Object.entries({
    lru: lru({ max }),
    lfu: lfu({ max }),
    ttl: ttl({ max, ttl: 60_000 }),
  })) {
    const readDocument = cached(store)(reader(server.url))
    const measured = await measure(name, readDocument, () => readDocument.stats().hitRate)
    results.push({ ...measured, ...readDocument.stats(), kept: store.size })
  }

  stage.show()
  stage.claim('without a cache every request reached the server', uncached.asked, requests.length)
  const asked = results.map((result) => result.asked)
  stage.claim(
    'with each policy only the misses did',
    asked,
    results.map((result) => result.misses),
  )
  const calls = results.map(({ hits, misses }) => hits + misses)
  stage.claim(
    'each call was either a hit or a miss',
    calls,
    results.map(() => requests.length),
  )
  stage.claim(
    `each policy kept ${max} documents in the end`,
    results.map(({ kept }) => kept),
    results.map(() => max),
  )
  stage.claim(
    'each was faster than no cache',
    results.every(({ time }) => time < uncached.time),
  )
  const fewest = Math.min(...asked)
  stage.claim('lfu asked least: where popularity stays as it is, the count of uses foretells best', asked[1], fewest)
}
