import { isJidGroup, type BinaryNode, type WASocket } from 'baileys'

import type { AccountContext } from './account-context.ts'
import type { Groups } from './groups.ts'
import { namesOf } from './people.ts'
import { receiptOf, type Receipt } from './stanzas.ts'

/** Receipts of phones that have a message of ours; undefined: delivered. */
const ARRIVED = new Set<string | undefined>([undefined, 'inactive', 'sender', 'retry', 'read', 'played'])
/** Messages that one retry receipt may ask for. */
const MOST_ASKED_AGAIN = 20

/**
 * What others' devices tell of our messages. Anybody can send a receipt with any id, so each counts for what was sent to
 * the chat that it comes from, and for nothing else.
 */
export class Receipts {
  readonly #account: AccountContext
  readonly #socket: WASocket
  readonly #groups: Groups

  constructor(account: AccountContext, socket: WASocket, groups: Groups) {
    this.#account = account
    this.#socket = socket
    this.#groups = groups
  }

  /** A phone may have messages of ours. */
  async arrived(node: BinaryNode): Promise<void> {
    const receipt = ARRIVED.has(node.attrs.type) ? this.#read(node) : null
    if (!receipt) return
    const chat = await namesOf(this.#socket, receipt.chat)
    for (const id of receipt.ids) this.#account.acks.arrived(id, chat)
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

  /** The text that was sent to this chat under this id. */
  async sentText(id: string, chat: readonly string[]): Promise<string | null> {
    const text = await this.#account.ask({ type: 'sent_text', message_id: id, chat: [...chat] })
    return typeof text === 'string' ? text : null
  }

  async #mayHave(node: BinaryNode): Promise<boolean> {
    const receipt = this.#read(node)
    if (!receipt || receipt.ids.length > MOST_ASKED_AGAIN) return false
    const chat = await namesOf(this.#socket, receipt.chat)
    for (const id of receipt.ids) {
      const sentTo = this.#account.sent.get<string>(id)
      if (sentTo ? !chat.includes(sentTo) : (await this.sentText(id, chat)) === null) return false
    }
    if (!isJidGroup(receipt.chat) || receipt.own) return true
    return this.#groups.hasMember(receipt.chat, await namesOf(this.#socket, receipt.sender)).catch(() => false)
  }

  #read(node: BinaryNode): Receipt | null {
    const { user } = this.#socket
    return receiptOf(node, [user?.id, user?.lid])
  }
}
