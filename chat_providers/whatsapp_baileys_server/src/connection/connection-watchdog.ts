/** The interval of Baileys' keep-alive pings. Its default is 30 seconds. */
export const KEEP_ALIVE_MILLISECONDS = 10_000
/** A longer silence is suspicious: a ping and its answer take less time. */
const MAX_SILENCE_MILLISECONDS = KEEP_ALIVE_MILLISECONDS + 2_500
/** WhatsApp normally acknowledges a message within some hundred milliseconds. */
const REPLY_MILLISECONDS = 1_500
/** The time to answer the extra ping that is sent on suspicion. */
const PROBE_MILLISECONDS = 2_000

interface Callbacks {
  /** The silence is suspicious: a ping should be sent. */
  onSuspect: () => void
  /** The connection is alive after all. */
  onRecovered: () => void
  /** The ping was not answered. */
  onDead: () => void
}

/**
 * Detects that the server is gone though the connection is still open. TCP itself takes many minutes to report it.
 *
 * A ping every second would detect it sooner, but no other client does that. A sent message, however, must be
 * acknowledged.
 */
export class ConnectionWatchdog {
  readonly #callbacks: Callbacks
  #lastReceivedAt = performance.now()
  #awaitingReplySince: number | undefined
  #suspectSince: number | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(callbacks: Callbacks) {
    this.#callbacks = callbacks
    this.#schedule()
  }

  /** Any stanza arrived. */
  received(): void {
    this.#lastReceivedAt = performance.now()
    this.#awaitingReplySince = undefined
    if (this.#suspectSince === undefined) return
    this.#suspectSince = undefined
    this.#callbacks.onRecovered()
    this.#schedule()
  }

  /** A stanza was sent that WhatsApp answers at once. */
  expectReply(): void {
    if (this.#awaitingReplySince !== undefined) return
    this.#awaitingReplySince = performance.now()
    if (this.#suspectSince === undefined) this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #deadline(): number {
    if (this.#suspectSince !== undefined) return this.#suspectSince + PROBE_MILLISECONDS
    const silenceDeadline = this.#lastReceivedAt + MAX_SILENCE_MILLISECONDS
    return this.#awaitingReplySince === undefined
      ? silenceDeadline
      : Math.min(silenceDeadline, this.#awaitingReplySince + REPLY_MILLISECONDS)
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    this.#timer = setTimeout(() => this.#check(), Math.max(0, this.#deadline() - performance.now()) + 1)
  }

  #check(): void {
    if (performance.now() < this.#deadline()) {
      this.#schedule()
    } else if (this.#suspectSince === undefined) {
      this.#suspectSince = performance.now()
      this.#callbacks.onSuspect()
      this.#schedule()
    } else {
      this.stop()
      this.#callbacks.onDead()
    }
  }
}
