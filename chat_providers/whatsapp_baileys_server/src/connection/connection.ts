import {
  DisconnectReason,
  getErrorCodeFromStreamError,
  jidNormalizedUser,
  S_WHATSAPP_NET,
  type AuthenticationCreds,
  type BinaryNode,
  type ConnectionState,
  type WASocket,
} from 'baileys'
import type { ClientRequest, IncomingMessage } from 'node:http'

import type { AccountContext } from '../account-context.ts'
import { Failure } from '../protocol.ts'
import { makeSignalRepositoryFactory } from '../signal/signal-repository.ts'
import { statusCodeOf, toFailure } from './baileys-errors.ts'
import { ConnectionWatchdog } from './connection-watchdog.ts'
import { requestPairingCode, saveCredentialsBeforePairing, unlinkDevice } from './device-linking.ts'
import { GroupMetadataCache } from './group-metadata.ts'
import { Inbound } from './inbound.ts'
import { Outbound } from './outbound.ts'
import { Presence } from './presence.ts'
import { makeSocket } from './socket.ts'

/** A clean close takes up to 30 seconds if the server stays silent, so it is forced this long after its announcement. */
const CLOSE_MILLISECONDS = 1_000
/** Baileys shows the first QR code for a minute and each of the next five for 20 seconds. */
const FIRST_QR_SECONDS = 60
const NEXT_QR_SECONDS = 20

type Status = 'connecting' | 'pairing' | 'open'

/** One connection of an account, from its opening to its end. */
export class Connection {
  readonly outbound: Outbound
  readonly #account: AccountContext
  readonly #socket: WASocket
  readonly #abort = new AbortController()
  readonly #inbound: Inbound
  readonly #presence: Presence
  /** Rejects if the connection ends before the login. */
  readonly #loggedIn = Promise.withResolvers<undefined>()
  #status: Status = 'connecting'
  #watchdog: ConnectionWatchdog | undefined

