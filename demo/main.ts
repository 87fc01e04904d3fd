/** `npm run demo`: the cache at work on real documents. It checks all that it says, and ends with 1 if any is not so. */
import process from 'node:process'

import { oneLoad } from './chapters/one-load.ts'
import { invalidation } from './chapters/invalidation.ts'
import { jitter } from './chapters/jitter.ts'
import { policies } from './chapters/policies.ts'
import { sequence } from './chapters/sequence.ts'
import { sharedStore } from './chapters/shared-store.ts'
import { wantsColours } from './colours.ts'
import { findReadmes } from './documents.ts'
import { DocumentServer } from './server.ts'
import { Stage } from './stage.ts'
import { count } from './text.ts'

/** How long the server takes for each answer, in milliseconds. */
const delay = 6

const stage = new Stage((text) => process.stdout.write(text), wantsColours(process.stdout, process.env))
const readmes = await findReadmes()
const server = new DocumentServer(readmes, delay)
await server.listen()
try {
  stage.show()
  stage.show(`${server.url} serves the READMEs of ${count(readmes.length)} packages, ${delay} ms each.`)
  for (const chapter of [sequence, policies, oneLoad, jitter, invalidation, sharedStore]) await chapter(stage, server)
} finally {
  await server.close()
}
stage.summary()
process.exitCode = stage.exitCode
