import type { AuthenticationCreds } from 'baileys'

import { BoundedCache, type TextCache } from './common/bounded-cache.ts'
import { retryWhileOpen } from './common/retry.ts'
import { Acknowledgements } from './connection/acknowledgements.ts'
import { Connection } from './connection/connection.ts'
import type { Outbound } from './connection/outbound.ts'
import type { Pipe } from './pipe.ts'
import { type Event, Failure, type Request } from './protocol.ts'
import { AuthState } from './signal/auth-state.ts'

const HOUR = 3600

/**
 * One account: the state that outlives its connections, and at most one open connection. It never connects or retries
 * by itself. It reports events and obeys commands.
 */
export class Account {
  readonly state: AuthState
  readonly acks = new Acknowledgements((ids, chat) =>
    this.notify({ type: 'delivered', message_ids: ids, chat: [...chat] }),
  )
  readonly groups = new BoundedCache(20, HOUR)
  readonly retries = new BoundedCache(200, HOUR)
  readonly sent = new BoundedCache(500, HOUR)
  /** Messages that were forwarded at decryption. Baileys' own event for them is then ignored. */
  readonly forwarded = new BoundedCache(4_000, HOUR)
  readonly calls = new BoundedCache(200, HOUR)
  readonly poison = new Set<string>()
  careful = false
  readonly #id: string
  readonly #pipe: Pipe
  #connection: Connection | undefined
  #opening: AbortController | undefined
  /** Settles when the last attempt to open has made a connection or failed. */
  #openAttempt: Promise<unknown> = Promise.resolve()

  constructor(id: string, pipe: Pipe, cache: TextCache) {
    this.#id = id
    this.#pipe = pipe
    this.state = new AuthState(
      id,
      request => retryWhileOpen(() => this.request(request), this.#connection?.ended),
      cache,
    )
  }

  /** `poison`: fingerprints of messages that must not be read. `careful`: see `AccountContext`. */
  async open(poison: readonly string[] = [], careful = false): Promise<void> {
    this.careful = careful
    for (const stanza of poison) this.poison.add(stanza)
    if (this.#connection || this.#opening) return
    await (this.#openAttempt = this.#open())
  }

  async #open(): Promise<void> {
    const opening = (this.#opening = new AbortController())
    try {
      // Writes of the previous connection must be finished or given up first. WhatsApp delivers such a message again,
      // and it is decrypted with the same keys.
      await this.state.flush()
      const creds = await this.state.credentials()
      // The account may have been closed while the credentials were read.
      if (!opening.signal.aborted) this.#connect(creds)
    } catch {
      if (!opening.signal.aborted) this.notify({ type: 'closed', code: -1 })
    } finally {
      if (this.#opening === opening) this.#opening = undefined
    }
  }

  /** Ends the connection. The account stays linked. */
  async close(): Promise<void> {
    this.#opening?.abort()
    this.#opening = undefined
    await this.#connection?.close()
    await this.state.flush()
  }

  /** Throws a Failure if the account is not connected. */
  get outbound(): Outbound {
    return this.#openConnection.outbound
  }

  /** Uses the open connection, or the one that is being opened. */
  async logout(): Promise<void> {
    await this.#openAttempt
    await this.#openConnection.logout()
  }

  async pairingCode(phone: string): Promise<string> {
    if (!this.#connection) throw new Failure('not_now', 'the account is not connected')
    return this.#connection.pairingCode(phone)
  }

  request(request: Request): Promise<unknown> {
    return this.#pipe.request(this.#id, request)
  }

  notify(event: Event): void {
    this.#pipe.notify(this.#id, event)
  }

  get #openConnection(): Connection {
    if (this.#connection) return this.#connection
    throw new Failure('not_connected', 'the account is not connected')
  }

  #connect(creds: AuthenticationCreds): void {
    const connection = new Connection(this, creds)
    this.#connection = connection
    connection.ended.addEventListener('abort', () => {
      if (this.#connection === connection) this.#connection = undefined
      this.acks.connectionLost()
    })
  }
}
