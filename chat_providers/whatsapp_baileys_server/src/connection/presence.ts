import type { WASocket } from 'baileys'

import { BoundedCache } from '../common/bounded-cache.ts'
import { KeyedQueue } from '../common/keyed-queue.ts'

/** According to Baileys' documentation "the presence expires after about 10 seconds". */
export const RENEW_MILLISECONDS = 8_000
/** The account stays online for this time after the last subscription. */
export const WATCH_MILLISECONDS = 10_000
const MAX_SUBSCRIPTIONS = 1000
const HOUR = 3600

type PresenceSocket = Pick<WASocket, 'sendPresenceUpdate' | 'presenceSubscribe'>

/**
 * The presence that contacts see over one connection: online and typing.
 *
 * While the account is online, the owner's phone shows no notifications. So it is online only while it types or
 * watches a chat. WhatsApp reports a contact's typing only to accounts that are online.
 */
export class Presence {
  readonly #socket: PresenceSocket
  readonly #typing = new Set<string>()
  readonly #watching = new Map<string, NodeJS.Timeout>()
  readonly #subscribed = new BoundedCache(MAX_SUBSCRIPTIONS, HOUR)
  /** Presence changes must arrive in order. */
  readonly #queue = new KeyedQueue()
  #online = false
  #renewal: NodeJS.Timeout | undefined

  constructor(socket: PresenceSocket, ended: AbortSignal) {
    this.#socket = socket
    ended.addEventListener('abort', () => this.#stop())
  }

  /** Shows or ends typing in a chat. Rejects with Baileys' error. */
  async setTyping(chat: string, on: boolean): Promise<void> {
    await this.#enqueue(async () => {
      if (on) {
        this.#typing.add(chat)
        await this.#goOnline()
        await this.#socket.sendPresenceUpdate('composing', chat)
      } else {
        this.#unwatch(chat)
        if (this.#typing.delete(chat)) await this.#socket.sendPresenceUpdate('paused', chat)
      }
    })
  }

  /** A message was sent to the chat. Phones then stop showing the typing. */
  messageSent(chat: string): void {
    if (!this.#typing.has(chat) && !this.#watching.has(chat)) return
    this.#enqueueIgnoringErrors(() => {
      this.#typing.delete(chat)
      this.#unwatch(chat)
    })
  }

  /** Watches whether the contact types. Rejects with Baileys' error. */
  async subscribe(chat: string): Promise<void> {
    await this.#enqueue(async () => {
      this.#unwatch(chat)
      const over = (): void => this.#enqueueIgnoringErrors(() => this.#unwatch(chat))
      this.#watching.set(chat, setTimeout(over, WATCH_MILLISECONDS).unref())
      await this.#goOnline()
      if (this.#subscribed.get(chat)) return
      await this.#socket.presenceSubscribe(chat)
      this.#subscribed.set(chat, true)
    })
  }

  /** Baileys sent a presence that shows the account as online. */
  repeatUnavailable(): void {
    this.#enqueueIgnoringErrors(() => (this.#online ? undefined : this.#socket.sendPresenceUpdate('unavailable')))
  }

  async #goOnline(): Promise<void> {
    if (this.#online) return
    this.#online = true
    await this.#socket.sendPresenceUpdate('available')
  }

  async #enqueue(work: () => unknown): Promise<void> {
    await this.#queue.run('presence', async () => {
      try {
        await work()
      } finally {
        await this.#updateOnline()
      }
    })
  }

  /** Ignores errors: if the connection is lost, so is its presence. */
  #enqueueIgnoringErrors(work: () => unknown): void {
    this.#enqueue(work).catch(() => undefined)
  }

  async #updateOnline(): Promise<void> {
    if (this.#typing.size) {
      this.#renewal ??= setInterval(() => this.#enqueueIgnoringErrors(() => this.#renew()), RENEW_MILLISECONDS).unref()
    } else {
      clearInterval(this.#renewal)
      this.#renewal = undefined
    }
    if (!this.#online || this.#typing.size || this.#watching.size) return
    this.#online = false
    await this.#socket.sendPresenceUpdate('unavailable')
  }

  async #renew(): Promise<void> {
    for (const chat of this.#typing) await this.#socket.sendPresenceUpdate('composing', chat)
  }

  #unwatch(chat: string): void {
    clearTimeout(this.#watching.get(chat))
    this.#watching.delete(chat)
  }

  #stop(): void {
    clearInterval(this.#renewal)
    for (const timer of this.#watching.values()) clearTimeout(timer)
    this.#watching.clear()
    this.#typing.clear()
    this.#online = false
  }
}
