import {
  cleanMessage,
  decodeMessageNode,
  getBinaryNodeChildren,
  jidNormalizedUser,
  proto,
  unpadRandomMax16,
  type BinaryNode,
  type WAMessage,
  type WASocket,
} from 'baileys'

import type { AccountContext } from '../account-context.ts'
import { BoundedCache } from '../common/bounded-cache.ts'
import { isRefused, retryWhileOpen } from '../common/retry.ts'
import { type InboundContext, toInboundMessage, toUnreadableMessage } from '../content/inbound-message.ts'
import { Failure, type InboundMessage } from '../protocol.ts'
import type { GroupMetadataCache } from './group-metadata.ts'
import { phoneJidOf } from './jid-aliases.ts'
import { MessageLookups } from './message-lookups.ts'
import { missedCall } from './missed-calls.ts'
import { alternateJid, broadcastRecipients, fingerprint, normalizeViewOnce } from './stanzas.ts'

const HOUR = 3600
/** WhatsApp keeps fewer messages for an offline device. */
const MAX_BACKLOG = 4_000
/** The number of messages per account that are being stored. */
const MAX_IN_FLIGHT = 100

interface Link {
  readonly socket: WASocket
  readonly groups: GroupMetadataCache
  readonly ended: AbortSignal
  reportError: (error: unknown) => void
}

/** Receives the messages of one connection, from the stanza until Python has stored them. */
export class MessageReceiver {
  readonly #account: AccountContext
  readonly #socket: WASocket
  readonly #ended: AbortSignal
  readonly #reportError: (error: unknown) => void
  readonly #lookups: MessageLookups
  readonly #onDone: () => void
  readonly #stanzaOfCiphertext = new WeakMap<Uint8Array, BinaryNode>()
  /** Messages that could not be decoded. */
  readonly #undecodable = new WeakSet<WAMessage>()
  /** Ids of messages that WhatsApp kept while this device was offline. */
  readonly #offlineIds = new BoundedCache(MAX_BACKLOG, HOUR)
  /** Stanzas that Baileys is decrypting. `forwarded` is called when the message is on its way to Python. */
  readonly #decrypting = new Map<BinaryNode, { encrypted: number; forwarded: () => void }>()
  readonly #inFlight = new Set<Promise<unknown>>()

  /** `onDone` is called after each message. */
  constructor(account: AccountContext, { socket, groups, ended, reportError }: Link, onDone: () => void) {
    this.#account = account
    this.#socket = socket
    this.#ended = ended
    this.#reportError = reportError
    this.#lookups = new MessageLookups(account, socket, groups, ended)
    this.#onDone = onDone
  }

  /** Prepares a message stanza before Baileys handles it. */
  prepare(node: BinaryNode): void {
    if (node.attrs.offline) {
      this.#offlineIds.set(node.attrs.id ?? '', true)
      // Baileys has a separate queue for offline messages, which a live message could overtake.
      delete node.attrs.offline
    }
    normalizeViewOnce(node)
    // The decryption hook gets only the ciphertext.
    if (!Array.isArray(node.content)) return
    for (const { content } of node.content)
      if (content instanceof Uint8Array) this.#stanzaOfCiphertext.set(content, node)
  }

