import { Account } from './account.ts'
import { TextCache } from './bounded.ts'
import type { Pipe } from './pipe.ts'
import { Failure, type Command } from './protocol.ts'

/** Of Signal keys, all accounts together. Each is 1 to 10 thousand characters. */
const CACHED_CHARACTERS = 8_000_000

/** The accounts of this process, side by side. */
export class Accounts {
  readonly #accounts = new Map<string, Account>()
  readonly #cache = new TextCache(CACHED_CHARACTERS)

  readonly #allowSilence: (seconds: number) => void

  /** `allowSilence`: for so many seconds of silence this process may go on. */
  constructor(allowSilence: (seconds: number) => void) {
    this.#allowSilence = allowSilence
  }

  async serve(pipe: Pipe, id: string, command: Command): Promise<unknown> {
    switch (command.type) {
      case 'ping':
        this.#allowSilence(command.silence)
        return null
      case 'open': {
        const account = this.#accounts.get(id) ?? new Account(id, pipe, this.#cache)
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
        return this.#find(id).live.send(command.to, command.text, command.message_id, command.expiration ?? 0)
      case 'pairing_code':
        return this.#find(id).pairingCode(command.phone)
      case 'typing':
        return this.#find(id).live.type(command.to, command.on)
      case 'mark_read':
        return this.#find(id).live.markRead(command.to, command.messages)
      case 'watch_typing':
        return this.#find(id).live.watch(command.to)
      case 'delete':
        return this.#find(id).live.deleteForEveryone(command.to, command.message_id)
    }
  }

  #find(id: string): Account {
    const account = this.#accounts.get(id)
    if (account) return account
    throw new Failure('not_connected', 'the account is not open')
  }
}
