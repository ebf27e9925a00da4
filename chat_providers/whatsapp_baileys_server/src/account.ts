import {
  Browsers,
  cleanMessage,
  decodeMessageNode,
  isJidGroup,
  isLidUser,
  jidDecode,
  jidNormalizedUser,
  makeWASocket,
  proto,
  unpadRandomMax16,
  type AuthenticationCreds,
  type BinaryNode,
  type ConnectionState,
  type GroupMetadata,
  type WAMessage,
  type WASocket,
} from 'baileys'

import { Acknowledgements } from './acknowledgements.ts'
import { AuthState } from './auth-state.ts'
import { Bounded, type TextCache } from './bounded.ts'
import { inOrder } from './in-order.ts'
import { inbound } from './inbound.ts'
import type { Pipe } from './pipe.ts'
import { Failure, type Event, type InboundMessage, type Request } from './protocol.ts'
import { silent } from './quiet.ts'
import { repositoryOver } from './repository.ts'

const ACK_MILLISECONDS = 15_000
const PAIRING_CODE_MILLISECONDS = 15_000
const REPEAT_MILLISECONDS = 2_000
/** Baileys shows the first QR for a minute, each of the five after it for 20 seconds. */
const FIRST_QR_SECONDS = 60
const NEXT_QR_SECONDS = 20
const HOUR = 3600

type Status = 'closed' | 'connecting' | 'pairing' | 'open'
const { PUSH_NAME, NON_BLOCKING_DATA } = proto.Message.HistorySyncType

/** One account's connection to WhatsApp. It never opens or retries by itself: it tells, and is told. */
export class Account {
  readonly id: string
  readonly #pipe: Pipe
  readonly #state: AuthState
  readonly #acks = new Acknowledgements()
  readonly #groups = new Bounded(20, HOUR)
  readonly #retries = new Bounded(200, HOUR)
  /** Ids handed over at decryption, which Baileys' own event then need not repeat. */
  readonly #handed = new Bounded(500, HOUR)
  #stanzas = new WeakMap<Uint8Array, BinaryNode>()
  #socket: WASocket | undefined
  #status: Status = 'closed'

  constructor(id: string, pipe: Pipe, cache: TextCache) {
    this.id = id
    this.#pipe = pipe
    this.#state = new AuthState(id, request => this.#insist(this.#socket, request), cache)
  }

