import type { EventEmitter } from 'node:events'

import type { BinaryNode } from 'baileys'

/** After this time without progress the wait ends. WhatsApp delivers what is not stored again at the next login. */
const STALL_MILLISECONDS = 20_000
const CHECK_INTERVAL_MILLISECONDS = 500
/** After this time without a stanza the next batch is requested again. */
const BATCH_TIMEOUT_MILLISECONDS = 3_000
/** The size of the batch that Baileys requests. It requests only one. */
const FIRST_BATCH = 100
/** WhatsApp Web requests batches of this size. */
const BATCH = 200

interface Callbacks {
  /** Returns when all messages so far are durable. */
  allStored: () => Promise<unknown>
  /** Requests this many more stanzas from WhatsApp. */
  requestMore: (count: number) => void
}

/**
 * The stanzas that WhatsApp kept while this device was offline. An answer that is sent before they are read might
 * ignore what the owner has written on the phone.
 *
 * WhatsApp announces their number (`offline_preview`) and sends the first ones. It sends more only on request
 * (`offline_batch`). At the end of each login's backlog it sends `offline`.
 */
export class OfflineBacklog {
  readonly #allStored: Promise<void>
  readonly #callbacks: Callbacks
  /** Requested stanzas that have not arrived. Undefined: WhatsApp has announced none. */
  #outstanding: number | undefined
  #lastProgressAt = performance.now()
  #lastStanzaAt = performance.now()

  constructor(ws: EventEmitter, callbacks: Callbacks) {
    this.#callbacks = callbacks
    ws.once('CB:ib,,offline_preview', () => {
      this.#outstanding = FIRST_BATCH
      this.#lastStanzaAt = performance.now()
    })
    this.#allStored = new Promise(resolve => {
      ws.once('CB:ib,,offline', () => {
        this.#outstanding = undefined
        this.progressed()
        void callbacks.allStored().then(() => resolve())
      })
    })
  }

  /** A stanza arrived. This must be called before anyone else handles it. */
  received({ attrs }: BinaryNode): void {
    if (this.#outstanding === undefined || attrs.offline === undefined) return
    this.#lastStanzaAt = performance.now()
    this.progressed()
    this.#outstanding -= 1
    if (this.#outstanding <= BATCH / 4) this.#requestBatch()
  }

  /** A message was stored. */
  progressed(): void {
    this.#lastProgressAt = performance.now()
  }

  /** Waits until the whole backlog is stored, or until it makes no more progress. */
  async waitUntilStored(): Promise<void> {
    this.progressed()
    let timer: NodeJS.Timeout | undefined
    const stalled = new Promise<void>(resolve => {
      timer = setInterval(() => {
        const now = performance.now()
        if (now - this.#lastProgressAt > STALL_MILLISECONDS) resolve()
        else if (this.#outstanding !== undefined && now - this.#lastStanzaAt > BATCH_TIMEOUT_MILLISECONDS)
          this.#requestBatch()
      }, CHECK_INTERVAL_MILLISECONDS)
    })
    await Promise.race([this.#allStored, stalled])
    clearInterval(timer)
  }

  #requestBatch(): void {
    this.#outstanding = Math.max(0, this.#outstanding ?? 0) + BATCH
    this.#lastStanzaAt = performance.now()
    this.#callbacks.requestMore(BATCH)
  }
}