  constructor(account: AccountContext, creds: AuthenticationCreds) {
    this.#account = account
    this.#loggedIn.promise.catch(() => undefined)
    this.ended.addEventListener('abort', () => {
      this.#loggedIn.reject(new Failure('not_connected', 'the connection has ended'))
    })
    const groups = new GroupMetadataCache(account.groups, id => this.#socket.groupMetadata(id))
    const socket = (this.#socket = this.#makeSocket(creds, groups))
    saveCredentialsBeforePairing(socket, creds, account.state, this.ended)
    this.#inbound = new Inbound(account, creds, { socket, groups, ended: this.ended, reportError: this.#reportError })
    this.#presence = new Presence(socket, this.ended)
    this.outbound = new Outbound(account, {
      socket,
      presence: this.#presence,
      requireOpen: () => this.#requireStatus('open'),
      expectReply: () => this.#watchdog?.expectReply(),
    })
    this.#listen(creds)
  }

  get ended(): AbortSignal {
    return this.#abort.signal
  }

  /** Ends the connection. The account stays linked. */
  async close(): Promise<void> {
    this.#stop()
    await this.#socket.end(undefined)
  }

  /** Waits for the login, then returns when WhatsApp has removed this device from the account. */
  async logout(): Promise<void> {
    await this.#loggedIn.promise
    this.#stop()
    try {
      await unlinkDevice(this.#socket)
    } catch (error) {
      this.#account.notify({ type: 'closed', code: DisconnectReason.timedOut })
      throw toFailure(error)
    } finally {
      void this.#socket.end(undefined)
    }
  }

  /** Returns the code that the owner types on the phone. */
  async pairingCode(phone: string): Promise<string> {
    this.#requireStatus('pairing')
    return requestPairingCode(this.#socket, phone)
  }

  #makeSocket(creds: AuthenticationCreds, groups: GroupMetadataCache): WASocket {
    const keys = this.#account.state.forConnection(this.ended)
    return makeSocket(
      this.#account,
      { creds, keys },
      {
        makeSignalRepository: makeSignalRepositoryFactory(keys, (...texts) => this.#inbound.decrypted(...texts)),
        getMessage: key => this.#inbound.sentMessage(key),
        cachedGroupMetadata: id => groups.get(id),
      },
    )
  }

  #listen(creds: AuthenticationCreds): void {
    const { ev, ws } = this.#socket
    ev.on('connection.update', update => this.#update(update))
    ev.on('creds.update', () => {
      void this.#account.state.saveCredentials(creds).catch(this.#reportError)
      // Baileys takes an update without a name for a new name. It announces the name with a presence that has no type,
      // which shows the account as online, and the phone would stop notifying its owner.
      if (this.#status === 'open') this.#presence.repeatUnavailable()
    })
    ws.on('frame', (node: BinaryNode) => {
      this.#watchdog?.received()
      this.#inbound.stanzaReceived(node)
    })
    ws.on('CB:success', ({ attrs }: BinaryNode) => {
      // Baileys sends no presence before it knows the account's name, which the phone may take days to send.
      if (creds.me && !creds.me.name && attrs.display_name) creds.me = { ...creds.me, name: attrs.display_name }
    })
    ws.on('CB:stream:error', (node: BinaryNode) => this.#closeSoon(getErrorCodeFromStreamError(node).statusCode))
    ws.on('CB:failure', ({ attrs }: BinaryNode) => this.#closeSoon(Number(attrs.reason) || 500))
    // Baileys listens to this event but does nothing. It would wait for its connect timeout.
    ws.on('unexpected-response', (request: ClientRequest, { statusCode = 0 }: IncomingMessage) => {
      request.destroy()
      this.#closed(statusCode === 429 || statusCode >= 500 ? statusCode : 502)
    })
  }

  #update({ connection, qr, lastDisconnect }: Partial<ConnectionState>): void {
    if (this.ended.aborted) return
    if (qr) {
      const first = this.#status !== 'pairing'
      this.#status = 'pairing'
      this.#account.notify({ type: 'qr', text: qr, lifetime_seconds: first ? FIRST_QR_SECONDS : NEXT_QR_SECONDS })
    }
    if (connection === 'open') {
      this.#status = 'open'
      this.#loggedIn.resolve(undefined)
      this.#watchdog = this.#startWatchdog()
      void this.#inbound.offlineMessagesStored().then(() => this.#reportOpen())
    }
    if (connection === 'close') this.#closed(statusCodeOf(lastDisconnect?.error) ?? 0)
  }

  #reportOpen(): void {
    if (this.ended.aborted) return
    this.#account.notify({ type: 'open', account: jidNormalizedUser(this.#socket.user?.id) })
  }

  #startWatchdog(): ConnectionWatchdog {
    return new ConnectionWatchdog({
      onSuspect: () => {
        this.#account.notify({ type: 'silence', over: false })
        const ping = { tag: 'ping', attrs: {} }
        const attrs = { id: this.#socket.generateMessageTag(), to: S_WHATSAPP_NET, type: 'get', xmlns: 'w:p' }
        this.#socket.query({ tag: 'iq', attrs, content: [ping] }).catch(() => undefined)
      },
      onRecovered: () => this.#account.notify({ type: 'silence', over: true }),
      onDead: () => this.#closed(408),
    })
  }

  #closeSoon(code: number): void {
    setTimeout(() => this.#closed(code), CLOSE_MILLISECONDS).unref()
  }

  /** Reports the end at once. Baileys itself takes half a minute to close if the server does not answer. */
  #closed(code: number): void {
    if (this.ended.aborted) return
    this.#stop()
    this.#account.notify({ type: 'closed', code })
    void this.#socket.end(undefined)
  }

  #stop(): void {
    this.#watchdog?.stop()
    this.#abort.abort()
  }

  #requireStatus(status: Status): void {
    if (this.#status === status && !this.ended.aborted) return
    throw new Failure(status === 'open' ? 'not_connected' : 'not_now', `the account is ${this.#status}`)
  }

  readonly #reportError = (error: unknown): void => {
    if (error instanceof Failure && this.ended.aborted) return
    this.#account.notify({ type: 'fault', name: error instanceof Error ? error.name : 'Error', trace: [] })
  }
}
