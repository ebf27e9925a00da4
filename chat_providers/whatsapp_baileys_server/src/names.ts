import { isJidGroup, isLidUser, isPnUser, jidNormalizedUser, type Contact, type GroupMetadata } from 'baileys'

import type { AccountContext } from './account-context.ts'
import { Bounded } from './bounded.ts'
import { cut, LONGEST_NAME } from './bounds.ts'
import { insist, isRefused } from './insist.ts'
import type { GroupName, PersonNames } from './protocol.ts'

const DAY = 86_400
/** People and groups in one request. */
const AT_ONCE = 200
/** That wait to be told of; of more, the oldest are let go. */
const MOST_WAITING = 20_000
/** Groups that WhatsApp is asked about over one connection. */
const MOST_ASKED = 500

type Named = { person: PersonNames } | { group: GroupName }

/** What people and groups are called, on its way to the other side: in order, and each name once. */
export class Names {
  readonly #account: AccountContext
  readonly #ended: AbortSignal
  readonly #fault: (error: unknown) => void
  readonly #waiting = new Map<string, Named>()
  readonly #told = new Bounded(MOST_WAITING, DAY)
  readonly #asked = new Set<string>()
  #telling = false

  constructor(account: AccountContext, ended: AbortSignal, fault: (error: unknown) => void) {
    this.#account = account
    this.#ended = ended
    this.#fault = fault
  }

  /** `saved`: these are entries of the owner's address book; else it is what people call themselves. */
  people(contacts: readonly Partial<Contact>[], saved: boolean): void {
    for (const contact of contacts) {
      const ids = idsOf(contact)
      const name = saved ? contact.name : contact.notify
      if (!ids[0] || (!saved && !name)) continue
      const told = cut(name ?? '', LONGEST_NAME)
      this.#put(ids[0], { person: { ids, saved: saved ? told : null, chosen: saved ? null : told } })
    }
  }

  group(id: string, subject: string | undefined): void {
    if (isJidGroup(id) && subject !== undefined) this.#put(id, { group: { id, subject: cut(subject, LONGEST_NAME) } })
  }

  /** A message of a group has come: its title is asked for, once, where `known` does not have it. */
  async seen(id: string, known: GroupMetadata | undefined, ask: () => Promise<GroupMetadata>): Promise<void> {
    if (!known && (this.#asked.has(id) || this.#asked.size >= MOST_ASKED)) return
    this.#asked.add(id)
    // Without an answer it is called by its id.
    const { subject } = known ?? (await ask().catch(() => ({ subject: undefined })))
    this.group(id, subject)
  }

  #put(id: string, named: Named): void {
    const told = JSON.stringify(named)
    if (this.#told.get(id) === told) return
    this.#told.set(id, told)
    this.#waiting.delete(id)
    this.#waiting.set(id, named)
    const [oldest] = this.#waiting.keys()
    if (this.#waiting.size > MOST_WAITING && oldest) this.#waiting.delete(oldest)
    if (!this.#telling) void this.#tell().catch(this.#fault)
  }

  async #tell(): Promise<void> {
    this.#telling = true
    try {
      // What comes at once is told at once.
      await Promise.resolve()
      while (this.#waiting.size && !this.#ended.aborted) {
        const some = [...this.#waiting].slice(0, AT_ONCE)
        for (const [id] of some) this.#waiting.delete(id)
        const people = some.flatMap(([, named]) => ('person' in named ? [named.person] : []))
        const groups = some.flatMap(([, named]) => ('group' in named ? [named.group] : []))
        await insist(() => this.#account.ask({ type: 'names', people, groups }), this.#ended).catch(refusal)
      }
    } finally {
      this.#telling = false
    }
  }
}

/** Names that cannot be kept must not hold up the others. */
function refusal(error: unknown): void {
  if (!isRefused(error)) throw error
}

function idsOf({ id, lid, phoneNumber }: Partial<Contact>): string[] {
  const ids = [phoneNumber, id, lid].filter(name => name !== undefined).map(name => jidNormalizedUser(name))
  return [...new Set(ids)].filter(name => isPnUser(name) === true || isLidUser(name) === true)
}
