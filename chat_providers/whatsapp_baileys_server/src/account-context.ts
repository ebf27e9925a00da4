import type { Acknowledgements } from './acknowledgements.ts'
import type { AuthState } from './auth-state.ts'
import type { Bounded } from './bounded.ts'
import type { Event, Request } from './protocol.ts'

/** What outlives an account's connections, and each of them works with. */
export interface AccountContext {
  readonly state: AuthState
  readonly acks: Acknowledgements
  readonly groups: Bounded
  readonly retries: Bounded
  /** Where the last messages of ours went, by their ids. */
  readonly sent: Bounded
  /** Ids handed over at decryption, which Baileys' own event then need not repeat. */
  readonly handed: Bounded
  /** Calls that ring, and those that were taken, by their ids. */
  readonly calls: Bounded
  /** Fingerprints of messages that no process survived reading: they are not to be read again. */
  readonly poison: ReadonlySet<string>
  /** One message is read after the other, as it is to be found out which one no process survives. */
  readonly careful: boolean
  ask(request: Request): Promise<unknown>
  tell(event: Event): void
}
