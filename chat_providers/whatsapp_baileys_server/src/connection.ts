import {
  Browsers,
  cleanMessage,
  decodeMessageNode,
  generateMessageIDV2,
  getErrorCodeFromStreamError,
  isJidGroup,
  isLidUser,
  isPnUser,
  jidDecode,
  jidNormalizedUser,
  makeWASocket,
  proto,
  S_WHATSAPP_NET,
  unpadRandomMax16,
  type AnyMessageContent,
  type AuthenticationCreds,
  type BaileysEventMap,
  type BinaryNode,
  type ConnectionState,
  type GroupMetadata,
  type WAMessage,
  type WASocket,
} from 'baileys'
import type { ClientRequest, IncomingMessage } from 'node:http'

import type { Acknowledgements } from './acknowledgements.ts'
import type { AuthState } from './auth-state.ts'
import { Backlog } from './backlog.ts'
import { Bounded } from './bounded.ts'
import { failureOf, statusOf } from './failures.ts'
import { inOrder } from './in-order.ts'
import { inbound } from './inbound.ts'
import { insist, isRefused } from './insist.ts'
import { Presence } from './presence.ts'
import { Failure, type Event, type InboundMessage, type Request } from './protocol.ts'
import { silent } from './quiet.ts'
import { repositoryOver } from './repository.ts'
import { altOf, receiptOf, type Receipt } from './stanzas.ts'
import { Turns } from './turns.ts'
import { Typists } from './typists.ts'
import { KEEP_ALIVE_MILLISECONDS, Watch } from './watch.ts'

const ACK_MILLISECONDS = 15_000
const PAIRING_CODE_MILLISECONDS = 15_000
/** After WhatsApp said that it ends the connection: closing it in good order may take a silent server's 30 seconds. */
const GOODBYE_MILLISECONDS = 1_000
/** Baileys shows the first QR for a minute, each of the five after it for 20 seconds. */
const FIRST_QR_SECONDS = 60
const NEXT_QR_SECONDS = 20
const HOUR = 3600
/** WhatsApp's times are whole seconds, and some time passes on the way. */
const SAME_CLOCK_SECONDS = 5
/** As long as a group's members are taken for what they were: its receipts must not become as many questions. */
const FRESH_SECONDS = 10
/** Messages that one retry receipt may ask for. */
const MOST_ASKED_AGAIN = 20
/** Receipts of phones that have a message of ours; undefined: delivered. */
const ARRIVED = new Set<string | undefined>([undefined, 'inactive', 'sender', 'retry', 'read', 'played'])

type Status = 'connecting' | 'pairing' | 'open'
const { PUSH_NAME, NON_BLOCKING_DATA } = proto.Message.HistorySyncType

/** What outlives an account's connections, and each of them works with. */
export interface Account {
  readonly state: AuthState
  readonly acks: Acknowledgements
  readonly groups: Bounded
  readonly retries: Bounded
  /** Where the last messages of ours went, by their ids. */
  readonly sent: Bounded
  /** Ids handed over at decryption, which Baileys' own event then need not repeat. */
  readonly handed: Bounded
  ask(request: Request): Promise<unknown>
  tell(event: Event): void
}

/** One connection of an account, from its opening to its end. */
export class Connection {
  readonly #account: Account
  readonly #socket: WASocket
  readonly #end = new AbortController()
  readonly #stanzas = new WeakMap<Uint8Array, BinaryNode>()
  /** Ids of messages that WhatsApp kept while this device was away. */
  readonly #late = new Bounded(500, HOUR)
  /** Groups as they are now: who was removed must not be sent anything more. */
  readonly #members = new Bounded(20, FRESH_SECONDS)
  readonly #presence: Presence
  readonly #typists = new Typists()
  readonly #typings = new Turns()
  #status: Status = 'connecting'
  #backlog: Backlog | undefined
  #watch: Watch | undefined
  /** Seconds that WhatsApp's clock is ahead of ours. */
  #ahead = 0

