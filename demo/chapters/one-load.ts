import { cached, lru, none } from '../../src/index.ts'
import { reader } from '../reader.ts'
import type { DocumentServer } from '../server.ts'
import type { Stage } from '../stage.ts'
import { count, milliseconds } from '../text.ts'

const callers = 1_000

/** However many callers come for a document that is not there yet, the server hears of one. */
export async function oneLoad(stage: Stage, server: DocumentServer): Promise<void> {
  stage.chapter(
    `${count(callers)} callers at once`,
    'All of them ask for one document that nobody has asked for before. none() keeps nothing: with it, a running load is ' +
      'all that can be shared.',
  )
  const row = stage.table(10, -8, -8, -8, -10)
  row(...['policy', 'callers', 'joins', 'requests', 'time'].map((title) => stage.paint('dim', title)))

  const results = []
  for (const [name, store] of Object.entries({ lru: lru({ max: 32 }), none: none() })) {
    const readDocument = cached(store)(reader(server.url))
    const before = server.reads
    const start = performance.now()
    const answers = await Promise.all(Array.from({ length: callers }, () => readDocument(42)))
    const time = performance.now() - start
    const asked = server.reads - before
    const { misses, joins } = readDocument.stats()
    row(stage.paint('cyan', name), count(callers), count(joins), count(asked), milliseconds(time))
    results.push({ name, asked, misses, joins, documents: new Set(answers).size })
  }

  stage.show()
  for (const { name, asked, misses, joins, documents } of results) {
    stage.claim(`${name}: the server was asked once`, asked, 1)
    stage.claim(`${name}: one miss, ${count(callers - 1)} joins`, { misses, joins }, { misses: 1, joins: callers - 1 })
    stage.claim(`${name}: everyone got the same document`, documents, 1)
  }
}
