/** Loggers that say nothing. */
export const SILENT = {
  level: 'silent',
  child: () => SILENT,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined
}

/** libsignal tells the console about every session that it closes, private keys included; stdout is for JSON lines. */
export function hushConsole(): void {
  console.log = console.info = console.warn = () => undefined
}
