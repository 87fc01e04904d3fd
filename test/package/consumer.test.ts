import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

/**
 * What the project needs, taken from this repository's own locked installation so that no network is asked. The packages
 * that a sub-path asks for are among them.
 */
const installedHere = ['lru-cache', '@isaacs/ttlcache', 'dataloader', '@types/node', 'undici-types']

// Coverage of other processes is not ours (left out, node would hand the setting on), and npm must not take the
// settings of the npm that runs the tests for its own.
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))),
  NODE_V8_COVERAGE: '',
}

/** Runs a program to its end; a failure carries all that the program said. */
async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd, env: environment })
    return stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error })
  }
}

describe('the package, packed and installed into an empty project', function () {
  this.timeout(60_000)
  let project: string

  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'polycache-consumer-'))
    await cp('test/package/project', project, { recursive: true })
    await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }')

    const packed = await run('.', 'npm', 'pack', '--silent', '--pack-destination', project)
    const what = [
      `./${packed.trim().split('\n').at(-1)}`,
      ...installedHere.map((name) => resolve('node_modules', name)),
    ]
    const how = ['--offline', '--install-links', '--ignore-scripts', '--no-audit', '--no-fund']
    await run(project, 'npm', 'install', ...how, ...what)
  })

  after(() => rm(project, { recursive: true, force: true }))

  it('runs from an ES module', async () => {
    await run(project, process.execPath, 'esm.mjs')
  })

  it('runs from a CommonJS module with require()', async () => {
    await run(project, process.execPath, 'require.cjs')
  })

  for (const compiler of ['typescript-5.4', 'typescript']) {
    for (const config of ['tsconfig.json', 'tsconfig.legacy.json']) {
      it(`type-checks with ${compiler} and ${config}`, async () => {
        await run(project, process.execPath, resolve('node_modules', compiler, 'bin/tsc'), '--project', config)
      })
    }
  }

  it('says what to install where a package is missing that a sub-path needs', async () => {
    await rm(join(project, 'node_modules/dataloader'), { recursive: true })

    await run(project, process.execPath, 'missing.mjs')
  })
})
