/** Processes that measure, and what must be in place before they start. */
import { execFileSync, fork } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { resolve } from 'node:path'

export const root = fileURLToPath(new URL('..', import.meta.url))
const compare = fileURLToPath(new URL('compare', import.meta.url))

function npm(cwd, args) {
  process.stderr.write(`npm ${args.join(' ')} in ${cwd}\n`)
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** The module of the built package, as a URL. Builds it first, unless another build is named. */
export function builtPackage(dist) {
  if (dist === undefined) npm(root, ['run', 'build'])
  return pathToFileURL(resolve(dist ?? `${root}/dist`, 'index.js')).href
}

/** Installs the packages of compare/, once. */
export function installPeers() {
  if (!existsSync(`${compare}/node_modules`)) npm(compare, ['ci', '--ignore-scripts'])
}

/** The version that is installed: of polycache, of what it depends on, or of a package in compare/. */
export function versionOf(name, own) {
  const file =
    name === 'polycache' ? `${root}/package.json` : `${own ? root : compare}/node_modules/${name}/package.json`
  return JSON.parse(readFileSync(file, 'utf8')).version
}

/** Runs a module in a process of its own and resolves to the one message that it sends. */
export function inProcess(module, job, { timeoutMs = 120_000 } = {}) {
  return new Promise((resolveWith) => {
    const child = fork(fileURLToPath(new URL(module, import.meta.url)), [JSON.stringify(job)], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    let result = { failed: 'its process ended without a result' }
    const timer = setTimeout(() => {
      result = { failed: `nothing after ${timeoutMs / 1_000} s` }
      child.kill('SIGKILL')
    }, timeoutMs)
    child.on('message', (message) => {
      result = message
    })
    child.on('exit', () => {
      clearTimeout(timer)
      resolveWith(result)
    })
  })
}

/** Shows what runs at the moment, where somebody may be looking. */
export function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`)
}

/** Says so when other work takes a part of the machine: the figures will vary more than they need to. */
export function warnIfBusy() {
  const [load] = loadavg()
  const cores = availableParallelism()
  if (load > cores / 2)
    process.stderr.write(`warning: this machine is busy (load ${load.toFixed(1)} on ${cores} cores)\n`)
}

/** Ends the command with what is wrong with it. */
export function stop(message) {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}
