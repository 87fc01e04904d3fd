import { systemClock } from '../../src/clock.ts'
import { MemoryBackend } from '../support/memory-tier.ts'
import { describeTier } from './describe-tier.ts'

// The tier that the tests of tiered stores use keeps to the same rules as those that are published.
describeTier('the tier in memory', async () => {
  const backend = new MemoryBackend(systemClock)
  return { open: () => backend.open(), close: async () => {} }
})
