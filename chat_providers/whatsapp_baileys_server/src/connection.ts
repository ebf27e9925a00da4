import {
  Browsers,
  DisconnectReason,
  generateMessageIDV2,
  getErrorCodeFromStreamError,
  isJidGroup,
  jidDecode,
  jidNormalizedUser,
  makeWASocket,
  proto,
  S_WHATSAPP_NET,
  type AnyMessageContent,
  type AuthenticationCreds,
  type BaileysEventMap,
  type BinaryNode,
  type ConnectionState,
  type GroupMetadata,
  type WASocket,
} from 'baileys'
import type { ClientRequest, IncomingMessage } from 'node:http'

import type { AccountContext } from './account-context.ts'
import { Backlog } from './backlog.ts'
import { Bounded } from './bounded.ts'
import { failureOf, statusOf } from './failures.ts'
import { Groups } from './groups.ts'
import { inOrder } from './in-order.ts'
import { keepBeforeSigning, removeDevice } from './linking.ts'
import { Messages } from './messages.ts'
import { Names } from './names.ts'
import { namesOf } from './people.ts'
import { Presence } from './presence.ts'
import { Failure } from './protocol.ts'
import { silent } from './quiet.ts'
import { Receipts, type Sent } from './receipts.ts'
import { repositoryOver } from './repository.ts'
import { TheirClock, timeOf } from './their-clock.ts'
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

type Status = 'connecting' | 'pairing' | 'open'
const { PUSH_NAME, NON_BLOCKING_DATA } = proto.Message.HistorySyncType

/** One connection of an account, from its opening to its end. */
export class Connection {
  readonly #account: AccountContext
  readonly #socket: WASocket
  readonly #end = new AbortController()
  readonly #groups: Groups
  readonly #receipts: Receipts
  readonly #messages: Messages
  readonly #names: Names
  readonly #presence: Presence
  readonly #typists = new Typists()
  readonly #typings = new Turns()
  readonly #theirClock = new TheirClock()
  /** Fails if the connection ends before. */
  readonly #loggedIn: Promise<void>
  #login: () => void = () => undefined
  #status: Status = 'connecting'
  #backlog: Backlog | undefined
  #watch: Watch | undefined

