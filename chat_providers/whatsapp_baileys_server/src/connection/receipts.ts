import { isJidGroup, type BinaryNode, type proto, type WASocket } from 'baileys'

import type { AccountContext } from '../account-context.ts'
import { BoundedCache } from '../common/bounded-cache.ts'
import type { SentBefore } from '../protocol.ts'
import type { GroupMetadataCache } from './group-metadata.ts'
import { aliasesOf } from './jid-aliases.ts'
import { parseReceipt, type Receipt } from './stanzas.ts'

const HOUR = 3600
/** Receipt types which show that a phone has a message of ours. Undefined means delivered. */
const DELIVERY_TYPES = new Set<string | undefined>([undefined, 'inactive', 'sender', 'retry', 'read', 'played'])
/** Messages that one retry receipt may request. */
const MAX_RETRIED_IDS = 20
/** Ids per chat and hour in receipts for messages that this process did not send itself. */
const MAX_UNKNOWN_IDS = 200

/** A message that was sent from here. */
export interface SentMessage {
  to: string
  /** Undefined: it is being sent, or it is unknown. */
  message: proto.IMessage | null | undefined
}

/**
 * Handles receipts for our messages. Anybody can send a receipt with any id, so a receipt counts only for messages
 * that were sent to the chat that it comes from.
 */
export class Receipts {
  readonly #account: AccountContext
  readonly #socket: WASocket
  readonly #groups: GroupMetadataCache
  readonly #unknownIds = new BoundedCache(1000, HOUR)

  constructor(account: AccountContext, socket: WASocket, groups: GroupMetadataCache) {
    this.#account = account
    this.#socket = socket
    this.#groups = groups
  }

  /** Reports messages that a receipt confirms. */
  async confirmDelivery(node: BinaryNode): Promise<void> {
    const receipt = DELIVERY_TYPES.has(node.attrs.type) ? this.#parse(node) : null
    const ids = receipt?.ids.filter(id => this.#account.sent.get(id) ?? this.#mayReportUnknown(receipt.chat)) ?? []
    if (!receipt || !ids.length) return
    this.#account.acks.confirmed(ids, await aliasesOf(this.#socket, receipt.chat))
  }

  /**
   * Unknown ids may be from before a restart, so Python is asked. A sender who invents ids must not ask without
   * limit.
   */
  #mayReportUnknown(chat: string): boolean {
    const asked = this.#unknownIds.get<number>(chat) ?? 0
    this.#unknownIds.set(chat, asked + 1)
    return asked < MAX_UNKNOWN_IDS
  }

  /**
   * Passes a receipt on to Baileys, except for unjustified retry receipts. Baileys encrypts the requested message for
   * the sender of a retry receipt, so that sender must be a recipient of the message.
   */
  async filterRetry(node: BinaryNode, deliver: () => unknown): Promise<void> {
    if (node.attrs.type !== 'retry' || (await this.#wasSentTo(node))) await deliver()
    // Without an acknowledgement WhatsApp would send the receipt again.
    else await this.#socket.sendMessageAck(node)
  }

  /** Returns the message that was sent to this chat with this id. */
  async sentMessage(id: string, chat: readonly string[]): Promise<proto.IMessage | undefined> {
    const sent = this.#account.sent.get<SentMessage>(id)
    if (sent && !chat.includes(sent.to)) return undefined
    if (sent?.message) return sent.message
    const stored = await this.#findStored(id, chat)
    if (!stored) return undefined
    const { text, expiration } = stored
    return expiration ? { extendedTextMessage: { text, contextInfo: { expiration } } } : { conversation: text }
  }

  async #findStored(id: string, chat: readonly string[]): Promise<SentBefore | null> {
    return (await this.#account.request({ type: 'sent_message', message_id: id, chat: [...chat] })) as SentBefore | null
  }

  async #wasSentTo(node: BinaryNode): Promise<boolean> {
    const receipt = this.#parse(node)
    if (!receipt || receipt.ids.length > MAX_RETRIED_IDS) return false
    const chat = await aliasesOf(this.#socket, receipt.chat)
    for (const id of receipt.ids) {
      const sent = this.#account.sent.get<SentMessage>(id)
      if (sent ? !chat.includes(sent.to) : !(await this.#findStored(id, chat))) return false
    }
    if (!isJidGroup(receipt.chat) || receipt.own) return true
    return this.#groups.hasMember(receipt.chat, await aliasesOf(this.#socket, receipt.sender)).catch(() => false)
  }

  #parse(node: BinaryNode): Receipt | null {
    const { user } = this.#socket
    return parseReceipt(node, [user?.id, user?.lid])
  }
}
