import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { lmdbTier } from '../../src/lmdb/index.ts'
import { type Backend, describeTier } from './describe-tier.ts'

/** A folder that is taken away with what is in it. */
function folder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'polycache-lmdb-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

const onError = (error: unknown): void => {
  throw error
}

describe('lmdbTier', () => {
  describeTier('within one process', async (): Promise<Backend> => {
    const { path, remove } = folder()
    return {
      open: () => lmdbTier({ path: join(path, 'cache.mdb'), pollEvery: 2, onError }),
      close: async () => remove(),
    }
  })
})