  constructor(account: Account, creds: AuthenticationCreds) {
    this.#account = account
    this.#socket = this.#connect(creds)
    this.#presence = new Presence(this.#socket, this.ended)
    this.#listen(creds)
  }

  get ended(): AbortSignal {
    return this.#end.signal
  }

  /** The account stays linked. */
  async close(): Promise<void> {
    this.#stop()
    await this.#socket.end(undefined)
  }

  async logout(): Promise<void> {
    this.#needs('open')
    this.#stop()
    await this.#socket.logout()
  }

  async send(to: string, text: string, id: string): Promise<void> {
    await this.#write(to, { text, linkPreview: null }, id)
  }

  async deleteForEveryone(to: string, id: string): Promise<void> {
    await this.#write(to, { delete: { remoteJid: to, fromMe: true, id } }, generateMessageIDV2(this.#socket.user?.id))
  }

  async type(chat: string, on: boolean): Promise<void> {
    await this.#shown(chat, () => this.#presence.type(chat, on))
  }

  async watch(chat: string): Promise<void> {
    await this.#shown(chat, () => this.#presence.watch(chat))
  }

  /** To the senders only where the owner's settings let them know; to the owner's other devices in any case. */
  async markRead(chat: string, messages: [id: string, sender: string][]): Promise<void> {
    const group = isJidGroup(chat) === true
    const keys = messages.map(([id, sender]) => ({ remoteJid: chat, id, ...(group ? { participant: sender } : {}) }))
    await this.#shown(chat, () => this.#socket.readMessages(keys))
  }

  async pairingCode(phone: string): Promise<string> {
    this.#needs('pairing')
    const { ws } = this.#socket
    const answer = new Promise<void>((resolve, reject) => {
      const refuse = ({ content }: BinaryNode): void => {
        const [error] = Array.isArray(content) ? content : []
        reject(new Failure('refused', `WhatsApp gave no code (${error?.attrs.code ?? '?'})`))
      }
      const late = (): void => reject(new Failure('not_now', 'WhatsApp did not answer'))
      setTimeout(late, PAIRING_CODE_MILLISECONDS)
      ws.once('CB:iq,type:result,link_code_companion_reg', () => resolve())
      ws.once('CB:iq,type:error', refuse)
    })
    answer.catch(() => undefined)
    const code = await this.#socket.requestPairingCode(phone)
    await answer
    return code
  }

