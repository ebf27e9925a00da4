import type { WASocket } from 'baileys'

import { Bounded } from './bounded.ts'
import { Turns } from './turns.ts'

/** Baileys' documentation: "the presence expires after about 10 seconds". */
export const RENEW_MILLISECONDS = 8_000
/** For so long after a chat was last watched is the account online. */
export const WATCH_MILLISECONDS = 10_000
const MOST_SUBSCRIPTIONS = 1000
const HOUR = 3600

type Wire = Pick<WASocket, 'sendPresenceUpdate' | 'presenceSubscribe'>

/**
 * What contacts see of an account over one connection: that it is online, and that it types.
 *
 * While it is online the owner's phone does not notify, so it is online only while it types somewhere, or watches:
 * WhatsApp tells nobody who is offline that a contact types.
 */
export class Presence {
  readonly #wire: Wire
  readonly #typing = new Set<string>()
  readonly #watched = new Map<string, NodeJS.Timeout>()
  readonly #subscribed = new Bounded(MOST_SUBSCRIPTIONS, HOUR)
  /** What is said of one thing after another must arrive like that. */
  readonly #turns = new Turns()
  #online = false
  #renewal: NodeJS.Timeout | undefined

  constructor(wire: Wire, ended: AbortSignal) {
    this.#wire = wire
    ended.addEventListener('abort', () => this.#stop())
  }

  /** Rejects with Baileys' error. */
  async type(chat: string, on: boolean): Promise<void> {
    await this.#inTurn(async () => {
      if (on) {
        this.#typing.add(chat)
        await this.#appear()
        await this.#wire.sendPresenceUpdate('composing', chat)
      } else {
        this.#unwatch(chat)
        if (this.#typing.delete(chat)) await this.#wire.sendPresenceUpdate('paused', chat)
      }
    })
  }

  /** A message is on its way there, with which phones end what they show of typing. */
  sent(chat: string): void {
    if (!this.#typing.has(chat) && !this.#watched.has(chat)) return
    this.#quietly(() => {
      this.#typing.delete(chat)
      this.#unwatch(chat)
    })
  }

  /** Rejects with Baileys' error. */
  async watch(chat: string): Promise<void> {
    await this.#inTurn(async () => {
      this.#unwatch(chat)
      const over = (): void => this.#quietly(() => this.#unwatch(chat))
      this.#watched.set(chat, setTimeout(over, WATCH_MILLISECONDS).unref())
      await this.#appear()
      if (this.#subscribed.get(chat)) return
      await this.#wire.presenceSubscribe(chat)
      this.#subscribed.set(chat, true)
    })
  }

  /** Baileys has said something that makes the account online. */
  restate(): void {
    this.#quietly(() => (this.#online ? undefined : this.#wire.sendPresenceUpdate('unavailable')))
  }

  async #appear(): Promise<void> {
    if (this.#online) return
    this.#online = true
    await this.#wire.sendPresenceUpdate('available')
  }

  async #inTurn(work: () => unknown): Promise<void> {
    await this.#turns.take('presence', async () => {
      try {
        await work()
      } finally {
        await this.#settle()
      }
    })
  }

  /** The connection may be gone, and with it whatever was shown. */
  #quietly(work: () => unknown): void {
    this.#inTurn(work).catch(() => undefined)
  }

  async #settle(): Promise<void> {
    if (this.#typing.size) {
      this.#renewal ??= setInterval(() => this.#quietly(() => this.#renew()), RENEW_MILLISECONDS).unref()
    } else {
      clearInterval(this.#renewal)
      this.#renewal = undefined
    }
    if (!this.#online || this.#typing.size || this.#watched.size) return
    this.#online = false
    await this.#wire.sendPresenceUpdate('unavailable')
  }

  async #renew(): Promise<void> {
    for (const chat of this.#typing) await this.#wire.sendPresenceUpdate('composing', chat)
  }

  #unwatch(chat: string): void {
    clearTimeout(this.#watched.get(chat))
    this.#watched.delete(chat)
  }

  #stop(): void {
    clearInterval(this.#renewal)
    for (const timer of this.#watched.values()) clearTimeout(timer)
    this.#watched.clear()
    this.#typing.clear()
    this.#online = false
  }
}
