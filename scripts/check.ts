/** `npm run check`: every `check:*` script of package.json, all of them also when one fails. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
const checks = Object.keys(scripts).filter((name) => name.startsWith('check:'))
const failed: string[] = []

for (const check of checks) {
  const start = performance.now()
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', check], { encoding: 'utf8' })
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const lastLine = stdout.trim().split('\n').at(-1)
  console.log(`${status === 0 ? '✔' : '✖'} ${check.padEnd(14)} ${seconds.padStart(5)} s  ${lastLine}`)
  if (status === 0) continue
  failed.push(check)
  console.log(`${stdout}${stderr}`)
}

console.log(failed.length === 0 ? `all ${checks.length} checks passed` : `failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
