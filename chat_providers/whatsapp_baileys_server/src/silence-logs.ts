// This must be imported before Baileys: libsignal prints whole sessions with their private keys to the console.
import type { WASocket } from 'baileys'

type Logger = WASocket['logger']

const discard = (): void => undefined

for (const name of ['debug', 'dir', 'error', 'info', 'log', 'table', 'trace', 'warn'] as const) {
  console[name] = discard
}

/** Baileys logs stanzas and keys. None of them may leave the process. */
export const silentLogger: Logger = {
  level: 'silent',
  child: () => silentLogger,
  trace: discard,
  debug: discard,
  info: discard,
  warn: discard,
  error: discard,
}

/** Returns the class and the stack positions of an error. Its message is left out, because it may quote content. */
export function describeError(error: unknown): { name: string; trace: string[] } {
  if (!(error instanceof Error)) return { name: typeof error, trace: [] }
  const trace = (error.stack ?? '').split('\n').filter(line => /^ +at /.test(line))
  return { name: error.name, trace: trace.slice(0, 8).map(line => line.trim()) }
}