  async #write(to: string, content: AnyMessageContent, id: string): Promise<void> {
    this.#reachable(to)
    const write = async (): Promise<void> => {
      try {
        await this.#socket.sendMessage(to, content, { messageId: id })
      } catch (error) {
        throw failureOf(error)
      } finally {
        this.#presence.sent(to)
      }
    }
    this.#account.sent.set(id, jidNormalizedUser(to))
    this.#watch?.expect()
    await this.#account.acks.of(id, jidNormalizedUser(to), write, ACK_MILLISECONDS)
  }

  /** What WhatsApp confirms to nobody. */
  async #shown(chat: string, show: () => Promise<void>): Promise<void> {
    this.#reachable(chat)
    try {
      await show()
    } catch (error) {
      throw failureOf(error)
    }
  }

  #reachable(chat: string): void {
    this.#needs('open')
    if (!jidDecode(chat)) throw new Failure('refused', 'the recipient is no WhatsApp id')
  }

  #needs(status: Status): void {
    if (this.#status === status && !this.ended.aborted) return
    throw new Failure(status === 'open' ? 'not_connected' : 'not_now', `the account is ${this.#status}`)
  }

  #connect(creds: AuthenticationCreds): WASocket {
    const { retries, state } = this.#account
    const keys = state.until(this.ended)
    return makeWASocket({
      auth: { creds, keys },
      makeSignalRepository: repositoryOver(keys, (...texts) => this.#decrypted(...texts)),
      logger: silent,
      browser: Browsers.ubuntu('Chrome'),
      keepAliveIntervalMs: KEEP_ALIVE_MILLISECONDS,
      markOnlineOnConnect: false,
      emitOwnEvents: false,
      syncFullHistory: false,
      // Names and phone-number-to-LID pairs, but no chats. Without chats to come Baileys does not wait for them,
      // which on the first connection would hold its events back for up to 20 seconds.
      shouldSyncHistoryMessage: ({ syncType }) => syncType === PUSH_NAME || syncType === NON_BLOCKING_DATA,
      getMessage: async ({ id, remoteJid }) => {
        const text = id && remoteJid ? await this.#sentText(id, await this.#namesOf(remoteJid)) : null
        return text === null ? undefined : { conversation: text }
      },
      cachedGroupMetadata: id => this.#group(id),
      msgRetryCounterCache: retries,
      userDevicesCache: new Bounded(500, HOUR / 12),
      callOfferCache: new Bounded(20, HOUR / 12),
      placeholderResendCache: new Bounded(100, HOUR),
    })
  }

  #listen(creds: AuthenticationCreds): void {
    const { ev, ws } = this.#socket
    const { acks, groups, state } = this.#account
    ev.on('creds.update', () => {
      void state.save(creds).catch(this.#fault)
      // Baileys takes an update without a name for a new name and tells it by a presence without a type, which is one
      // of somebody who is online: the phone would no longer notify.
      if (this.#status === 'open') this.#presence.restate()
    })
    ev.on('presence.update', update => {
      this.#typings.take('', () => this.#typed(update)).catch(this.#fault)
    })
    ev.on('connection.update', update => this.#update(update))
    ev.on('messages.upsert', ({ messages }) => {
      for (const message of messages) void this.#upserted(message).catch(this.#fault)
    })
    ev.on('groups.update', updates => {
      for (const { id } of updates) if (id) groups.del(id)
    })
    ev.on('group-participants.update', ({ id }) => groups.del(id))

    this.#backlog = new Backlog(ws, inOrder(ws, 'CB:message'))
    ws.on('frame', (node: BinaryNode) => this.#heard(node))
    ws.on('CB:ack,class:message', ({ attrs }: BinaryNode) => {
      if (!attrs.id) return
      if (attrs.error) acks.refused(attrs.id, attrs.error)
      else acks.arrived(attrs.id)
    })
    inOrder(ws, 'CB:receipt', (node: BinaryNode) => this.#admits(node))
    ws.on('CB:receipt', (node: BinaryNode) => void this.#confirmed(node).catch(this.#fault))
    ws.on('CB:success', ({ attrs }: BinaryNode) => {
      this.#compareClocks(Number(attrs.t))
      // Baileys says nothing about being online before it knows the account's name, which the phone tells some day.
      if (creds.me && !creds.me.name && attrs.display_name) creds.me = { ...creds.me, name: attrs.display_name }
    })
    // WhatsApp asks for a passkey; Baileys confirms the notification and drops it (its issue 2672).
    for (const type of ['passkey_prologue_request', 'crsc_continuation']) {
      ws.on(`CB:notification,type:${type}`, () => this.#account.tell({ type: 'passkey' }))
    }

    ws.on('CB:stream:error', (node: BinaryNode) => this.#soonClosed(getErrorCodeFromStreamError(node).statusCode))
    ws.on('CB:failure', ({ attrs }: BinaryNode) => this.#soonClosed(Number(attrs.reason) || 500))
    // Baileys listens to this, too, and does nothing: it would wait until its time to connect is over.
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
      this.#account.tell({ type: 'qr', text: qr, lifetime_seconds: first ? FIRST_QR_SECONDS : NEXT_QR_SECONDS })
    }
    if (connection === 'open') {
      this.#status = 'open'
      this.#watch = this.#watchOver()
      void this.#backlog?.through().then(() => this.#opened())
    }
    if (connection === 'close') this.#closed(statusOf(lastDisconnect?.error) ?? 0)
  }

  #opened(): void {
    if (this.ended.aborted) return
    this.#account.tell({ type: 'open', account: jidNormalizedUser(this.#socket.user?.id) })
  }

  #watchOver(): Watch {
    return new Watch({
      doubt: () => {
        this.#account.tell({ type: 'silence', over: false })
        const ping = { tag: 'ping', attrs: {} }
        const attrs = { id: this.#socket.generateMessageTag(), to: S_WHATSAPP_NET, type: 'get', xmlns: 'w:p' }
        this.#socket.query({ tag: 'iq', attrs, content: [ping] }).catch(() => undefined)
      },
      relief: () => this.#account.tell({ type: 'silence', over: true }),
      dead: () => this.#closed(408),
    })
  }

  #soonClosed(code: number): void {
    setTimeout(() => this.#closed(code), GOODBYE_MILLISECONDS).unref()
  }

  /** Told before Baileys has closed its end, which takes half a minute where nobody answers. */
  #closed(code: number): void {
    if (this.ended.aborted) return
    this.#stop()
    this.#account.tell({ type: 'closed', code })
    void this.#socket.end(undefined)
  }

  #stop(): void {
    this.#watch?.stop()
    this.#end.abort()
  }

  /** Every stanza, before Baileys takes it. */
  #heard(node: BinaryNode): void {
    this.#watch?.heard()
    if (node.tag !== 'message') return
    if (node.attrs.offline) {
      this.#late.set(node.attrs.id ?? '', true)
      // Baileys has a queue of its own for these, which a message that comes live may overtake.
      delete node.attrs.offline
    }
    // Decryption sees the ciphertext alone.
    if (!Array.isArray(node.content)) return
    for (const { content } of node.content) if (content instanceof Uint8Array) this.#stanzas.set(content, node)
  }

  /** A receipt of a phone that has a message of ours. */
  async #confirmed(node: BinaryNode): Promise<void> {
    const receipt = ARRIVED.has(node.attrs.type) ? this.#receiptOf(node) : null
    if (!receipt) return
    const chat = await this.#namesOf(receipt.chat)
    for (const id of receipt.ids) this.#account.acks.arrived(id, chat)
  }

  /**
   * Whether Baileys may answer to a receipt: who asks for a message again gets it, encrypted for them, so only somebody
   * in the chat that it was sent to may ask.
   */
  async #admits(node: BinaryNode): Promise<boolean> {
    if (node.attrs.type !== 'retry' || (await this.#maySend(node))) return true
    // WhatsApp need not keep it.
    await this.#socket.sendMessageAck(node)
    return false
  }

  async #maySend(node: BinaryNode): Promise<boolean> {
    const receipt = this.#receiptOf(node)
    if (!receipt || receipt.ids.length > MOST_ASKED_AGAIN) return false
    const chat = await this.#namesOf(receipt.chat)
    for (const id of receipt.ids) {
      const sentTo = this.#account.sent.get<string>(id)
      if (sentTo ? !chat.includes(sentTo) : (await this.#sentText(id, chat)) === null) return false
    }
    return !isJidGroup(receipt.chat) || receipt.own || this.#isMember(receipt.chat, receipt.sender)
  }

  async #isMember(group: string, person: string): Promise<boolean> {
    const names = await this.#namesOf(person)
    const { participants } = this.#members.get<GroupMetadata>(group) ?? (await this.#freshGroup(group))
    return participants.some(({ id, lid, phoneNumber }) =>
      [id, lid, phoneNumber].some(name => name && names.includes(jidNormalizedUser(name))),
    )
  }

  #receiptOf(node: BinaryNode): Receipt | null {
    const { user } = this.#socket
    return receiptOf(node, [user?.id, user?.lid])
  }

  async #sentText(id: string, chat: string[]): Promise<string | null> {
    const text = await this.#account.ask({ type: 'sent_text', message_id: id, chat })
    return typeof text === 'string' ? text : null
  }

  /** A person's phone number and LID, as far as they are known; a group's id. */
  async #namesOf(jid: string): Promise<string[]> {
    const { lidMapping } = this.#socket.signalRepository
    const other = isPnUser(jid) ? await lidMapping.getLIDForPN(jid) : await phoneOf(this.#socket, jid)
    return (other ? [jid, other] : [jid]).map(each => jidNormalizedUser(each))
  }

  async #group(id: string): Promise<GroupMetadata> {
    return this.#account.groups.get<GroupMetadata>(id) ?? this.#freshGroup(id)
  }

  async #freshGroup(id: string): Promise<GroupMetadata> {
    const fetched = await this.#socket.groupMetadata(id)
    this.#account.groups.set(id, fetched)
    this.#members.set(id, fetched)
    return fetched
  }

  #compareClocks(theirs: number): void {
    const ahead = theirs - Math.floor(Date.now() / 1000)
    if (Math.abs(ahead) > SAME_CLOCK_SECONDS) this.#ahead = ahead
  }

  async #decrypted(ciphertext: Uint8Array, plaintext: Uint8Array): Promise<void> {
    const node = this.#stanzas.get(ciphertext)
    const me = this.#socket.user
    if (!node || !me) return
    const { fullMessage: message } = decodeMessageNode(node, me.id, me.lid ?? '')
    const decoded = proto.Message.decode(unpadRandomMax16(plaintext))
    message.message = decoded.deviceSentMessage?.message ?? decoded
    cleanMessage(message, me.id, me.lid ?? '')
    if (await this.#handOver(message, altOf(node, message))) {
      this.#account.handed.set(handedKey(message), true)
    }
  }

  /** What Baileys emits without our having seen it decrypted: calls, group events, what could not be read. */
  async #upserted(message: WAMessage): Promise<void> {
    if (this.ended.aborted || this.#account.handed.get(handedKey(message))) return
    const alt = message.key.fromMe ? undefined : (message.key.participantAlt ?? message.key.remoteJidAlt)
    await this.#handOver(message, alt)
  }

  async #typed(update: BaileysEventMap['presence.update']): Promise<void> {
    if (this.ended.aborted) return
    const { id, lid } = this.#socket.user ?? {}
    const typing = this.#typists.heard(update, new Set([jidNormalizedUser(id), jidNormalizedUser(lid)]))
    if (!typing) return
    this.#account.tell({ type: 'typing', chats: await this.#namesOf(typing.chat), on: typing.on })
  }

  async #handOver(message: WAMessage, given: string | undefined): Promise<boolean> {
    const { remoteJid, participant } = message.key
    const offline = this.#late.get(message.key.id ?? '') === true
    const subject = remoteJid ? this.#account.groups.get<GroupMetadata>(remoteJid)?.subject : undefined
    const alt = given ?? (await phoneOf(this.#socket, participant || remoteJid))
    const { user } = this.#socket
    const me = { me: jidNormalizedUser(user?.id), me_lid: user?.lid ? jidNormalizedUser(user.lid) : null }
    const shape = inbound(message, { ...me, offline, ahead: this.#ahead, alt, subject })
    if (shape) await this.#untilTaken(shape)
    return shape !== null
  }

  async #untilTaken(message: InboundMessage): Promise<void> {
    try {
      await insist(() => this.#account.ask({ type: 'message', message }), this.ended)
    } catch (error) {
      // Not storable, ever: to insist would only hold up the messages behind it.
      if (!isRefused(error)) throw error
      this.#fault(error)
    }
  }

  readonly #fault = (error: unknown): void => {
    if (error instanceof Failure && this.ended.aborted) return
    this.#account.tell({ type: 'fault', name: error instanceof Error ? error.name : 'Error', trace: [] })
  }
}

const handedKey = ({ key }: WAMessage): string => [key.remoteJid, key.participant, key.id].join(' ')

/** The phone number behind a LID that came without it, if it was ever told. */
async function phoneOf(socket: WASocket, id: string | null | undefined): Promise<string | undefined> {
  if (!id || !isLidUser(id)) return undefined
  return (await socket.signalRepository.lidMapping.getPNForLID(id)) ?? undefined
}
