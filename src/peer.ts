import { createRequire } from 'node:module'

const requireHere = createRequire(import.meta.url)

/**
 * Loads a package that a sub-path of this library needs, and that whoever uses the sub-path installs beside it.
 *
 * @throws `Error` that says what to install where it is missing
 */
export function peer(name: string, neededBy: string): unknown {
  try {
    return requireHere(name) as unknown
  } catch (cause) {
    const { code, message } = cause as { code?: unknown; message?: unknown }
    // Something that the package itself needs may be what is missing.
    if (code !== 'MODULE_NOT_FOUND' || !String(message).includes(`'${name}'`)) throw cause
    throw new Error(`${neededBy} needs the package ${name}: npm install ${name}`, { cause })
  }
}