  constructor(account: AccountContext, creds: AuthenticationCreds) {
    this.#account = account
    this.#loggedIn = new Promise((resolve, reject) => {
      this.#login = resolve
      this.ended.addEventListener('abort', () => reject(new Failure('not_connected', 'the connection has ended')))
    })
    this.#loggedIn.catch(() => undefined)
    this.#groups = new Groups(account.groups, id => this.#socket.groupMetadata(id))
    this.#socket = this.#connect(creds)
    giveNothingReceived(this.#socket)
    readAhead(this.#socket)
    makeNothingOfCalls(this.#socket)
    keepBeforeSigning(this.#socket, creds, account.state, this.ended)
    this.#receipts = new Receipts(account, this.#socket, this.#groups)
    this.#messages = new Messages(account, this.#socket, this.ended, {
      fault: this.#fault,
      done: () => this.#backlog?.moved(),
    })
    this.#names = new Names(account, this.ended, this.#fault)
    this.#presence = new Presence(this.#socket, this.ended)
    this.#listen(creds)
    this.#listenToNames(creds)
  }

  get ended(): AbortSignal {
    return this.#end.signal
  }

  /** The account stays linked. */
  async close(): Promise<void> {
    this.#stop()
    await this.#socket.end(undefined)
  }

  /** Returns when WhatsApp has taken this device off the account's list; waits for the login that it takes. */
  async logout(): Promise<void> {
    await this.#loggedIn
    this.#stop()
    try {
      await removeDevice(this.#socket)
    } catch (error) {
      this.#account.tell({ type: 'closed', code: DisconnectReason.timedOut })
      throw failureOf(error)
    } finally {
      void this.#socket.end(undefined)
    }
  }

  /** `expiration`: seconds after which it disappears; 0: it stays. */
  async send(to: string, text: string, id: string, expiration: number): Promise<void> {
    await this.#write(to, { text, linkPreview: null }, id, expiration)
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

  async #write(to: string, content: AnyMessageContent, id: string, expiration = 0): Promise<void> {
    this.#reachable(to)
    const write = async (): Promise<void> => {
      try {
        const sent = await this.#socket.sendMessage(to, content, { messageId: id, ephemeralExpiration: expiration })
        this.#account.sent.set(id, { to: jidNormalizedUser(to), message: sent?.message } satisfies Sent)
      } catch (error) {
        throw failureOf(error)
      } finally {
        this.#presence.sent(to)
      }
    }
    this.#account.sent.set(id, { to: jidNormalizedUser(to), message: undefined } satisfies Sent)
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
      makeSignalRepository: repositoryOver(keys, (...texts) => this.#messages.decrypted(...texts)),
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
        return id && remoteJid ? this.#receipts.sentMessage(id, await namesOf(this.#socket, remoteJid)) : undefined
      },
      cachedGroupMetadata: id => this.#groups.get(id),
      msgRetryCounterCache: retries,
      userDevicesCache: new Bounded(500, HOUR / 12),
      callOfferCache: new Bounded(20, HOUR / 12),
      placeholderResendCache: new Bounded(100, HOUR),
      // Messages are read one after the other here: whoever sends many that cannot be read must not have all others wait.
      retryRequestDelayMs: 0,
    })
  }

  #listen(creds: AuthenticationCreds): void {
    const { ev, ws } = this.#socket
    const { acks, state } = this.#account
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
      for (const message of messages) void this.#messages.upserted(message).catch(this.#fault)
    })
    ev.on('groups.update', updates => {
      for (const { id, subject } of updates) {
        this.#groups.changed(id)
        if (id) this.#names.group(id, subject)
      }
    })
    ev.on('group-participants.update', ({ id }) => this.#groups.changed(id))

    const allRead = inOrder(ws, 'CB:message', (node: BinaryNode, hear) => this.#messages.read(node, hear))
    this.#backlog = new Backlog(ws, {
      taken: () => allRead().then(() => this.#messages.settled()),
      askFor: count => {
        const batch = { tag: 'offline_batch', attrs: { count: String(count) } }
        this.#socket.sendNode({ tag: 'ib', attrs: {}, content: [batch] }).catch(() => undefined)
      },
    })
    inOrder(ws, 'CB:call', (node: BinaryNode, hear) => this.#messages.called(node, hear))
    ws.on('frame', (node: BinaryNode) => this.#heard(node))
    ws.on('CB:ack,class:message', ({ attrs }: BinaryNode) => {
      if (!attrs.id) return
      if (attrs.error) acks.refused(attrs.id, attrs.error)
      else acks.arrived([attrs.id])
    })
    inOrder(ws, 'CB:receipt', (node: BinaryNode, hear) => this.#receipts.admit(node, hear))
    ws.on('CB:receipt', (node: BinaryNode) => void this.#receipts.arrived(node).catch(this.#fault))
    ws.on('CB:success', ({ attrs }: BinaryNode) => {
      this.#tellTime(this.#theirClock.begin(Number(attrs.t), performance.now() / 1000))
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

  /** Names change nothing but names: whatever becomes of asking for them, it holds up nobody. */
  #listenToNames(creds: AuthenticationCreds): void {
    const { ev, ws } = this.#socket
    ev.on('contacts.upsert', contacts => this.#names.people(contacts, true))
    ev.on('messaging-history.set', ({ contacts }) => this.#names.people(contacts, false))
    ev.on('groups.upsert', groups => {
      for (const { id, subject } of groups) this.#names.group(id, subject)
    })
    ws.on('CB:message', ({ attrs: { from } }: BinaryNode) => {
      if (!from || !isJidGroup(from)) return
      const known = this.#account.groups.get<GroupMetadata>(from)
      void this.#names.seen(from, known, () => this.#groups.get(from)).catch(this.#fault)
    })
    // The phone gives its keys once the account is linked. Baileys asks for the address book only beside the history,
    // which is not wanted here.
    const ask = (): void => {
      void this.#socket.resyncAppState(['critical_unblock_low'], true).catch(() => undefined)
    }
    ev.on('creds.update', ({ myAppStateKeyId }) => {
      if (myAppStateKeyId) ask()
    })
    ev.on('connection.update', ({ connection }) => {
      if (connection === 'open' && creds.myAppStateKeyId) ask()
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
      this.#login()
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
    this.#backlog?.heard(node)
    this.#tellTime(this.#theirClock.heard(timeOf(node), performance.now() / 1000, node.tag === 'message'))
    if (node.tag === 'message') this.#messages.heard(node)
  }

  #tellTime(seconds: number | null): void {
    if (seconds !== null) this.#account.tell({ type: 'time', seconds })
  }

  async #typed(update: BaileysEventMap['presence.update']): Promise<void> {
    if (this.ended.aborted) return
    const { id, lid } = this.#socket.user ?? {}
    const typing = this.#typists.heard(update, new Set([jidNormalizedUser(id), jidNormalizedUser(lid)]))
    if (!typing) return
    this.#account.tell({ type: 'typing', chats: await namesOf(this.#socket, typing.chat), on: typing.on })
  }

  readonly #fault = (error: unknown): void => {
    if (error instanceof Failure && this.ended.aborted) return
    this.#account.tell({ type: 'fault', name: error instanceof Error ? error.name : 'Error', trace: [] })
  }
}

/**
 * Baileys keeps messages that come in beside those that it sent, by the same names, and gives whoever asks for one of
 * ours again the one that it kept last: what somebody wrote under an id of ours, it would send in our name.
 */
function giveNothingReceived({ messageRetryManager }: WASocket): void {
  if (messageRetryManager) messageRetryManager.getRecentMessage = () => undefined
}

/**
 * Baileys has nobody read a message before the one before it is confirmed. Here they are read in order as well
 * (`Messages.read`), but while those before are still on their way.
 */
function readAhead({ messageMutex }: WASocket): void {
  messageMutex.mutex = async work => work()
}

/** Baileys makes messages of calls, of which it knows too little (`calls.ts`). */
function makeNothingOfCalls({ ev }: WASocket): void {
  ev.removeAllListeners('call')
}
