// Imported before Baileys: libsignal prints whole sessions, private keys included, through console.
import type { WASocket } from 'baileys'

type Logger = WASocket['logger']

const nothing = (): void => undefined

for (const name of ['debug', 'dir', 'error', 'info', 'log', 'table', 'trace', 'warn'] as const) {
  console[name] = nothing
}

/** Baileys logs stanzas and keys; none of it may leave the process. */
export const silent: Logger = {
  level: 'silent',
  child: () => silent,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
}

/** What of an error may be shown: its class and its stack's places, not its message, which may quote content. */
export function faultOf(error: unknown): { name: string; trace: string[] } {
  if (!(error instanceof Error)) return { name: typeof error, trace: [] }
  const trace = (error.stack ?? '').split('\n').filter(line => /^ +at /.test(line))
  return { name: error.name, trace: trace.slice(0, 8).map(line => line.trim()) }
}
