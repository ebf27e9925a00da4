import { Account } from './account.ts'
import { TextCache } from './common/bounded-cache.ts'
import type { Pipe } from './pipe.ts'
import { type Command, Failure } from './protocol.ts'

/** The size of the Signal key cache for all accounts. A key has 1,000 to 10,000 characters. */
const KEY_CACHE_CHARACTERS = 8_000_000

/** All accounts of this process. */
export class Accounts {
  readonly #accounts = new Map<string, Account>()
  readonly #keyCache = new TextCache(KEY_CACHE_CHARACTERS)

  readonly #setSilenceLimit: (seconds: number) => void

  /** `setSilenceLimit`: sets the seconds without input after which this process ends. */
  constructor(setSilenceLimit: (seconds: number) => void) {
    this.#setSilenceLimit = setSilenceLimit
  }

  async handle(pipe: Pipe, id: string, command: Command): Promise<unknown> {
    switch (command.type) {
      case 'ping':
        this.#setSilenceLimit(command.silence)
        return null
      case 'open': {
        const account = this.#accounts.get(id) ?? new Account(id, pipe, this.#keyCache)
        this.#accounts.set(id, account)
        return account.open(command.poison, command.careful)
      }
      case 'close': {
        const account = this.#accounts.get(id)
        this.#accounts.delete(id)
        return account?.close()
      }
      case 'logout':
        return this.#find(id).logout()
      case 'send':
        return this.#find(id).outbound.send(command.to, command.text, command.message_id, command.expiration ?? 0)
      case 'pairing_code':
        return this.#find(id).pairingCode(command.phone)
      case 'typing':
        return this.#find(id).outbound.setTyping(command.to, command.on)
      case 'mark_read':
        return this.#find(id).outbound.markRead(command.to, command.messages)
      case 'watch_typing':
        return this.#find(id).outbound.subscribePresence(command.to)
      case 'delete':
        return this.#find(id).outbound.deleteForEveryone(command.to, command.message_id)
    }
  }

  #find(id: string): Account {
    const account = this.#accounts.get(id)
    if (account) return account
    throw new Failure('not_connected', 'the account is not open')
  }
}
