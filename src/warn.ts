/** Tells of a failure that no caller sees, as a process warning. Never throws. */
export function warn(error: unknown): void {
  const cause = error instanceof Error ? error : new Error(String(error))
  const warning = new Error(`a failure that no caller sees: ${cause.message}`, { cause })
  warning.name = 'PolycacheWarning'
  process.emitWarning(warning)
}
