import {
  generateMessageIDV2,
  isJidGroup,
  jidDecode,
  jidNormalizedUser,
  type AnyMessageContent,
  type WASocket,
} from 'baileys'

import type { AccountContext } from '../account-context.ts'
import { Failure } from '../protocol.ts'
import { toFailure } from './baileys-errors.ts'
import type { Presence } from './presence.ts'
import type { SentMessage } from './receipts.ts'

const ACK_MILLISECONDS = 15_000

interface Link {
  readonly socket: WASocket
  readonly presence: Presence
  /** Throws a Failure unless the account is logged in. */
  requireOpen: () => void
  /** A stanza was sent that WhatsApp acknowledges at once. */
  expectReply: () => void
}

/** Sends messages and presence over one connection. */
export class Outbound {
  readonly #account: AccountContext
  readonly #link: Link

  constructor(account: AccountContext, link: Link) {
    this.#account = account
    this.#link = link
  }

  /** Returns when WhatsApp has acknowledged it. `expiration`: seconds until it disappears; 0: never. */
  async send(to: string, text: string, id: string, expiration: number): Promise<void> {
    await this.#sendMessage(to, { text, linkPreview: null }, id, expiration)
  }

  /** Deletes a message of the account's own. */
  async deleteForEveryone(to: string, id: string): Promise<void> {
    const ownId = generateMessageIDV2(this.#link.socket.user?.id)
    await this.#sendMessage(to, { delete: { remoteJid: to, fromMe: true, id } }, ownId)
  }

  async setTyping(chat: string, on: boolean): Promise<void> {
    await this.#withoutAck(chat, () => this.#link.presence.setTyping(chat, on))
  }

  /** Makes WhatsApp report for some seconds when the contact types. */
  async subscribePresence(chat: string): Promise<void> {
    await this.#withoutAck(chat, () => this.#link.presence.subscribe(chat))
  }

  /** Senders see the read receipt only if the owner's privacy settings allow it. The owner's devices always see it. */
  async markRead(chat: string, messages: [id: string, sender: string][]): Promise<void> {
    const group = isJidGroup(chat) === true
    const keys = messages.map(([id, sender]) => ({ remoteJid: chat, id, ...(group ? { participant: sender } : {}) }))
    await this.#withoutAck(chat, () => this.#link.socket.readMessages(keys))
  }

  async #sendMessage(to: string, content: AnyMessageContent, id: string, expiration = 0): Promise<void> {
    this.#requireChat(to)
    const { socket, presence } = this.#link
    const chat = jidNormalizedUser(to)
    const send = async (): Promise<void> => {
      try {
        const sent = await socket.sendMessage(to, content, { messageId: id, ephemeralExpiration: expiration })
        this.#account.sent.set(id, { to: chat, message: sent?.message } satisfies SentMessage)
      } catch (error) {
        throw toFailure(error)
      } finally {
        presence.messageSent(to)
      }
    }
    this.#account.sent.set(id, { to: chat, message: undefined } satisfies SentMessage)
    this.#link.expectReply()
    await this.#account.acks.confirm(id, chat, send, ACK_MILLISECONDS)
  }

  /** WhatsApp acknowledges neither presence nor read receipts. */
  async #withoutAck(chat: string, send: () => Promise<void>): Promise<void> {
    this.#requireChat(chat)
    try {
      await send()
    } catch (error) {
      throw toFailure(error)
    }
  }

  #requireChat(chat: string): void {
    this.#link.requireOpen()
    if (!jidDecode(chat)) throw new Failure('refused', 'the recipient is no WhatsApp id')
  }
}
