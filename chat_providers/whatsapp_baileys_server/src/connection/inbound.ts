import {
  isJidGroup,
  jidNormalizedUser,
  type AuthenticationCreds,
  type BaileysEventMap,
  type BinaryNode,
  type GroupMetadata,
  type proto,
  type WASocket,
} from 'baileys'

import type { AccountContext } from '../account-context.ts'
import { KeyedQueue } from '../common/keyed-queue.ts'
import { orderListeners } from '../common/ordered-listeners.ts'
import { DisplayNames } from './display-names.ts'
import type { GroupMetadataCache } from './group-metadata.ts'
import { aliasesOf } from './jid-aliases.ts'
import { MessageReceiver } from './message-receiver.ts'
import { OfflineBacklog } from './offline-backlog.ts'
import { Receipts } from './receipts.ts'
import { ServerClock, serverTimeOf } from './server-clock.ts'
import { TypingTracker } from './typing-tracker.ts'

interface Link {
  readonly socket: WASocket
  readonly groups: GroupMetadataCache
  readonly ended: AbortSignal
  reportError: (error: unknown) => void
}

/** Receives everything that WhatsApp sends over one connection, except the connection's own state. */
export class Inbound {
  readonly #account: AccountContext
  readonly #link: Link
  readonly #messages: MessageReceiver
  readonly #receipts: Receipts
  readonly #names: DisplayNames
  readonly #backlog: OfflineBacklog
  readonly #typing = new TypingTracker()
  readonly #typingQueue = new KeyedQueue()
  readonly #serverClock = new ServerClock()

  /** Must be called before anyone else listens to the socket: it puts Baileys' own listeners into order. */
  constructor(account: AccountContext, creds: AuthenticationCreds, link: Link) {
    const { socket, groups, ended, reportError } = link
    this.#account = account
    this.#link = link
    this.#receipts = new Receipts(account, socket, groups)
    this.#messages = new MessageReceiver(account, link, () => this.#backlog.progressed())
    this.#names = new DisplayNames(account, ended, reportError)
    this.#backlog = this.#listenToMessages()
    this.#listenToReceipts()
    this.#listenToClock()
    this.#listenToPresence()
    this.#listenToGroups()
    this.#listenToNames(creds)
    this.#listenToPasskeyRequests()
  }

  /** Waits until all messages that came while the device was offline are stored. */
  async offlineMessagesStored(): Promise<void> {
    await this.#backlog.waitUntilStored()
  }

  /** Called for every stanza, before Baileys handles it. */
  stanzaReceived(node: BinaryNode): void {
    this.#backlog.received(node)
    this.#reportTime(this.#serverClock.observe(serverTimeOf(node), performance.now() / 1000, node.tag === 'message'))
    if (node.tag === 'message') this.#messages.prepare(node)
  }

  /** See `makeSignalRepositoryFactory`. */
  decrypted(ciphertext: Uint8Array, plaintext: Uint8Array): Promise<{ durable: Promise<unknown> }> {
    return this.#messages.decrypted(ciphertext, plaintext)
  }

  /** Returns what the account sent under this key, for a device that could not decrypt it. */
  async sentMessage({ id, remoteJid }: proto.IMessageKey): Promise<proto.IMessage | undefined> {
    if (!id || !remoteJid) return undefined
    return this.#receipts.sentMessage(id, await aliasesOf(this.#link.socket, remoteJid))
  }

