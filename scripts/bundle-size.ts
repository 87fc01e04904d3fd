/**
 * `npm run check:size`: what an application gets that imports `cached` and `lru`, from the built package, minified and
 * gzipped, without the two dependencies and node's own modules.
 */
import process from 'node:process'
import { gzipSync } from 'node:zlib'

import { build } from 'esbuild'

/** What must not be exceeded. The aim is 8,192. */
const most = 20_800

const { outputFiles } = await build({
  stdin: { contents: "export { cached, lru } from 'polycache'", resolveDir: '.' },
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: ['lru-cache', '@isaacs/ttlcache'],
  // Parts that the entries share are imported without a name where an entry needs nothing of them; that is no mistake.
  logLevel: 'error',
})
const [bundle] = outputFiles
const bytes = gzipSync(bundle!.contents, { level: 9 }).length

console.log(`cached and lru: ${bytes} bytes gzipped (${bundle!.contents.length} minified), at most ${most}`)
process.exitCode = bytes > most ? 1 : 0
