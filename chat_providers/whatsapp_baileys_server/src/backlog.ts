import type { EventEmitter } from 'node:events'

const LONGEST_MILLISECONDS = 10_000

/**
 * What WhatsApp kept while this device was away. Until it is through, nobody knows what the owner wrote meanwhile on
 * their phone: an answer that goes out before would speak over their head.
 */
export class Backlog {
  readonly #through: Promise<void>

  /** `taken` waits until all messages that came so far are durable. */
  constructor(ws: EventEmitter, taken: () => Promise<unknown>) {
    this.#through = new Promise(resolve => {
      // WhatsApp's word that this was all, which it says at each login.
      ws.once('CB:ib,,offline', () => void taken().then(() => resolve()))
    })
  }

  /** Waits for it, but not for ever: a message that cannot be stored is delivered again at the next login. */
  async through(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, LONGEST_MILLISECONDS)
    })
    await Promise.race([this.#through, late])
    clearTimeout(timer)
  }
}
