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
  { name: 'words', files: ['types.ts', 'errors.ts'] },
  {
    name: 'ground',
    files: ['clock.ts', 'random.ts', 'check.ts', 'warn.ts', 'held.ts', 'builtins.ts', 'classes.ts', 'refusal.ts'],
  },
  { name: 'text', files: ['text.ts'] },
  { name: 'keys', files: ['keys.ts', 'store-key.ts'] },
  { name: 'shortcuts to keys', files: ['key-shortcuts.ts'] },
  { name: 'tiers: what does not survive', files: ['codec/survey.ts'] },
  { name: 'tiers: values as bytes', files: ['codec/exact.ts'] },
  { name: 'tiers: bytes with a header', files: ['codec/envelope.ts'] },
  { name: 'tiers: the words', files: ['tiers/tier.ts', 'tiers/abortable.ts', 'tiers/owed.ts', 'tiers/token.ts'] },
  { name: 'tiers: the parts', files: ['tiers/life.ts', 'tiers/record.ts', 'tiers/renewals.ts', 'tiers/waiting.ts'] },
  { name: 'redis: the words', files: ['redis/client.ts', 'redis/lua.ts', 'redis/messages.ts'] },
  { name: 'redis: what runs inside', files: ['redis/scripts.ts'] },
  { name: 'redis: the servers', files: ['redis/server.ts'] },
  { name: 'redis: the backplane', files: ['redis/backplane.ts'] },
  { name: 'redis: spaces', files: ['redis/space.ts'] },
  { name: 'redis', files: ['redis/index.ts'] },
  { name: 'keyv: the parts', files: ['keyv/shelf.ts', 'keyv/time.ts'] },
  { name: 'keyv: spaces', files: ['keyv/space.ts'] },
  { name: 'keyv', files: ['keyv/index.ts'] },
  { name: 'lmdb: the parts', files: ['lmdb/file.ts', 'lmdb/peer.ts'] },
  { name: 'lmdb: the file', files: ['lmdb/database.ts'] },
  { name: 'lmdb: what is in it', files: ['lmdb/journal.ts', 'lmdb/ledger.ts'] },
  { name: 'lmdb: spaces', files: ['lmdb/space.ts'] },
  { name: 'lmdb', files: ['lmdb/index.ts'] },
  { name: 'parts of policies', files: ['policies/bounds.ts', 'policies/removals.ts', 'policies/chain.ts'] },
  { name: 'frames of policies', files: ['policies/node-policy.ts', 'policies/deadlines.ts'] },
  { name: 'policies', files: ['policies/*'] },
  { name: 'layers: one thing each', files: ['jitter.ts', 'reentry.ts', 'roster.ts', 'counters.ts'] },
  { name: 'layers: who is there', files: ['census.ts'] },
  { name: 'layers: the fence', files: ['generation.ts'] },
  { name: 'layers: what is stored', files: ['entry.ts'] },
  { name: 'layers: until when', files: ['freshness.ts'] },
  { name: 'layers: one load at a time', files: ['flight.ts'] },
  { name: 'layers: all loads', files: ['flights.ts'] },
  { name: 'layers: where', files: ['space.ts'] },
  { name: 'shelves', files: ['sync-shelf.ts', 'async-shelf.ts', 'engine-options.ts', 'store-types.ts'] },
  { name: 'rooms', files: ['room.ts'] },
  { name: 'hit path', files: ['hit-path.ts'] },
  { name: 'engine', files: ['engine.ts'] },
  { name: 'controls', files: ['controls.ts'] },
  { name: 'functions', files: ['cache.ts', 'cached.ts', 'cached-sync.ts'] },
  { name: 'tools: groups of tests', files: ['testing/deferred.ts'] },
  { name: 'tools: contracts', files: ['testing/map-contract.ts'] },
  { name: 'tools: contracts with cached', files: ['testing/cached-contract.ts'] },
  { name: 'tools', files: ['testing/*'] },
  { name: 'front: the tools', files: ['testing.ts'] },
  { name: 'front: the policies', files: ['policies/index.ts'] },
  { name: 'front', files: ['index.ts'] },
]
