import { jidNormalizedUser, type GroupMetadata } from 'baileys'

import { BoundedCache } from '../common/bounded-cache.ts'

/** The member list is trusted for this time, so that many receipts do not cause many queries. */
const FRESH_SECONDS = 10

/** Caches the metadata of an account's groups. */
export class GroupMetadataCache {
  readonly #known: BoundedCache
  readonly #fresh = new BoundedCache(20, FRESH_SECONDS)
  readonly #fetch: (id: string) => Promise<GroupMetadata>

  /** `known` outlives the connection that `fetch` uses. */
  constructor(known: BoundedCache, fetch: (id: string) => Promise<GroupMetadata>) {
    this.#known = known
    this.#fetch = fetch
  }

  async get(id: string): Promise<GroupMetadata> {
    return this.#known.get<GroupMetadata>(id) ?? this.#refresh(id)
  }

  /**
   * Tells whether a person with one of these ids is a member now. A removed member must not get any more messages.
   */
  async hasMember(id: string, names: readonly string[]): Promise<boolean> {
    const { participants } = this.#fresh.get<GroupMetadata>(id) ?? (await this.#refresh(id))
    return participants.some(member =>
      [member.id, member.lid, member.phoneNumber].some(name => name && names.includes(jidNormalizedUser(name))),
    )
  }

  invalidate(id: string | undefined): void {
    if (!id) return
    this.#known.del(id)
    this.#fresh.del(id)
  }

  async #refresh(id: string): Promise<GroupMetadata> {
    const fetched = await this.#fetch(id)
    this.#known.set(id, fetched)
    this.#fresh.set(id, fetched)
    return fetched
  }
}
