import { cached, lru } from '../../src/index.ts'
import { reader } from '../reader.ts'
import type { DocumentServer } from '../server.ts'
import type { Stage } from '../stage.ts'
import { milliseconds } from '../text.ts'

const numbers = [8, 290, 308, 320, 8, 218, 320, 279, 289, 320, 9991]

/** A famous sequence of requests, each of them a hit or a miss. */
export async function sequence(stage: Stage, server: DocumentServer): Promise<void> {
  stage.chapter(
    'Eleven requests, eight documents',
    "The example of Python's functools.lru_cache, with READMEs for its PEPs: cached(lru({ max: 32 }))(readDocument)",
  )
  const before = server.reads
  const readDocument = cached(lru({ max: 32 }))(reader(server.url))

  const row = stage.table(-6, 5, -11, 40)
  let asAskedFor = true
  for (const number of numbers) {
    const { hits } = readDocument.stats()
    const start = performance.now()
    const document = await readDocument(number)
    const took = performance.now() - start
    asAskedFor &&= document.number === number
    const wasHit = readDocument.stats().hits > hits
    row(
      `${number}`,
      wasHit ? stage.paint('green', 'hit') : stage.paint('yellow', 'miss'),
      milliseconds(took),
      document.package,
    )
  }

  stage.show()
  const { hits, misses } = readDocument.stats()
  stage.claim('hits 3, misses 8, as in Python', { hits, misses }, { hits: 3, misses: 8 })
  stage.claim('the server was asked 8 times', server.reads - before, 8)
  stage.claim('every caller got the document that it asked for', asAskedFor)
}
