import { readFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  name: string
  exports: Record<string, string | { default: string }>
}

/**
 * What can be imported from the package, and the source that it is built from: `polycache/keys` from `src/keys.ts`.
 * Read from the exports map, the one list of them.
 */
export const entries: ReadonlyMap<string, string> = new Map(
  Object.entries(manifest.exports).flatMap(([subPath, target]) =>
    typeof target === 'string'
      ? []
      : [
          [
            manifest.name + subPath.slice(1),
            target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts'),
          ] as const,
        ],
  ),
)
