/**
 * `npm run check:size`: what an application gets that imports `cached` and `lru`, from the built package, minified and
 * gzipped, without the two dependencies and node's own modules.
 */
import process from 'node:process'
import { gzipSync } from 'node:zlib'

import { build } from 'esbuild'

const most = 12_800

const { outputFiles } = await build({
  stdin: { contents: "export { cached, lru } from 'polycache'", resolveDir: '.' },
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: ['lru-cache', '@isaacs/ttlcache'],
})
const [bundle] = outputFiles
const bytes = gzipSync(bundle!.contents, { level: 9 }).length

console.log(`cached and lru: ${bytes} bytes gzipped (${bundle!.contents.length} minified), at most ${most}`)
process.exitCode = bytes > most ? 1 : 0
