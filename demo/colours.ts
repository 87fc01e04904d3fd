interface Terminal {
  isTTY?: boolean
  getColorDepth?(env?: object): number
}

/** Whether to write in colours: to a terminal that has them, unless `FORCE_COLOR` or `NO_COLOR` says otherwise. */
export function wantsColours(stream: Terminal, env: Record<string, string | undefined>): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: refused } = env
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  if (refused !== undefined && refused !== '') return false
  return stream.isTTY === true && stream.getColorDepth !== undefined && stream.getColorDepth(env) > 1
}