  async open(): Promise<void> {
    if (this.#status !== 'closed') return
    this.#status = 'connecting'
    try {
      // What the connection before could not write is given up first: delivered again, it is read with the same keys.
      await this.#state.settled()
      const creds = await this.#state.credentials()
      // It may have been closed while the credentials were on their way.
      if (this.#is('connecting')) this.#connect(creds)
    } catch {
      this.#status = 'closed'
      this.#tell({ type: 'closed', code: -1 })
    }
  }

  /** Ends the connection; the account stays linked. */
  async close(): Promise<void> {
    const socket = this.#socket
    this.#drop()
    await socket?.end(undefined)
    await this.#state.settled()
  }

  /** Unlinks at WhatsApp, and ends the connection. */
  async logout(): Promise<void> {
    const socket = this.#live('open')
    this.#drop()
    await socket.logout()
  }

  async send(to: string, text: string, id: string): Promise<void> {
    const socket = this.#live('open')
    if (!jidDecode(to)) throw new Failure('refused', 'the recipient is no WhatsApp id')
    const write = async (): Promise<void> => {
      try {
        await socket.sendMessage(to, { text, linkPreview: null }, { messageId: id })
      } catch (error) {
        throw failureOf(error)
      }
    }
    await this.#acks.of(id, write, ACK_MILLISECONDS)
  }

  async pairingCode(phone: string): Promise<string> {
    const socket = this.#live('pairing')
    const answer = new Promise<void>((resolve, reject) => {
      const refuse = ({ content }: BinaryNode): void => {
        const [error] = Array.isArray(content) ? content : []
        reject(new Failure('refused', `WhatsApp gave no code (${error?.attrs.code ?? '?'})`))
      }
      const late = (): void => reject(new Failure('not_now', 'WhatsApp did not answer'))
      setTimeout(late, PAIRING_CODE_MILLISECONDS)
      socket.ws.once('CB:iq,type:result,link_code_companion_reg', () => resolve())
      socket.ws.once('CB:iq,type:error', refuse)
    })
    answer.catch(() => undefined)
    const code = await socket.requestPairingCode(phone)
    await answer
    return code
  }

  #is(status: Status): boolean {
    return this.#status === status
  }

  #live(wanted: Status): WASocket {
    if (this.#socket && this.#is(wanted)) return this.#socket
    throw new Failure(wanted === 'open' ? 'not_connected' : 'not_now', `the account is ${this.#status}`)
  }

  #connect(creds: AuthenticationCreds): void {
    this.#stanzas = new WeakMap()
    const socket = makeWASocket({
      auth: { creds, keys: this.#state },
      makeSignalRepository: repositoryOver(this.#state, (...texts) => this.#decrypted(socket, ...texts)),
      logger: silent,
      browser: Browsers.ubuntu('Chrome'),
      markOnlineOnConnect: false,
      emitOwnEvents: false,
      syncFullHistory: false,
      // Names and phone-number-to-LID pairs, but no chats. Without chats to come Baileys does not wait for them,
      // which on the first connection would hold its events back for up to 20 seconds.
      shouldSyncHistoryMessage: ({ syncType }) => syncType === PUSH_NAME || syncType === NON_BLOCKING_DATA,
      getMessage: async ({ id }) => {
        const text = id ? await this.#ask({ type: 'sent_text', message_id: id }) : null
        return typeof text === 'string' ? { conversation: text } : undefined
      },
      cachedGroupMetadata: group => this.#group(socket, group),
      msgRetryCounterCache: this.#retries,
      userDevicesCache: new Bounded(500, HOUR / 12),
      callOfferCache: new Bounded(20, HOUR / 12),
      placeholderResendCache: new Bounded(100, HOUR),
    })
    this.#socket = socket

    socket.ev.on('creds.update', () => void this.#state.save(creds).catch(this.#fault))
    socket.ev.on('connection.update', update => this.#update(socket, update))
    socket.ev.on('messages.upsert', ({ messages, type }) => {
      for (const message of messages) void this.#upserted(socket, message, type === 'append').catch(this.#fault)
    })
    socket.ev.on('groups.update', groups => {
      for (const { id } of groups) if (id) this.#groups.del(id)
    })
    socket.ev.on('group-participants.update', ({ id }) => this.#groups.del(id))

    inOrder(socket.ws, 'CB:message')
    socket.ws.on('frame', (node: BinaryNode) => this.#remember(node))
    socket.ws.on('CB:ack,class:message', ({ attrs }: BinaryNode) => {
      if (attrs.id) this.#acks.settle(attrs.id, attrs.error)
    })
    // WhatsApp asks for a passkey; Baileys confirms the notification and drops it (its issue 2672).
    for (const type of ['passkey_prologue_request', 'crsc_continuation']) {
      socket.ws.on(`CB:notification,type:${type}`, () => this.#tell({ type: 'passkey' }))
    }
  }

  #update(socket: WASocket, { connection, qr, lastDisconnect }: Partial<ConnectionState>): void {
    if (socket !== this.#socket) return
    if (qr) {
      const first = this.#status !== 'pairing'
      this.#status = 'pairing'
      this.#tell({ type: 'qr', text: qr, lifetime_seconds: first ? FIRST_QR_SECONDS : NEXT_QR_SECONDS })
    }
    if (connection === 'open') {
      this.#status = 'open'
      this.#tell({ type: 'open', account: jidNormalizedUser(socket.user?.id) })
    }
    if (connection === 'close') {
      this.#drop()
      this.#tell({ type: 'closed', code: statusOf(lastDisconnect?.error) ?? 0 })
    }
  }

  #drop(): void {
    this.#socket = undefined
    this.#status = 'closed'
    this.#acks.abandon()
  }

  /** Keeps the stanza that a ciphertext came in: decryption sees the ciphertext alone. */
  #remember(node: BinaryNode): void {
    if (node.tag !== 'message' || !Array.isArray(node.content)) return
    for (const { content } of node.content) if (content instanceof Uint8Array) this.#stanzas.set(content, node)
  }

  async #decrypted(socket: WASocket, ciphertext: Uint8Array, plaintext: Uint8Array): Promise<void> {
    const node = this.#stanzas.get(ciphertext)
    const me = socket.user
    if (!node || !me) return
    const { fullMessage: message } = decodeMessageNode(node, me.id, me.lid ?? '')
    const decoded = proto.Message.decode(unpadRandomMax16(plaintext))
    message.message = decoded.deviceSentMessage?.message ?? decoded
    cleanMessage(message, me.id, me.lid ?? '')
    if (await this.#handOver(socket, message, 'offline' in node.attrs, altOf(node, message))) {
      this.#handed.set(handedKey(message), true)
    }
  }

  /** What Baileys emits without our having seen it decrypted: calls, group events, what could not be read. */
  async #upserted(socket: WASocket, message: WAMessage, offline: boolean): Promise<void> {
    if (this.#handed.get(handedKey(message))) return
    const alt = message.key.fromMe ? undefined : (message.key.participantAlt ?? message.key.remoteJidAlt)
    await this.#handOver(socket, message, offline, alt)
  }

  async #handOver(socket: WASocket, message: WAMessage, offline: boolean, given: string | undefined): Promise<boolean> {
    const { remoteJid, participant } = message.key
    const subject = remoteJid ? this.#groups.get<GroupMetadata>(remoteJid)?.subject : undefined
    const alt = given ?? (await phoneOf(socket, participant || remoteJid))
    const me = jidNormalizedUser(socket.user?.id)
    const lid = socket.user?.lid
    const shape = inbound(message, { me, me_lid: lid ? jidNormalizedUser(lid) : null, offline, alt, subject })
    if (shape) await this.#untilTaken(socket, shape)
    return shape !== null
  }

  async #untilTaken(socket: WASocket, message: InboundMessage): Promise<void> {
    try {
      await this.#insist(socket, { type: 'message', message })
    } catch (error) {
      // Not storable, ever: to insist would only hold up the messages behind it.
      if (!isRefused(error)) throw error
      this.#fault(error)
    }
  }

  /**
   * Asks until it is done, as long as the connection lasts that it is for. WhatsApp forgets a message at any answer,
   * even one that says it could not be read; what a connection did not answer at all is delivered again.
   */
  async #insist(socket: WASocket | undefined, request: Request): Promise<unknown> {
    while (socket === this.#socket) {
      try {
        return await this.#ask(request)
      } catch (error) {
        // Without a connection, whoever wants one tries again.
        if (!socket || isRefused(error)) throw error
        await new Promise(resolve => setTimeout(resolve, REPEAT_MILLISECONDS))
      }
    }
    throw new Failure('not_connected', 'the connection was closed before it was done')
  }

  async #group(socket: WASocket, id: string): Promise<GroupMetadata> {
    const known = this.#groups.get<GroupMetadata>(id)
    if (known) return known
    const fetched = await socket.groupMetadata(id)
    this.#groups.set(id, fetched)
    return fetched
  }

