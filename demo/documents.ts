import { readdir, readFile } from 'node:fs/promises'

/** A README of an installed package. */
export interface Readme {
  readonly package: string
  readonly text: string
}

const modules = new URL('../node_modules/', import.meta.url)

/** All READMEs of the installed packages, by the packages' names. */
export async function findReadmes(): Promise<Readme[]> {
  const found = await Promise.all((await packageNames()).map(readme))
  return found.filter((document) => document !== undefined)
}

async function packageNames(): Promise<string[]> {
  const folders = (await readdir(modules)).filter((name) => !name.startsWith('.')).toSorted()
  const names = folders.map(async (folder) => {
    if (!folder.startsWith('@')) return [folder]
    const scoped = await readdir(new URL(`${folder}/`, modules))
    return scoped.toSorted().map((name) => `${folder}/${name}`)
  })
  return (await Promise.all(names)).flat()
}

async function readme(name: string): Promise<Readme | undefined> {
  try {
    return { package: name, text: await readFile(new URL(`${name}/README.md`, modules), 'utf8') }
  } catch {
    return undefined
  }
}
