/**
 * Who is measured: a name, its adapter, and the package whose version the report names.
 *
 * `own` packages are installed with polycache, the others in compare/. `bare` ones are references: they keep none of
 * the promises of a cached function.
 */
export const subjects = {
  polycache: { adapter: './adapters/polycache.mjs', package: 'polycache', own: true },
  'lru-cache get': { adapter: './adapters/lru-cache-get.mjs', package: 'lru-cache', own: true, bare: true },
  'lru-cache values': {
    adapter: './adapters/lru-cache-values.mjs',
    package: 'lru-cache',
    own: true,
    bare: true,
    scenarios: ['memory'],
  },
  'lru-cache fetch': { adapter: './adapters/lru-cache-fetch.mjs', package: 'lru-cache', own: true },
  'p-memoize': { adapter: './compare/adapters/p-memoize.mjs', package: 'p-memoize' },
  'async-cache-dedupe': { adapter: './compare/adapters/async-cache-dedupe.mjs', package: 'async-cache-dedupe' },
  cachified: { adapter: './compare/adapters/cachified.mjs', package: '@epic-web/cachified' },
  memoizee: { adapter: './compare/adapters/memoizee.mjs', package: 'memoizee' },
  ocache: { adapter: './compare/adapters/ocache.mjs', package: 'ocache' },
  bentocache: { adapter: './compare/adapters/bentocache.mjs', package: 'bentocache' },
  cacheable: { adapter: './compare/adapters/cacheable.mjs', package: 'cacheable' },
}
