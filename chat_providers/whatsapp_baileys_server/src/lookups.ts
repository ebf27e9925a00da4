import { setTimeout as pause } from 'node:timers/promises'

import {
  isLidUser,
  isPnUser,
  jidDecode,
  jidNormalizedUser,
  type GroupMetadata,
  type proto,
  type SignalKeyStore,
  type WAMessage,
} from 'baileys'

import type { AccountContext } from './account-context.ts'
import { boundedId } from './bounds.ts'
import { names } from './changes.ts'
import { sealedIn, unseal } from './encrypted.ts'
import { Groups } from './groups.ts'
import { placeOf, type Place, type Surroundings } from './inbound.ts'
import { insist, isRefused } from './insist.ts'
import type { InboundMessage, KnownMessage } from './protocol.ts'
import type { Unsealed } from './reading.ts'
import { open } from './wrappers.ts'

/** As long as a message waits for WhatsApp to say who administrates its group. */
const ADMINS_MILLISECONDS = 5_000
/** Of those whom one message names. */
const MOST_NAMES = 256

/** What of Baileys is asked here. */
interface Wire {
  groupMetadata(group: string): Promise<GroupMetadata>
  signalRepository: {
    lidMapping: { getPNsForLIDs(lids: string[]): Promise<{ lid: string; pn: string }[] | null> }
  }
  authState: { keys: Pick<SignalKeyStore, 'get'> }
}

type Known = Pick<AccountContext, 'ask' | 'groups'>

/** What is asked about a message before it is told of: of the other side, of the stored keys, of WhatsApp. */
export class Lookups {
  readonly #account: Known
  readonly #socket: Wire
  readonly #ended: AbortSignal
  readonly #groups: Groups

  constructor(account: Known, socket: Wire, ended: AbortSignal) {
    this.#account = account
    this.#socket = socket
    this.#ended = ended
    this.#groups = new Groups(account.groups, id => socket.groupMetadata(id))
  }

  async about(message: WAMessage, around: Surroundings): Promise<Surroundings> {
    const content = message.message
    const place = content && placeOf(message, around)
    if (!place) return around
    const unsealed = await this.#unsealed(content, place, around)
    return { ...around, unsealed, admin: await this.#mayDelete(content, place) }
  }

  /** Fills in the other names of those whom a message names, as far as they are known here. */
  async named(message: InboundMessage): Promise<InboundMessage> {
    const { mentions, quoted } = message
    const nameless = mentions.filter(({ alt }) => alt === null).map(({ id }) => id)
    if (quoted?.sender && quoted.sender_alt === null) nameless.unshift(quoted.sender)
    if (!nameless.length) return message
    const others = await otherNames(this.#socket, nameless.slice(0, MOST_NAMES))
    return {
      ...message,
      mentions: mentions.map(each => ({ ...each, alt: each.alt ?? others.get(each.id) ?? null })),
      quoted: quoted && { ...quoted, sender_alt: quoted.sender_alt ?? others.get(quoted.sender ?? '') ?? null },
    }
  }

  async #unsealed(
    content: proto.IMessage,
    { chat, chat_alt, sender, sender_alt }: Place,
    { me, me_lid }: Surroundings,
  ): Promise<Unsealed | undefined> {
    const sealed = sealedIn(content)
    if (!sealed) return undefined
    const author = sealed.author ? [sealed.author, ...(await otherNames(this.#socket, [sealed.author])).values()] : []
    const whose = sealed.own ? present([sender, sender_alt]) : author
    const known = await this.#known(boundedId(sealed.target), present([chat, chat_alt]), whose)
    if (!known?.secret) return undefined
    const secret = Buffer.from(known.secret, 'base64')
    const authors = [...author, ...present([me, me_lid])]
    return unseal(sealed, { secret, details: known.details }, authors, present([sender, sender_alt])) ?? undefined
  }

  /** Null also where the other side refuses to say. */
  async #known(id: string, chat: string[], author: string[]): Promise<KnownMessage | null> {
    const ask = (): Promise<unknown> => this.#account.ask({ type: 'message_secret', message_id: id, chat, author })
    try {
      return (await insist(ask, this.#ended)) as KnownMessage | null
    } catch (error) {
      if (isRefused(error)) return null
      throw error
    }
  }

  /** Whether the sender deletes another's message as one who administrates the group. Who is not known to, does not. */
  async #mayDelete(content: proto.IMessage, { chat, sender, sender_alt, group }: Place): Promise<boolean> {
    const ids = present([sender, sender_alt])
    const key = open(content)?.content.protocolMessage?.key
    if (!group || !key || !names(key, ids)) return false
    const metadata = this.#account.groups.get<GroupMetadata>(chat) ?? (await this.#asked(chat))
    return metadata?.participants.some(member => isAdmin(member) && isOneOf(member, ids)) === true
  }

  async #asked(group: string): Promise<GroupMetadata | undefined> {
    const late = pause(ADMINS_MILLISECONDS, undefined, { ref: false })
    return Promise.race([this.#groups.get(group).catch(() => undefined), late])
  }
}

type Member = GroupMetadata['participants'][number]

const isAdmin = ({ admin }: Member): boolean => admin === 'admin' || admin === 'superadmin'

const isOneOf = ({ id, lid, phoneNumber }: Member, ids: string[]): boolean =>
  [id, lid, phoneNumber].some(name => name && ids.includes(jidNormalizedUser(name)))

const present = (ids: (string | null)[]): string[] => ids.filter(id => id !== null)

/**
 * The other names of people (phone number, LID), by the names that are given. What is stored is all that is looked at:
 * Baileys would ask WhatsApp about each phone number that a stranger mentions.
 */
async function otherNames(socket: Wire, ids: readonly string[]): Promise<Map<string, string>> {
  const { lidMapping } = socket.signalRepository
  const others = new Map<string, string>()
  const lids = ids.filter(id => isLidUser(id))
  for (const { lid, pn } of (await lidMapping.getPNsForLIDs(lids)) ?? []) others.set(lid, jidNormalizedUser(pn))
  const phones = new Map(ids.filter(id => isPnUser(id)).map(id => [jidDecode(id)?.user ?? '', id]))
  if (!phones.size) return others
  const stored = await socket.authState.keys.get('lid-mapping', [...phones.keys()])
  for (const [user, id] of phones) if (stored[user]) others.set(id, `${stored[user]}@lid`)
  return others
}
