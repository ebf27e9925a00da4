/** Baileys asks WhatsApp for a sign of life this often; its own default is 30 seconds. */
export const KEEP_ALIVE_MILLISECONDS = 10_000
/** Without a sound for longer than that asking and its answer take, something is wrong. */
const QUIET_MILLISECONDS = KEEP_ALIVE_MILLISECONDS + 2_500
/** WhatsApp acknowledges a message within some hundred milliseconds. */
const ACK_MILLISECONDS = 1_500
/** For the sign of life that was asked for in doubt. */
const LAST_MILLISECONDS = 2_000

interface Tell {
  /** Nothing was heard for suspiciously long: ask for a sign of life. */
  doubt: () => void
  /** It was heard again after all. */
  relief: () => void
  /** It did not answer that, either. */
  dead: () => void
}

/**
 * Notices that the other end of an open connection has gone: no error tells of that, and TCP takes many minutes.
 *
 * To ask every second would notice it sooner and be unlike any other client; but a message on its way wants an answer.
 */
export class Watch {
  readonly #tell: Tell
  #heardAt = performance.now()
  #expectedSince: number | undefined
  #doubtSince: number | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(tell: Tell) {
    this.#tell = tell
    this.#wait()
  }

  /** Something was heard, whatever it was. */
  heard(): void {
    this.#heardAt = performance.now()
    this.#expectedSince = undefined
    if (this.#doubtSince === undefined) return
    this.#doubtSince = undefined
    this.#tell.relief()
    this.#wait()
  }

  /** Something was said that WhatsApp answers at once. */
  expect(): void {
    if (this.#expectedSince !== undefined) return
    this.#expectedSince = performance.now()
    if (this.#doubtSince === undefined) this.#wait()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #due(): number {
    if (this.#doubtSince !== undefined) return this.#doubtSince + LAST_MILLISECONDS
    const quiet = this.#heardAt + QUIET_MILLISECONDS
    return this.#expectedSince === undefined ? quiet : Math.min(quiet, this.#expectedSince + ACK_MILLISECONDS)
  }

  #wait(): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    this.#timer = setTimeout(() => this.#look(), Math.max(0, this.#due() - performance.now()) + 1)
  }

  #look(): void {
    if (performance.now() < this.#due()) {
      this.#wait()
    } else if (this.#doubtSince === undefined) {
      this.#doubtSince = performance.now()
      this.#tell.doubt()
      this.#wait()
    } else {
      this.stop()
      this.#tell.dead()
    }
  }
}
