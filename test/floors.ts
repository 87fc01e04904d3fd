/** A row of the house: what it is called, and the files under src/ that stand in it. */
interface Floor {
  readonly name: string
  /** Paths, or a folder with `*` for all files of it that no row names. */
  readonly files: readonly string[]
}

/**
 * The house from top to bottom: a file imports only from rows above its own, and not from its neighbours.
 *
 * A new file gets a place here first; where it can stand says what it may know.
 */
export const floors: readonly Floor[] = [
  { name: 'words', files: ['types.ts', 'errors.ts', 'store-types.ts'] },
  {
    name: 'ground',
    files: [
      'clock.ts',
      'random.ts',
      'check.ts',
      'warn.ts',
      'peer.ts',
      'held.ts',
      'builtins.ts',
      'classes.ts',
      'abort-listeners.ts',
    ],
  },
  { name: 'why there is no key', files: ['refusal.ts'] },
  { name: 'text', files: ['text.ts'] },
  { name: 'keys', files: ['keys.ts', 'store-key.ts'] },
  { name: 'shortcuts to keys', files: ['key-shortcuts.ts'] },
  {
    name: 'parts of policies',
    files: [
      'policies/bounds.ts',
      'policies/removals.ts',
      'policies/rings.ts',
      'policies/digits.ts',
      'policies/alarm.ts',
      'policies/tally.ts',
    ],
  },
  {
    name: 'what policies keep order by',
    files: ['policies/slots.ts', 'policies/levels.ts', 'policies/chains.ts', 'policies/wheels.ts'],
  },
  { name: 'orders over orders', files: ['policies/ranks.ts'] },
  { name: 'frames of policies', files: ['policies/slot-policy.ts', 'policies/ageing.ts'] },
  { name: 'frames of policies in order', files: ['policies/ordered-policy.ts'] },
  { name: 'frames of policies that expire', files: ['policies/expiring-policy.ts'] },
  { name: 'policies', files: ['policies/*'] },
  {
    name: 'layers: one thing each',
    files: [
      'jitter.ts',
      'reentry.ts',
      'roster.ts',
      'counters.ts',
      'failures.ts',
      'tagging.ts',
      'ttlcache-put.ts',
      'spelling.ts',
    ],
  },
  { name: 'layers: who is there', files: ['census.ts'] },
  { name: 'layers: the fence', files: ['generation.ts'] },
  { name: 'layers: what is stored', files: ['entry.ts'] },
  { name: 'layers: until when', files: ['freshness.ts'] },
  { name: 'layers: one load at a time', files: ['flight.ts'] },
  { name: 'layers: who waits', files: ['waiting.ts'] },
  { name: 'layers: all loads', files: ['flights.ts'] },
  { name: 'layers: what many loads give', files: ['many-results.ts'] },
  { name: 'layers: one load for many', files: ['batch.ts'] },
  { name: 'layers: where', files: ['space.ts'] },
  { name: 'layers: how much', files: ['statistics.ts'] },
  { name: 'shelves', files: ['sync-shelf.ts', 'async-shelf.ts', 'engine-options.ts'] },
  { name: 'rooms', files: ['room.ts'] },
  { name: 'hit path', files: ['hit-path.ts', 'old-values.ts', 'holding.ts'] },
  { name: 'loads', files: ['loads.ts'] },
  { name: 'engine', files: ['engine.ts'] },
  { name: 'controls', files: ['controls.ts', 'warm.ts'] },
  { name: 'batches', files: ['batcher.ts'] },
  { name: 'scopes', files: ['scopes.ts'] },
  { name: 'what ends with an instance', files: ['departures.ts'] },
  { name: 'methods', files: ['methods.ts'] },
  { name: 'functions', files: ['cache.ts', 'cached.ts', 'cached-sync.ts'] },
  { name: 'controls of methods', files: ['controls-of.ts'] },
  { name: 'functions over functions', files: ['batched.ts'] },
  { name: 'around', files: ['tags.ts'] },
  { name: 'around all', files: ['invalidates.ts'] },
  { name: 'tools: groups of tests', files: ['testing/deferred.ts'] },
  { name: 'tools: contracts', files: ['testing/map-contract.ts'] },
  { name: 'tools: contracts with cached', files: ['testing/cached-contract.ts'] },
  { name: 'tools', files: ['testing/*'] },
  { name: 'front: the tools', files: ['testing.ts'] },
  { name: 'front: the policies', files: ['policies/index.ts'] },
  { name: 'front', files: ['index.ts'] },
]
