/** A service under `experimentalDecorators`, type-checked, compiled by two compilers and run. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

import { expect } from 'chai'
import { transform } from 'esbuild'
import ts from 'typescript-5.4'
import { cached, controlsOf } from '../src/index.ts'
import { Container } from './legacy-decorators/container.ts'

const folder = 'test/legacy-decorators'
const source = readFileSync(join(folder, 'users.ts'), 'utf8').replace(
  "'./container.ts'",
  `'../../${folder}/container.ts'`,
)

const compilers: Record<string, () => Promise<string>> = {
  esbuild: async () => {
    const tsconfigRaw = { compilerOptions: { experimentalDecorators: true } }
    return (await transform(source, { loader: 'ts', target: 'es2022', tsconfigRaw })).code
  },
  TypeScript: async () => {
    const compilerOptions: ts.CompilerOptions = {
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
    }
    return ts.transpileModule(source, { compilerOptions }).outputText
  },
}

describe('methods under experimentalDecorators', () => {
  it('type-check', function () {
    this.timeout(60_000)

    const compiler = resolve('node_modules/typescript/bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [compiler, '--project', folder], { encoding: 'utf8' })

    expect(stdout).to.equal('')
    expect(status).to.equal(0)
  })

  for (const [name, compile] of Object.entries(compilers)) {
    describe(`compiled by ${name}`, () => {
      /** The module. It has no type here, where the decorators of its source are taken for standard ones. */
      let service: any

      before(async () => {
        // As deep in the repository as the source, so that its imports lead to the same places.
        const file = join('node_modules/.cache', `legacy-decorators-${name}.mjs`)
        mkdirSync('node_modules/.cache', { recursive: true })
        writeFileSync(file, await compile())
        service = await import(pathToFileURL(resolve(file)).href)
      })

      const create = (): any =>
        name === 'TypeScript'
          ? new Container().get(service.UsersService)
          : new service.UsersService(new service.Database())

      it('load once, and again when the service says that something has changed', async () => {
        const users = create()

        const both = await Promise.all([users.find('1'), users.find('1')])
        expect(both.map(({ version }) => version)).to.deep.equal([1, 1])
        await users.rename('1')

        expect(await users.find('1')).to.deep.equal({ id: '1', version: 2 })
        expect(users.database.reads).to.equal(2)
        expect(controlsOf(users.find).stats()).to.include({ misses: 2, joins: 1, invalidations: 1 })
      })

      it('are apart for each instance, in one store and in stores of their own', async () => {
        const [one, two] = [create(), create()]
        await Promise.all([one.find('1'), two.find('1'), one.findInOwn('1')])

        await controlsOf(one.find).clear()

        expect(controlsOf(two.find).has('1')).to.equal(true)
        expect([one.own.size, two.own.size]).to.deep.equal([1, 0])
        expect(one.find).to.equal(one.find)
        expect(one.find).not.to.equal(two.find)
        expect([one.label('1'), two.label('1')]).to.deep.equal(['user 1', 'user 1'])
        expect(controlsOf(one.label).stats()).to.include({ misses: 1, size: 1 })
      })

      it('have their instance when they are passed around', async () => {
        const { find } = create()

        expect(await find('1')).to.deep.equal({ id: '1', version: 1 })
      })

      it('go round a decorator below them', async () => {
        const users = create()
        service.calls.length = 0

        await users.findLogged('1')
        await users.findLogged('1')

        expect(service.calls).to.deep.equal(['findLogged 1'])
      })

      it('may be static', async () => {
        const { UsersService } = service
        const made = UsersService.made

        expect([await UsersService.count('abc'), await UsersService.count('abc')]).to.deep.equal([made + 4, made + 4])
        expect(controlsOf(UsersService.count).invalidate('abc')).to.equal(true)
      })

      it('may be overridden, cached again or not', async () => {
        const users = new service.AuditedUsersService(new service.Database())

        for (let round = 0; round < 2; round++) {
          expect(await users.find('1')).to.deep.equal({ id: 'audited 1', version: 1 })
          expect(await users.findLogged('1')).to.deep.equal({ id: 'audited 1', version: 1 })
        }

        expect(users.database.reads).to.equal(2)
        expect(controlsOf(users.findLogged).stats()).to.include({ hits: 1, misses: 1 })
        expect(() => controlsOf(users.find)).to.throw(TypeError, 'a cached method')
      })
    })
  }

  it('refuse what is no method', () => {
    const decorator = cached(new Map()) as (...args: unknown[]) => unknown

    expect(() => decorator({}, 'property', { get: () => 1, configurable: true })).to.throw(
      TypeError,
      'the method to cache must be a function, but got: undefined',
    )
    expect(() => decorator({}, 'property', undefined)).to.throw(TypeError, 'the function to cache must be a function')
  })
})
