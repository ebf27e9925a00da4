import { Bounded } from './bounded.ts'
import { Failure } from './protocol.ts'

interface Waiting {
  to: string
  promise: Promise<void>
  resolve: () => void
  reject: (error: Failure) => void
}

/** The names of the chat that somebody confirms a message in; empty: WhatsApp itself does. */
type Chat = readonly string[]

const REMEMBERED = 500
const DAY = 24 * 3600

/** WhatsApp's servers' answers to what was sent, by message id. */
export class Acknowledgements {
  readonly #waiting = new Map<string, Waiting>()
  readonly #settled = new Bounded(REMEMBERED, DAY)
  readonly #late: (ids: string[], chat: Chat) => void

  /** `late` is told, once, of messages that WhatsApp turns out to have though nobody waits for its answer any more. */
  constructor(late: (ids: string[], chat: Chat) => void) {
    this.#late = late
  }

  /** Settles with the server's answer: rejects with a Failure when it is no, or does not come in time. */
  async of(id: string, to: string, write: () => Promise<unknown>, milliseconds: number): Promise<void> {
    const waiting = this.#waiting.get(id) ?? this.#expect(id, to)
    const late = (): void => waiting.reject(new Failure('uncertain', 'WhatsApp did not confirm'))
    const timer = setTimeout(late, milliseconds)
    try {
      // The answer may come, and be no, before the writing is done.
      await Promise.all([write(), waiting.promise])
      this.#settled.set(keyOf(id, []), true)
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  /** The messages are at WhatsApp: so says its answer, or a receipt of a phone in the chat that they were sent to. */
  arrived(ids: readonly string[], chat: Chat = []): void {
    const late = ids.filter(id => !this.#isSettled(id, chat))
    for (const id of late) this.#settled.set(keyOf(id, chat), true)
    if (late.length) this.#late(late, chat)
  }

  #isSettled(id: string, chat: Chat): boolean {
    const waiting = this.#waiting.get(id)
    if (waiting && (!chat.length || chat.includes(waiting.to))) waiting.resolve()
    return waiting !== undefined || [keyOf(id, []), keyOf(id, chat)].some(key => this.#settled.get<boolean>(key))
  }

  /** `error` as in the stanza `<ack class="message" error="463">`. */
  refused(id: string, error: string): void {
    this.#waiting.get(id)?.reject(new Failure('refused', refusal(error), Number(error) || undefined))
  }

  /** The connection is gone, and with it any answer. */
  abandon(): void {
    for (const { reject } of this.#waiting.values()) reject(new Failure('uncertain', 'the connection was lost'))
  }

  #expect(id: string, to: string): Waiting {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    const waiting = { to, promise, resolve: () => resolve(undefined), reject }
    this.#waiting.set(id, waiting)
    return waiting
  }
}

const keyOf = (id: string, chat: Chat): string => [id, ...chat].join(' ')

/** Codes as Baileys names them (SERVER_ERROR_CODES in its decode-wa-message). */
function refusal(code: string): string {
  if (code === '463') return 'WhatsApp does not let this account start new chats for now (463)'
  if (code === '479') return 'WhatsApp found the message malformed or its session stale (479)'
  return `WhatsApp refused the message (${code})`
}
