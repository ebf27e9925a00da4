import type { BoundedCache } from './common/bounded-cache.ts'
import type { Acknowledgements } from './connection/acknowledgements.ts'
import type { Event, Request } from './protocol.ts'
import type { AuthState } from './signal/auth-state.ts'

/** The state of an account that its connections share and that outlives them. */
export interface AccountContext {
  readonly state: AuthState
  readonly acks: Acknowledgements
  readonly groups: BoundedCache
  readonly retries: BoundedCache
  /** The recipients of the last sent messages, by message id. */
  readonly sent: BoundedCache
  /** Messages that were forwarded at decryption. Baileys' own event for them is then ignored. */
  readonly forwarded: BoundedCache
  /** Ringing and answered calls, by call id. */
  readonly calls: BoundedCache
  /** Fingerprints of messages that crashed a process. They are not read again. */
  readonly poison: ReadonlySet<string>
  /** Messages are read strictly one at a time, to find out which one crashes the process. */
  readonly careful: boolean
  request(request: Request): Promise<unknown>
  notify(event: Event): void
}
