/** `npm run build`: src/ becomes dist/, as the exports map in package.json has it. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import process from 'node:process'

import { build } from 'esbuild'

import { entries } from './entries.ts'

rmSync('dist', { recursive: true, force: true })

/** By its path: the name `tsc` is also that of the old compiler that a test uses. */
const compiler = 'node_modules/typescript/bin/tsc'

await build({
  entryPoints: [...entries.values()],
  outbase: 'src',
  outdir: 'dist',
  bundle: true,
  // Without splitting each entry would get its own copy of module state and of classes that `instanceof` asks about.
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
})

// The compiler keeps the .ts endings of imports in declarations; dist/ has .js files, with a .d.ts file beside each.
const { status } = spawnSync(process.execPath, [compiler, '--project', 'tsconfig.build.json'], { stdio: 'inherit' })
for (const file of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.d.ts')) continue
  const text = readFileSync(`dist/${file}`, 'utf8')
  writeFileSync(`dist/${file}`, text.replace(/((?:from|import|import\() ?')(\.\.?\/[^']+)\.ts'/g, "$1$2.js'"))
}
process.exitCode = status ?? 1
