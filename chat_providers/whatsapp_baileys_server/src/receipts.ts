import { isJidGroup, type BinaryNode, type proto, type WASocket } from 'baileys'

import type { AccountContext } from './account-context.ts'
import { Bounded } from './bounded.ts'
import type { Groups } from './groups.ts'
import { namesOf } from './people.ts'
import type { SentBefore } from './protocol.ts'
import { receiptOf, type Receipt } from './stanzas.ts'

const HOUR = 3600
/** Receipts of phones that have a message of ours; undefined: delivered. */
const ARRIVED = new Set<string | undefined>([undefined, 'inactive', 'sender', 'retry', 'read', 'played'])
/** Messages that one retry receipt may ask for. */
const MOST_ASKED_AGAIN = 20
/** Ids in an hour, in receipts of one chat, of which this process does not know that it sent them. */
const MOST_UNKNOWN = 200

/** A message of ours. */
export interface Sent {
  to: string
  /** Undefined: on its way, or not known. */
  message: proto.IMessage | null | undefined
}

/**
 * What others' devices tell of our messages. Anybody can send a receipt with any id, so each counts for what was sent to
 * the chat that it comes from, and for nothing else.
 */
export class Receipts {
  readonly #account: AccountContext
  readonly #socket: WASocket
  readonly #groups: Groups
  readonly #asked = new Bounded(1000, HOUR)

  constructor(account: AccountContext, socket: WASocket, groups: Groups) {
    this.#account = account
    this.#socket = socket
    this.#groups = groups
  }

  /** A phone may have messages of ours. */
  async arrived(node: BinaryNode): Promise<void> {
    const receipt = ARRIVED.has(node.attrs.type) ? this.#read(node) : null
    const ids = receipt?.ids.filter(id => this.#account.sent.get(id) ?? this.#isWorthAsking(receipt.chat)) ?? []
    if (!receipt || !ids.length) return
    this.#account.acks.arrived(ids, await namesOf(this.#socket, receipt.chat))
  }

  /** What was sent before this process began is asked after; somebody who invents ids must not ask without end. */
  #isWorthAsking(chat: string): boolean {
    const asked = this.#asked.get<number>(chat) ?? 0
    this.#asked.set(chat, asked + 1)
    return asked < MOST_UNKNOWN
  }

  /**
   * Lets Baileys hear of a receipt. It sends whoever asks for a message again that message, encrypted for them, so it
   * must not hear of anybody who was not sent it before.
   */
  async admit(node: BinaryNode, hear: () => unknown): Promise<void> {
    if (node.attrs.type !== 'retry' || (await this.#mayHave(node))) await hear()
    // WhatsApp need not keep it.
    else await this.#socket.sendMessageAck(node)
  }

  /** The message that was sent to this chat under this id. */
  async sentMessage(id: string, chat: readonly string[]): Promise<proto.IMessage | undefined> {
    const sent = this.#account.sent.get<Sent>(id)
    if (sent && !chat.includes(sent.to)) return undefined
    if (sent?.message) return sent.message
    const stored = await this.#stored(id, chat)
    if (!stored) return undefined
    const { text, expiration } = stored
    return expiration ? { extendedTextMessage: { text, contextInfo: { expiration } } } : { conversation: text }
  }

  async #stored(id: string, chat: readonly string[]): Promise<SentBefore | null> {
    return (await this.#account.ask({ type: 'sent_message', message_id: id, chat: [...chat] })) as SentBefore | null
  }

  async #mayHave(node: BinaryNode): Promise<boolean> {
    const receipt = this.#read(node)
    if (!receipt || receipt.ids.length > MOST_ASKED_AGAIN) return false
    const chat = await namesOf(this.#socket, receipt.chat)
    for (const id of receipt.ids) {
      const sent = this.#account.sent.get<Sent>(id)
      if (sent ? !chat.includes(sent.to) : !(await this.#stored(id, chat))) return false
    }
    if (!isJidGroup(receipt.chat) || receipt.own) return true
    return this.#groups.hasMember(receipt.chat, await namesOf(this.#socket, receipt.sender)).catch(() => false)
  }

  #read(node: BinaryNode): Receipt | null {
    const { user } = this.#socket
    return receiptOf(node, [user?.id, user?.lid])
  }
}
