/**
 * Key functions for packages that leave the key to their user, as their manuals write them.
 *
 * They are not injective (a separator can be part of an argument, `JSON.stringify` makes `NaN` and `null` one), which
 * the default key of polycache is.
 */
export const keyOf = {
  string: (key) => key,
  two: (a, b) => `${a}:${b}`,
  object: (query) => JSON.stringify(query),
}

/** What to say of a package that was given one of these. */
export function keyNotes(setup) {
  return setup.args === 'string' ? [] : ['the key is a template string or JSON.stringify, as its manual has it']
}

/** What to say of a package that has no jitter. */
export function jitterNotes(setup) {
  return setup.jitter === undefined ? [] : ['it has no jitter: run with the ttl alone']
}
