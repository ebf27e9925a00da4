import { BoundedCache } from '../common/bounded-cache.ts'
import { Failure } from '../protocol.ts'

interface PendingSend {
  to: string
  promise: Promise<void>
  resolve: () => void
  reject: (error: Failure) => void
}

/** The ids of the chat that a receipt came from. Empty: WhatsApp's server sent the confirmation. */
type ChatJids = readonly string[]

const MAX_REMEMBERED = 500
const DAY = 24 * 3600

/** Waits for the server's acknowledgement of each sent message, by message id. */
export class Acknowledgements {
  readonly #pending = new Map<string, PendingSend>()
  readonly #confirmed = new BoundedCache(MAX_REMEMBERED, DAY)
  readonly #onLateConfirmation: (ids: string[], chat: ChatJids) => void

  /** `onLateConfirmation` is called once per message that is confirmed after its wait has ended. */
  constructor(onLateConfirmation: (ids: string[], chat: ChatJids) => void) {
    this.#onLateConfirmation = onLateConfirmation
  }

  /** Sends the message and returns when it is confirmed. Rejects with a Failure if it is rejected or times out. */
  async confirm(id: string, to: string, send: () => Promise<unknown>, milliseconds: number): Promise<void> {
    const waiting = this.#pending.get(id) ?? this.#addPending(id, to)
    const late = (): void => waiting.reject(new Failure('uncertain', 'WhatsApp did not confirm'))
    const timer = setTimeout(late, milliseconds)
    try {
      // The answer may arrive, and may be a rejection, before `send` returns.
      await Promise.all([send(), waiting.promise])
      this.#confirmed.set(keyOf(id, []), true)
    } finally {
      clearTimeout(timer)
      this.#pending.delete(id)
    }
  }

  /** The server acknowledged these messages, or a phone in their chat sent a receipt for them. */
  confirmed(ids: readonly string[], chat: ChatJids = []): void {
    const late = ids.filter(id => !this.#isAlreadyConfirmed(id, chat))
    for (const id of late) this.#confirmed.set(keyOf(id, chat), true)
    if (late.length) this.#onLateConfirmation(late, chat)
  }

  #isAlreadyConfirmed(id: string, chat: ChatJids): boolean {
    const waiting = this.#pending.get(id)
    if (waiting && (!chat.length || chat.includes(waiting.to))) waiting.resolve()
    return waiting !== undefined || [keyOf(id, []), keyOf(id, chat)].some(key => this.#confirmed.get<boolean>(key))
  }

  /** The server rejected the message. `error` is the attribute of `<ack class="message" error="463">`. */
  rejected(id: string, error: string): void {
    this.#pending.get(id)?.reject(new Failure('refused', rejectionDetail(error), Number(error) || undefined))
  }

  /** Fails all waiting sends: their acknowledgements are lost with the connection. */
  connectionLost(): void {
    for (const { reject } of this.#pending.values()) reject(new Failure('uncertain', 'the connection was lost'))
  }

  #addPending(id: string, to: string): PendingSend {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    const waiting = { to, promise, resolve: () => resolve(undefined), reject }
    this.#pending.set(id, waiting)
    return waiting
  }
}

const keyOf = (id: string, chat: ChatJids): string => [id, ...chat].join(' ')

/** The codes are from SERVER_ERROR_CODES in Baileys' decode-wa-message. */
function rejectionDetail(code: string): string {
  if (code === '463') return 'WhatsApp does not let this account start new chats for now (463)'
  if (code === '479') return 'WhatsApp found the message malformed or its session stale (479)'
  return `WhatsApp refused the message (${code})`
}
