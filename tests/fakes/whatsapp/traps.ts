/** Signals to other processes, sent at the very moment that something stands in the log. */

export interface Trap {
  /** The event's kind, and facts that it has to have. */
  readonly kind: string
  readonly facts: Record<string, unknown>
  readonly pids: readonly number[]
  readonly signal: NodeJS.Signals
  /** Milliseconds after the event. */
  readonly delay: number
}

/** Whether this event springs the trap. */
export function springs({ kind, facts }: Trap, event: Record<string, unknown>): boolean {
  return kind === event.kind && Object.entries(facts).every(([name, value]) => event[name] === value)
}

export function spring({ pids, signal, delay }: Trap, sprung: () => void): void {
  const strike = () => {
    for (const pid of pids) kill(pid, signal)
    sprung()
  }
  if (delay > 0) setTimeout(strike, delay)
  else strike()
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone already.
  }
}
