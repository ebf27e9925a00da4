import type { EventEmitter } from 'node:events'

import type { BinaryNode } from 'baileys'

/** So long may nothing get through before it is given up: what cannot be stored is delivered again at the next login. */
const STANDSTILL_MILLISECONDS = 20_000
const LOOK_EVERY_MILLISECONDS = 500
/** So long may WhatsApp send nothing before it is asked once more. */
const PATIENCE_MILLISECONDS = 3_000
/** What Baileys asks for when WhatsApp tells how much there is; it asks only once. */
const FIRST_BATCH = 100
/** As many as WhatsApp Web asks for at a time. */
const BATCH = 200

interface Wire {
  /** Waits until all messages that came so far are durable. */
  taken: () => Promise<unknown>
  /** Asks WhatsApp for so many more. */
  askFor: (count: number) => void
}

/**
 * What WhatsApp kept while this device was away. Until it is through, nobody knows what the owner wrote meanwhile on
 * their phone: an answer that goes out before would speak over their head.
 *
 * WhatsApp tells how much there is (`offline_preview`), sends some, and the rest only as it is asked for
 * (`offline_batch`); then it says that this was all (`offline`), which it does at each login.
 */
export class Backlog {
  readonly #through: Promise<void>
  readonly #wire: Wire
  /** Stanzas that WhatsApp was asked for, and that did not come yet; undefined: it never said that there are any. */
  #due: number | undefined
  #movedAt = performance.now()
  #cameAt = performance.now()

  constructor(ws: EventEmitter, wire: Wire) {
    this.#wire = wire
    ws.once('CB:ib,,offline_preview', () => {
      this.#due = FIRST_BATCH
      this.#cameAt = performance.now()
    })
    this.#through = new Promise(resolve => {
      ws.once('CB:ib,,offline', () => {
        this.#due = undefined
        this.moved()
        void wire.taken().then(() => resolve())
      })
    })
  }

  /** A stanza has come, before anybody else hears of it. */
  heard({ attrs }: BinaryNode): void {
    if (this.#due === undefined || attrs.offline === undefined) return
    this.#cameAt = performance.now()
    this.moved()
    this.#due -= 1
    if (this.#due <= BATCH / 4) this.#askForMore()
  }

  /** A message got through. */
  moved(): void {
    this.#movedAt = performance.now()
  }

  /** Waits for it as long as it moves, however much it is. */
  async through(): Promise<void> {
    this.moved()
    let timer: NodeJS.Timeout | undefined
    const standstill = new Promise<void>(resolve => {
      timer = setInterval(() => {
        const now = performance.now()
        if (now - this.#movedAt > STANDSTILL_MILLISECONDS) resolve()
        else if (this.#due !== undefined && now - this.#cameAt > PATIENCE_MILLISECONDS) this.#askForMore()
      }, LOOK_EVERY_MILLISECONDS)
    })
    await Promise.race([this.#through, standstill])
    clearInterval(timer)
  }

  #askForMore(): void {
    this.#due = Math.max(0, this.#due ?? 0) + BATCH
    this.#cameAt = performance.now()
    this.#wire.askFor(BATCH)
  }
}