  #listenToMessages(): OfflineBacklog {
    const { ev, ws, sendNode } = this.#link.socket
    ev.on('messages.upsert', ({ messages }) => {
      for (const message of messages) void this.#messages.processUpsert(message).catch(this.#link.reportError)
    })
    const allProcessed = orderListeners(ws, 'CB:message', (node: BinaryNode, deliver) =>
      this.#messages.process(node, deliver),
    )
    orderListeners(ws, 'CB:call', (node: BinaryNode, deliver) => this.#messages.processCall(node, deliver))
    return new OfflineBacklog(ws, {
      allStored: () => allProcessed().then(() => this.#messages.drain()),
      requestMore: count => {
        const batch = { tag: 'offline_batch', attrs: { count: String(count) } }
        sendNode({ tag: 'ib', attrs: {}, content: [batch] }).catch(() => undefined)
      },
    })
  }

  #listenToReceipts(): void {
    const { ws } = this.#link.socket
    const { acks } = this.#account
    ws.on('CB:ack,class:message', ({ attrs }: BinaryNode) => {
      if (!attrs.id) return
      if (attrs.error) acks.rejected(attrs.id, attrs.error)
      else acks.confirmed([attrs.id])
    })
    orderListeners(ws, 'CB:receipt', (node: BinaryNode, deliver) => this.#receipts.filterRetry(node, deliver))
    ws.on('CB:receipt', (node: BinaryNode) => {
      void this.#receipts.confirmDelivery(node).catch(this.#link.reportError)
    })
  }

  #listenToClock(): void {
    this.#link.socket.ws.on('CB:success', ({ attrs }: BinaryNode) => {
      this.#reportTime(this.#serverClock.start(Number(attrs.t), performance.now() / 1000))
    })
  }

  #listenToPresence(): void {
    this.#link.socket.ev.on('presence.update', update => {
      this.#typingQueue.run('', () => this.#presenceUpdated(update)).catch(this.#link.reportError)
    })
  }

  #listenToGroups(): void {
    const { ev } = this.#link.socket
    ev.on('groups.update', updates => {
      for (const { id, subject } of updates) {
        this.#link.groups.invalidate(id)
        if (id) this.#names.addGroup(id, subject)
      }
    })
    ev.on('group-participants.update', ({ id }) => this.#link.groups.invalidate(id))
  }

  /** Names are not essential: no failure to get them may delay messages. */
  #listenToNames(creds: AuthenticationCreds): void {
    const { ev, ws, resyncAppState } = this.#link.socket
    ev.on('contacts.upsert', contacts => this.#names.addContacts(contacts, true))
    ev.on('messaging-history.set', ({ contacts }) => this.#names.addContacts(contacts, false))
    ev.on('groups.upsert', groups => {
      for (const { id, subject } of groups) this.#names.addGroup(id, subject)
    })
    ws.on('CB:message', ({ attrs: { from } }: BinaryNode) => {
      if (!from || !isJidGroup(from)) return
      const known = this.#account.groups.get<GroupMetadata>(from)
      void this.#names.ensureGroup(from, known, () => this.#link.groups.get(from)).catch(this.#link.reportError)
    })
    // The phone sends the keys of the address book once the account is linked. Baileys requests the address book only
    // together with the chat history, which is not wanted here.
    const requestAddressBook = (): void => {
      void resyncAppState(['critical_unblock_low'], true).catch(() => undefined)
    }
    ev.on('creds.update', ({ myAppStateKeyId }) => {
      if (myAppStateKeyId) requestAddressBook()
    })
    ev.on('connection.update', ({ connection }) => {
      if (connection === 'open' && creds.myAppStateKeyId) requestAddressBook()
    })
  }

  /** WhatsApp may require a passkey. Baileys confirms that notification and drops it (its issue 2672). */
  #listenToPasskeyRequests(): void {
    for (const type of ['passkey_prologue_request', 'crsc_continuation']) {
      this.#link.socket.ws.on(`CB:notification,type:${type}`, () => this.#account.notify({ type: 'passkey' }))
    }
  }

  async #presenceUpdated(update: BaileysEventMap['presence.update']): Promise<void> {
    const { socket, ended } = this.#link
    if (ended.aborted) return
    const { id, lid } = socket.user ?? {}
    const typing = this.#typing.update(update, new Set([jidNormalizedUser(id), jidNormalizedUser(lid)]))
    if (!typing) return
    this.#account.notify({ type: 'typing', chats: await aliasesOf(socket, typing.chat), on: typing.on })
  }

  #reportTime(seconds: number | null): void {
    if (seconds !== null) this.#account.notify({ type: 'time', seconds })
  }
}