  /**
   * Lets Baileys read a message, and reports first which one. If the message crashes this process, Python knows which
   * one to skip. Returns when the message is on its way to Python, so that the next one is read meanwhile. In careful
   * mode it returns when the message is finished.
   */
  async process(node: BinaryNode, deliver: () => unknown): Promise<void> {
    const stanza = fingerprint(node)
    if (this.#account.poison.has(stanza)) {
      await this.drain()
      await this.#skipPoison(node)
      return
    }
    this.#account.notify({ type: 'reading', stanza: stanza })
    const forwarded = new Promise<void>(resolve => {
      const encrypted = getBinaryNodeChildren(node, 'enc').length
      this.#decrypting.set(node, { encrypted, forwarded: resolve })
    })
    const done: Promise<unknown> = this.#deliver(node, deliver).finally(() => {
      this.#inFlight.delete(done)
      this.#onDone()
    })
    this.#inFlight.add(done)
    const limit = this.#account.careful ? 1 : MAX_IN_FLIGHT
    await Promise.race([done, forwarded])
    while (this.#inFlight.size >= limit) await Promise.race(this.#inFlight)
  }

  /** Waits until all messages so far are durable and confirmed. */
  async drain(): Promise<void> {
    while (this.#inFlight.size) await Promise.all(this.#inFlight)
  }

  async #deliver(node: BinaryNode, deliver: () => unknown): Promise<void> {
    try {
      await deliver()
    } catch (error) {
      this.#reportError(error)
    } finally {
      this.#decrypting.delete(node)
      if (!this.#decrypting.size) this.#account.notify({ type: 'reading', stanza: null })
    }
  }

  /** Returns when the message is on its way to Python, in order. */
  async decrypted(ciphertext: Uint8Array, plaintext: Uint8Array): Promise<{ durable: Promise<unknown> }> {
    const node = this.#stanzaOfCiphertext.get(ciphertext)
    const durable = node && (await this.#forwardPlaintext(node, plaintext))
    const progress = node && this.#decrypting.get(node)
    if (progress && --progress.encrypted === 0) progress.forwarded()
    return { durable: durable?.durable ?? Promise.resolve() }
  }

  async #forwardPlaintext(node: BinaryNode, plaintext: Uint8Array): Promise<{ durable: Promise<unknown> } | undefined> {
    const message = this.#decode(node, () => proto.Message.decode(unpadRandomMax16(plaintext)))
    if (!message) return undefined
    const stored: Promise<void>[] = []
    for (const [each, alt] of this.#perChat(message, node)) {
      const durable = await this.#forward(each, alt)
      if (durable) stored.push(durable.durable)
    }
    if (!stored.length) return undefined
    return { durable: Promise.all(stored).then(() => this.#account.forwarded.set(forwardedKey(message), true)) }
  }

  /** Returns one copy per recipient for a message to the owner's broadcast list, and the message itself otherwise. */
  #perChat(message: WAMessage, node: BinaryNode): [WAMessage, string | undefined][] {
    const { user } = this.#socket
    const recipients = broadcastRecipients(node, [user?.id, user?.lid])
    if (!recipients) return [[message, alternateJid(node, message)]]
    return recipients.map(({ id, alt }) => {
      const key = { id: message.key.id ?? null, remoteJid: jidNormalizedUser(id), fromMe: true }
      const copy = { ...message, key }
      if (this.#undecodable.has(message)) this.#undecodable.add(copy)
      return [copy, alt]
    })
  }

  /** Handles a call stanza. Baileys confirms it (`confirm`) once the resulting message is durable. */
  async processCall(node: BinaryNode, confirm: () => unknown): Promise<void> {
    const { user } = this.#socket
    const missed = missedCall(node, [user?.id, user?.lid], this.#account.calls)
    if (missed?.key.id && node.attrs.offline) this.#offlineIds.set(missed.key.id, true)
    if (missed) await (await this.#forward(missed, undefined))?.durable
    await confirm()
  }

  /** Handles messages that Baileys emits without decryption: group events and undecryptable messages. */
  async processUpsert(message: WAMessage): Promise<void> {
    if (this.#ended.aborted || this.#account.forwarded.get(forwardedKey(message))) return
    const alt = message.key.fromMe ? undefined : (message.key.participantAlt ?? message.key.remoteJidAlt)
    await (
      await this.#forward(message, alt)
    )?.durable
  }

  /** Stores a placeholder and acknowledges the message, so that WhatsApp forgets it. */
  async #skipPoison(node: BinaryNode): Promise<void> {
    const message = this.#decode(node, () => null)
    const placeholder =
      message && toUnreadableMessage(message, await this.#contextOf(message, alternateJid(node, message)))
    if (placeholder) await this.#storeMessage(placeholder)
    await this.#socket.sendMessageAck(node)
  }

  /** Returns undefined before the account is linked. */
  #decode(node: BinaryNode, read: () => proto.IMessage | null): WAMessage | undefined {
    const me = this.#socket.user
    if (!me) return undefined
    const { fullMessage } = decodeMessageNode(node, me.id, me.lid ?? '')
    // This only normalizes the ids. With a content it would throw if a key is missing.
    cleanMessage(fullMessage, me.id, me.lid ?? '')
    try {
      fullMessage.message = read()
    } catch (error) {
      // If this were thrown, Baileys would treat it as a failed decryption and request the message again and again.
      this.#reportError(error)
      this.#undecodable.add(fullMessage)
    }
    return fullMessage
  }

  async #contextOf({ key }: WAMessage, knownAlias: string | undefined): Promise<InboundContext> {
    const { remoteJid, participant, id } = key
    const { user } = this.#socket
    return {
      me: jidNormalizedUser(user?.id),
      me_lid: user?.lid ? jidNormalizedUser(user.lid) : null,
      offline: this.#offlineIds.get(id ?? '') === true,
      alt: knownAlias ?? (await phoneJidOf(this.#socket, participant || remoteJid)),
      subject: remoteJid ? this.#account.groups.get<{ subject: string }>(remoteJid)?.subject : undefined,
    }
  }

  /** Returns when the message is on its way to Python. Undefined: there is nothing to send. */
  async #forward(message: WAMessage, knownAlias: string | undefined): Promise<{ durable: Promise<void> } | undefined> {
    const context = await this.#contextOf(message, knownAlias)
    let shape: InboundMessage | null
    try {
      if (this.#undecodable.has(message)) {
        shape = toUnreadableMessage(message, context)
      } else {
        shape = toInboundMessage(message, await this.#lookups.addContext(message, context))
        shape &&= await this.#lookups.addAliases(shape)
      }
    } catch (error) {
      // The connection ended during a lookup. WhatsApp delivers the message again.
      if (error instanceof Failure) throw error
      this.#reportError(error)
      shape = toUnreadableMessage(message, context)
    }
    return shape ? { durable: this.#storeMessage(shape, () => toUnreadableMessage(message, context)) } : undefined
  }

  /** Stores the message, or the placeholder if it is refused twice. It must not block the messages behind it. */
  async #storeMessage(message: InboundMessage, placeholder: () => InboundMessage | null = () => null): Promise<void> {
    let refusal: unknown
    for (const makeShape of [() => message, () => message, placeholder]) {
      const shape = makeShape()
      if (!shape) continue
      try {
        await retryWhileOpen(() => this.#account.request({ type: 'message', message: shape }), this.#ended)
        return
      } catch (error) {
        if (!isRefused(error)) throw error
        refusal = error
      }
    }
    this.#reportError(refusal)
  }
}

const forwardedKey = ({ key }: WAMessage): string => [key.remoteJid, key.participant, key.id].join(' ')
