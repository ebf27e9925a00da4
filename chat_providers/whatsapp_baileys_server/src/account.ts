import type { AuthenticationCreds } from 'baileys'

import { Acknowledgements } from './acknowledgements.ts'
import { AuthState } from './auth-state.ts'
import { Bounded, type TextCache } from './bounded.ts'
import { Connection } from './connection.ts'
import { insist } from './insist.ts'
import type { Pipe } from './pipe.ts'
import { Failure, type Event, type Request } from './protocol.ts'

const HOUR = 3600

/**
 * One account: what outlives its connections, and the one connection that it has, if any. It never opens or retries
 * by itself: it tells, and is told.
 */
export class Account {
  readonly state: AuthState
  readonly acks = new Acknowledgements((ids, chat) => this.tell({ type: 'delivered', message_ids: ids, chat: [...chat] }))
  readonly groups = new Bounded(20, HOUR)
  readonly retries = new Bounded(200, HOUR)
  readonly sent = new Bounded(500, HOUR)
  /** Ids handed over at decryption, which Baileys' own event then need not repeat. */
  readonly handed = new Bounded(4_000, HOUR)
  readonly calls = new Bounded(200, HOUR)
  readonly poison = new Set<string>()
  careful = false
  readonly #id: string
  readonly #pipe: Pipe
  #connection: Connection | undefined
  #opening: AbortController | undefined
  /** When the last opening is over: there is a connection, or none. */
  #opened: Promise<unknown> = Promise.resolve()

  constructor(id: string, pipe: Pipe, cache: TextCache) {
    this.#id = id
    this.#pipe = pipe
    this.state = new AuthState(id, request => insist(() => this.ask(request), this.#connection?.ended), cache)
  }

  /** `poison`: fingerprints of messages that are not to be read; `careful`: see `AccountContext`. */
  async open(poison: readonly string[] = [], careful = false): Promise<void> {
    this.careful = careful
    for (const stanza of poison) this.poison.add(stanza)
    if (this.#connection || this.#opening) return
    await (this.#opened = this.#open())
  }

  async #open(): Promise<void> {
    const opening = (this.#opening = new AbortController())
    try {
      // What the connection before could not write is given up first: delivered again, it is read with the same keys.
      await this.state.settled()
      const creds = await this.state.credentials()
      // It may have been closed while the credentials were on their way.
      if (!opening.signal.aborted) this.#connect(creds)
    } catch {
      if (!opening.signal.aborted) this.tell({ type: 'closed', code: -1 })
    } finally {
      if (this.#opening === opening) this.#opening = undefined
    }
  }

  /** Ends the connection; the account stays linked. */
  async close(): Promise<void> {
    this.#opening?.abort()
    this.#opening = undefined
    await this.#connection?.close()
    await this.state.settled()
  }

  /** Throws a Failure where there is none. */
  get live(): Connection {
    if (this.#connection) return this.#connection
    throw new Failure('not_connected', 'the account is not connected')
  }

  /** Over the connection that there is, or that is being made. */
  async logout(): Promise<void> {
    await this.#opened
    await this.live.logout()
  }

  async pairingCode(phone: string): Promise<string> {
    if (!this.#connection) throw new Failure('not_now', 'the account is not connected')
    return this.#connection.pairingCode(phone)
  }

  ask(request: Request): Promise<unknown> {
    return this.#pipe.ask(this.#id, request)
  }

  tell(event: Event): void {
    this.#pipe.tell(this.#id, event)
  }

  #connect(creds: AuthenticationCreds): void {
    const connection = new Connection(this, creds)
    this.#connection = connection
    connection.ended.addEventListener('abort', () => {
      if (this.#connection === connection) this.#connection = undefined
      this.acks.abandon()
    })
  }
}
