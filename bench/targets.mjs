/** The speed to reach: what polycache's figure in a scenario must not exceed. */
export const targets = [
  { scenario: 'hit', atMost: 1.15 },
  { scenario: 'hit-ttl', atMost: 1.35 },
  { scenario: 'hit-tags', atMost: 1.5, timesOfScenario: 'hit' },
  { scenario: 'stale-hit', atMost: 2, timesOfScenario: 'hit-ttl' },
  { scenario: 'hit-als', atMost: 0.85 },
  { scenario: 'hit-zipf', atMost: 1.15, timesOf: 'lru-cache get' },
  { scenario: 'hit-two-args', atMost: 4.5 },
  { scenario: 'hit-object', atMost: 25 },
  { scenario: 'miss', atMost: 9 },
  { scenario: 'fill-evict', atMost: 12 },
  { scenario: 'memory', atMost: 120, beyond: 'lru-cache values' },
]
