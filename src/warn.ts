/**
 * Tells of a failure that no caller sees, as a process warning. Never throws.
 *
 * @param name that of the function that it happened to, if it has one
 */
export function warn(error: unknown, name?: string): void {
  const cause = error instanceof Error ? error : new Error(String(error))
  const of = name === undefined || name === '' ? '' : ` of ${name}`
  const warning = new Error(`a failure${of} that no caller sees: ${cause.message}`, { cause })
  warning.name = 'PolycacheWarning'
  process.emitWarning(warning)
}
