import { cached, lru } from '../../src/index.ts'
import { reader, type Document } from '../reader.ts'
import type { DocumentServer } from '../server.ts'
import type { Stage } from '../stage.ts'

const number = 7

/** A load that began before an invalidation may answer those who wait for it, and may write nothing. */
export async function invalidation(stage: Stage, server: DocumentServer): Promise<void> {
  stage.chapter(
    'An invalidation in the middle of a load',
    'A document changes while it is being read, and the old answer arrives last of all: after the new one is in the store.',
  )
  const before = server.reads
  const readDocument = cached(lru({ max: 32 }))(reader(server.url))
  const row = stage.table(9, 55)
  const tell = (who: string, what: string): void => row(stage.paint('cyan', who), what)

  const held = server.holdNext()
  const first = readDocument(number)
  await held.arrived
  tell('caller 1', `asks for document ${number}; the server has it at version 1, and is slow`)

  await fetch(`${server.url}/documents/${number}`, { method: 'PUT', body: 'Now it reads otherwise.' })
  readDocument.invalidate(number)
  tell('author', `puts version 2 in its place; readDocument.invalidate(${number})`)

  const second = await readDocument(number)
  tell('caller 2', `asks, does not join the old load, gets version ${second.version}`)

  held.release()
  const late = await first
  tell('caller 1', `gets version ${late.version}, for which it has waited`)

  const third = await readDocument(number)
  tell('caller 3', `gets version ${third.version}`)

  stage.show()
  const { hits, misses } = readDocument.stats()
  stage.claim('caller 1 got what it had asked for, and no error', late.version, 1)
  stage.claim('caller 2 got the new version', textOf(second), { version: 2, text: 'Now it reads otherwise.' })
  stage.claim('caller 3 got it from the cache: the late answer has not undone the invalidation', third === second)
  stage.claim('the server was asked twice', server.reads - before, 2)
  stage.claim('hits 1, misses 2', { hits, misses }, { hits: 1, misses: 2 })
}

const textOf = ({ version, text }: Document): Pick<Document, 'version' | 'text'> => ({ version, text })
