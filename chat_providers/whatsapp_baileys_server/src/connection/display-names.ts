import { isJidGroup, isLidUser, isPnUser, jidNormalizedUser, type Contact, type GroupMetadata } from 'baileys'

import type { AccountContext } from '../account-context.ts'
import { BoundedCache } from '../common/bounded-cache.ts'
import { MAX_NAME_LENGTH, truncate } from '../common/limits.ts'
import { isRefused, retryWhileOpen } from '../common/retry.ts'
import type { GroupName, PersonNames } from '../protocol.ts'

const DAY = 86_400
/** The number of names in one request. */
const MAX_PER_REQUEST = 200
/** The number of names that wait. The oldest are dropped first. */
const MAX_PENDING = 20_000
/** The number of groups that are queried per connection. */
const MAX_GROUP_QUERIES = 500

type NameEntry = { person: PersonNames } | { group: GroupName }

/** Sends the names of people and groups to Python, in order and each name once. */
export class DisplayNames {
  readonly #account: AccountContext
  readonly #ended: AbortSignal
  readonly #fault: (error: unknown) => void
  readonly #pending = new Map<string, NameEntry>()
  readonly #reported = new BoundedCache(MAX_PENDING, DAY)
  readonly #queriedGroups = new Set<string>()
  #sending = false

  constructor(account: AccountContext, ended: AbortSignal, fault: (error: unknown) => void) {
    this.#account = account
    this.#ended = ended
    this.#fault = fault
  }

  /** `saved`: the names are from the owner's address book. Otherwise people chose them. */
  addContacts(contacts: readonly Partial<Contact>[], saved: boolean): void {
    for (const contact of contacts) {
      const ids = jidsOf(contact)
      const name = saved ? contact.name : contact.notify
      if (!ids[0] || (!saved && !name)) continue
      const told = truncate(name ?? '', MAX_NAME_LENGTH)
      this.#add(ids[0], { person: { ids, saved: saved ? told : null, chosen: saved ? null : told } })
    }
  }

  addGroup(id: string, subject: string | undefined): void {
    if (isJidGroup(id) && subject !== undefined)
      this.#add(id, { group: { id, subject: truncate(subject, MAX_NAME_LENGTH) } })
  }

  /** Called for each group message. Queries the group's name once, unless `known` has it. */
  async ensureGroup(id: string, known: GroupMetadata | undefined, ask: () => Promise<GroupMetadata>): Promise<void> {
    if (!known && (this.#queriedGroups.has(id) || this.#queriedGroups.size >= MAX_GROUP_QUERIES)) return
    this.#queriedGroups.add(id)
    // Without an answer the group is shown by its id.
    const { subject } = known ?? (await ask().catch(() => ({ subject: undefined })))
    this.addGroup(id, subject)
  }

  #add(id: string, named: NameEntry): void {
    const told = JSON.stringify(named)
    if (this.#reported.get(id) === told) return
    this.#reported.set(id, told)
    this.#pending.delete(id)
    this.#pending.set(id, named)
    const [oldest] = this.#pending.keys()
    if (this.#pending.size > MAX_PENDING && oldest) this.#pending.delete(oldest)
    if (!this.#sending) void this.#sendPending().catch(this.#fault)
  }

  async #sendPending(): Promise<void> {
    this.#sending = true
    try {
      // Names that arrive together are sent together.
      await Promise.resolve()
      while (this.#pending.size && !this.#ended.aborted) {
        const some = [...this.#pending].slice(0, MAX_PER_REQUEST)
        for (const [id] of some) this.#pending.delete(id)
        const people = some.flatMap(([, named]) => ('person' in named ? [named.person] : []))
        const groups = some.flatMap(([, named]) => ('group' in named ? [named.group] : []))
        await retryWhileOpen(() => this.#account.request({ type: 'names', people, groups }), this.#ended).catch(
          ignoreRefusal,
        )
      }
    } finally {
      this.#sending = false
    }
  }
}

/** Names that are refused must not block the others. */
function ignoreRefusal(error: unknown): void {
  if (!isRefused(error)) throw error
}

function jidsOf({ id, lid, phoneNumber }: Partial<Contact>): string[] {
  const ids = [phoneNumber, id, lid].filter(name => name !== undefined).map(name => jidNormalizedUser(name))
  return [...new Set(ids)].filter(name => isPnUser(name) === true || isLidUser(name) === true)
}