  #ask(request: Request): Promise<unknown> {
    return this.#pipe.ask(this.id, request)
  }

  #tell(event: Event): void {
    this.#pipe.tell(this.id, event)
  }

  readonly #fault = (error: unknown): void => {
    this.#tell({ type: 'fault', name: error instanceof Error ? error.name : 'Error', trace: [] })
  }
}

const handedKey = ({ key }: WAMessage): string => `${key.remoteJid ?? ''} ${key.id ?? ''}`

/**
 * The other name of a chat's other side. For a message of the owner's own phone, WhatsApp's `sender_*` names are the
 * owner's: the contact's are `recipient_*` and `peer_recipient_*`.
 */
function altOf({ attrs }: BinaryNode, { key }: WAMessage): string | undefined {
  if (!key.fromMe) return key.participantAlt ?? key.remoteJidAlt
  if (isJidGroup(key.remoteJid ?? undefined)) return undefined
  return isLidUser(key.remoteJid ?? undefined)
    ? (attrs.peer_recipient_pn ?? attrs.recipient_pn)
    : (attrs.peer_recipient_lid ?? attrs.recipient_lid)
}

/** The phone number behind a LID that came without it, if it was ever told. */
async function phoneOf(socket: WASocket, id: string | null | undefined): Promise<string | undefined> {
  if (!id || !isLidUser(id)) return undefined
  return (await socket.signalRepository.lidMapping.getPNForLID(id)) ?? undefined
}

const isRefused = (error: unknown): boolean => error instanceof Failure && error.code === 'refused'

/** The HTTP-like code that Baileys' errors (Boom) carry. */
function statusOf(error: unknown): number | undefined {
  const output = error instanceof Error && 'output' in error ? error.output : undefined
  const code = output && typeof output === 'object' && 'statusCode' in output ? output.statusCode : undefined
  return typeof code === 'number' ? code : undefined
}

/** What Baileys fails with while it prepares and writes a stanza. */
function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return new Failure('not_connected', `not stored: ${error.message}`)
  const status = statusOf(error)
  if (status === 408 || status === 428) return new Failure('not_connected', 'the connection was lost')
  return new Failure('uncertain', `Baileys could not send it (${error instanceof Error ? error.name : 'Error'})`)
}
