import { isJidGroup, jidNormalizedUser, type BaileysEventMap } from 'baileys'

import { Bounded } from './bounded.ts'

/** Who has said nothing for so long is taken to have gone away without a word. */
const SECONDS = 30
const MOST_CHATS = 100

export interface Typing {
  chat: string
  on: boolean
}

/** Who types in which chat: in a group it is over when the last one has ended. */
export class Typists {
  readonly #chats = new Bounded(MOST_CHATS, SECONDS)

  /** `own`: ids of the account, whose own typing is nobody's news. */
  heard({ id, presences }: BaileysEventMap['presence.update'], own: ReadonlySet<string>): Typing | null {
    const chat = jidNormalizedUser(id)
    const others = Object.entries(presences).filter(([who]) => !own.has(jidNormalizedUser(who)))
    if (!others.length) return null
    const typists = new Set(isJidGroup(chat) ? this.#chats.get<Set<string>>(chat) : [])
    for (const [who, { lastKnownPresence: state }] of others) {
      if (state === 'composing' || state === 'recording') typists.add(who)
      else typists.delete(who)
    }
    if (typists.size) this.#chats.set(chat, typists)
    else this.#chats.del(chat)
    return { chat, on: typists.size > 0 }
  }
}
