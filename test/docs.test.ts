/**
 * Runs every block of TypeScript in README.md and docs/, with these conventions for their writers:
 *
 * - Each block marked `ts` is a module of its own, type-checked and run. `ts continued` goes on where the block before
 *   it ended. `ts no-run` is type-checked only, and with it those that continue it.
 * - What a reader need not see, such as the function that is cached, stands in front in a comment that opens with
 *   `<!-- ts` and closes with `-->`, each on its own line; the block to be seen is then `ts continued`.
 * - `expression // => value` and `const name = expression // => value`, on one line, assert that the awaited result
 *   deeply equals the value; in `// => { hits: 1, ... }` only what is named counts.
 * - `expression // throws RangeError: max must be` asserts that it throws or rejects with an error that reads so, from
 *   its beginning. Any other comment is a comment.
 * - `npm run <name>` in a block marked `sh` must name a script of package.json.
 * - No block is marked `js`.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

import { expect } from 'chai'

import { moduleOf, readPage } from './docs/pages.ts'

const modules = 'node_modules/.cache/docs'
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }

const guides = existsSync('docs') ? readdirSync('docs', { recursive: true, encoding: 'utf8' }) : []
const paths = [
  'README.md',
  ...guides.filter((file) => file.endsWith('.md')).map((file) => `docs/${file.replaceAll('\\', '/')}`),
]

const fileOf = (path: string, line: number): string => `${path.replaceAll('/', '-')}-${line}.mts`

describe('the pages', () => {
  const pages = paths.filter((path) => existsSync(path)).map((path) => readPage(path))

  before(() => {
    rmSync(modules, { recursive: true, force: true })
    mkdirSync(modules, { recursive: true })
    const options = { types: ['node'], declaration: false, isolatedDeclarations: false }
    const config = { extends: resolve('tsconfig.json'), compilerOptions: options, include: ['*.mts'], exclude: [] }
    writeFileSync(join(modules, 'tsconfig.json'), JSON.stringify(config))
    for (const page of pages) {
      for (const example of page.examples) {
        writeFileSync(join(modules, fileOf(page.path, example.line)), moduleOf(page, example, modules))
      }
    }
  })

  it('include a README.md', () => {
    expect(paths.filter((path) => !existsSync(path))).to.deep.equal([])
  })

  it('have examples that type-check', function () {
    this.timeout(60_000)

    const compiler = ['node_modules/typescript/bin/tsc', '--project', modules, '--pretty', 'false']
    const { status, stdout } = spawnSync(process.execPath, compiler, { encoding: 'utf8' })
    // Mistakes in src/ are reported too, and are not the pages'.
    const errors = stdout.split('\n').filter((line) => line.includes('.mts(') || line.startsWith('error '))

    expect(status, 'the compiler has run').to.not.equal(null)
    expect(errors.map((line) => line.replace(/^.*\/(.+)-\d+\.mts\((\d+),(\d+)\)/, '$1:$2:$3'))).to.deep.equal([])
  })

  for (const { path, examples, scripts: named } of pages) {
    describe(path, () => {
      it('has an example that runs', () => {
        expect(examples.some(({ runs }) => runs)).to.equal(true)
      })

      it('names only npm scripts that are there', () => {
        expect(named.filter((name) => !(name in scripts))).to.deep.equal([])
      })

      for (const { line, runs } of examples) {
        if (!runs) continue
        it(`runs the example of line ${line}`, async () => {
          await import(pathToFileURL(join(modules, fileOf(path, line))).href)
        })
      }
    })
  }
})
