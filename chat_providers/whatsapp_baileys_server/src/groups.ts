import { jidNormalizedUser, type GroupMetadata } from 'baileys'

import { Bounded } from './bounded.ts'

/** As long as members are taken for what they were: receipts must not become as many questions to WhatsApp. */
const FRESH_SECONDS = 10

/** What is known of an account's groups. */
export class Groups {
  readonly #known: Bounded
  readonly #fresh = new Bounded(20, FRESH_SECONDS)
  readonly #fetch: (id: string) => Promise<GroupMetadata>

  /** `known` outlives the connection that `fetch` asks over. */
  constructor(known: Bounded, fetch: (id: string) => Promise<GroupMetadata>) {
    this.#known = known
    this.#fetch = fetch
  }

  async get(id: string): Promise<GroupMetadata> {
    return this.#known.get<GroupMetadata>(id) ?? this.#ask(id)
  }

  /** Whether somebody with one of these ids is a member now: who was removed must not be sent anything more. */
  async hasMember(id: string, names: readonly string[]): Promise<boolean> {
    const { participants } = this.#fresh.get<GroupMetadata>(id) ?? (await this.#ask(id))
    return participants.some(member =>
      [member.id, member.lid, member.phoneNumber].some(name => name && names.includes(jidNormalizedUser(name))),
    )
  }

  changed(id: string | undefined): void {
    if (!id) return
    this.#known.del(id)
    this.#fresh.del(id)
  }

  async #ask(id: string): Promise<GroupMetadata> {
    const fetched = await this.#fetch(id)
    this.#known.set(id, fetched)
    this.#fresh.set(id, fetched)
    return fetched
  }
}
