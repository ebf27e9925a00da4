import { isJidGroup, jidNormalizedUser, type BaileysEventMap } from 'baileys'

import { BoundedCache } from '../common/bounded-cache.ts'

/** A contact whose typing is not renewed for this time has stopped. */
const TYPING_EXPIRES_SECONDS = 30
const MAX_CHATS = 100

export interface TypingState {
  chat: string
  on: boolean
}

/** Tracks who types in which chat. A group stops typing when its last member does. */
export class TypingTracker {
  readonly #chats = new BoundedCache(MAX_CHATS, TYPING_EXPIRES_SECONDS)

  /** Returns the new state of the chat, or null. `own`: the ids of the account, whose typing is ignored. */
  update({ id, presences }: BaileysEventMap['presence.update'], own: ReadonlySet<string>): TypingState | null {
    const chat = jidNormalizedUser(id)
    const otherPresences = Object.entries(presences).filter(([who]) => !own.has(jidNormalizedUser(who)))
    if (!otherPresences.length) return null
    const typists = new Set(isJidGroup(chat) ? this.#chats.get<Set<string>>(chat) : [])
    for (const [who, { lastKnownPresence: state }] of otherPresences) {
      if (state === 'composing' || state === 'recording') typists.add(who)
      else typists.delete(who)
    }
    if (typists.size) this.#chats.set(chat, typists)
    else this.#chats.del(chat)
    return { chat, on: typists.size > 0 }
  }
}
