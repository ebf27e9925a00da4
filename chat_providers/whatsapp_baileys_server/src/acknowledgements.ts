import { Failure } from './protocol.ts'

interface Waiting {
  promise: Promise<void>
  resolve: () => void
  reject: (error: Failure) => void
}

/** WhatsApp's servers' answers to what was sent, by message id. */
export class Acknowledgements {
  readonly #waiting = new Map<string, Waiting>()

  /** Settles with the server's answer: rejects with a Failure when it is no, or does not come in time. */
  async of(id: string, write: () => Promise<unknown>, milliseconds: number): Promise<void> {
    const waiting = this.#waiting.get(id) ?? this.#expect(id)
    const late = (): void => waiting.reject(new Failure('uncertain', 'WhatsApp did not confirm'))
    const timer = setTimeout(late, milliseconds)
    try {
      // The answer may come, and be no, before the writing is done.
      await Promise.all([write(), waiting.promise])
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  /** `error` as in the stanza `<ack class="message" error="463">`; undefined for a yes. */
  settle(id: string, error: string | undefined): void {
    const waiting = this.#waiting.get(id)
    if (error === undefined) waiting?.resolve()
    else waiting?.reject(new Failure('refused', refusal(error)))
  }

  /** The connection is gone, and with it any answer. */
  abandon(): void {
    for (const { reject } of this.#waiting.values()) reject(new Failure('uncertain', 'the connection was lost'))
  }

  #expect(id: string): Waiting {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    const waiting = { promise, resolve: () => resolve(undefined), reject }
    this.#waiting.set(id, waiting)
    return waiting
  }
}

/** Codes as Baileys names them (SERVER_ERROR_CODES in its decode-wa-message). */
function refusal(code: string): string {
  if (code === '463') return 'WhatsApp does not let this account start new chats for now (463)'
  if (code === '479') return 'WhatsApp found the message malformed or its session stale (479)'
  return `WhatsApp refused the message (${code})`
}
