import process from 'node:process'

/** Where recorded requests are looked for. They belong to others, and are no part of this project. */
export const folder: string = process.env['POLYCACHE_TRACES'] ?? '../shared/traces'

/** Whether all of them are to be replayed, at all sizes: that takes many minutes. */
export const all: boolean = process.env['POLYCACHE_ALL_CELLS'] !== undefined
