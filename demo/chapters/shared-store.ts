import { cached, lru } from '../../src/index.ts'
import { titleOf, wordsOf } from '../markdown.ts'
import { reader } from '../reader.ts'
import type { DocumentServer } from '../server.ts'
import type { Stage } from '../stage.ts'
import { count } from '../text.ts'

const max = 8

/** Two functions in one store: they share its room, and nothing else. */
export async function sharedStore(stage: Stage, server: DocumentServer): Promise<void> {
  stage.chapter(
    'Two functions on one store',
    `title and words, both by a document's number, share one lru({ max: ${max} }): first four documents of each.`,
  )
  const readDocument = reader(server.url)
  const store = lru({ max })
  const title = cached(store, { name: 'title' })(async (number: number) => titleOf((await readDocument(number)).text))
  const words = cached(store, { name: 'words' })(async (number: number) => wordsOf((await readDocument(number)).text))

  const document = stage.table(-4, 40, -12)
  for (const number of [1, 2, 3, 4]) document(`${number}`, await title(number), `${count(await words(number))} words`)

  stage.show()
  const kept = [title.stats().size, words.stats().size]
  stage.claim('each keeps four, under the same four numbers', kept, [4, 4])
  const types = [typeof (await title(1)), typeof (await words(1))]
  stage.claim('and each finds its own there', types, ['string', 'number'])

  stage.show()
  stage.say('The words of three more documents, and the three entries used longest ago must go:')
  for (const number of [5, 6, 7]) await words(number)
  const room = stage.table(8, -8, -10)
  function showRoom(): void {
    room(...['', 'entries', 'evictions'].map((heading) => stage.paint('dim', heading)))
    for (const each of [title, words]) {
      const { size, evictions } = each.stats()
      room(stage.paint('cyan', each.name), count(size ?? NaN), count(evictions))
    }
  }
  showRoom()

  stage.show()
  stage.claim(`the store is full with ${max}, not with ${max} of each`, store.size, max)
  const lost = [title.stats().evictions, words.stats().evictions]
  stage.claim('one policy has chosen from both', lost, [2, 1])

  stage.show()
  stage.say('words.clear() forgets the words, and only these:')
  words.clear()
  showRoom()

  stage.show()
  const left = [title.stats().size, words.stats().size, store.size]
  stage.claim('no words are left, and the titles are as they were', left, [2, 0, 2])
  const before = server.reads
  await title(1)
  stage.claim('a title is still a hit', server.reads - before, 0)
  await words(1)
  stage.claim('the words must be counted anew', server.reads - before, 1)
}
