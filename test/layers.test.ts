import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

import { expect } from 'chai'

import { floors } from './floors.ts'

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .toSorted()

/** The row of a file, counted from the top; -1 when it is in none. */
function rowOf(file: string): number {
  const named = floors.findIndex((floor) => floor.files.includes(file))
  return named >= 0 ? named : floors.findIndex((floor) => floor.files.includes(`${posix.dirname(file)}/*`))
}

/** The files under src/ that a file imports, types and re-exports included. */
function importsOf(file: string): string[] {
  const specifiers = readFileSync(`src/${file}`, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)
  return Array.from(specifiers, ([, specifier]) => posix.join(posix.dirname(file), specifier!))
}

describe('the floors of src/', () => {
  it('have a row for every file', () => {
    const homeless = files.filter((file) => rowOf(file) < 0)

    expect(homeless, 'files to be given a row in test/floors.ts').to.deep.equal([])
  })

  it('name no file that is not there', () => {
    const named = floors.flatMap((floor) => floor.files).filter((file) => !file.endsWith('*'))
    const gone = named.filter((file) => !files.includes(file))

    expect(gone, 'files to be taken out of test/floors.ts').to.deep.equal([])
  })

  it('let each file import only from rows above its own', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((imported) => rowOf(file) >= 0 && rowOf(imported) >= rowOf(file))
        .map(
          (imported) => `${file} (${floors[rowOf(file)]?.name}) imports ${imported} (${floors[rowOf(imported)]?.name})`,
        ),
    )

    expect(files.flatMap(importsOf)).to.not.deep.equal([])
    expect(wrong, 'imports that run down or sideways').to.deep.equal([])
  })
})
