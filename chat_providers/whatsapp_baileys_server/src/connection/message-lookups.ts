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

import type { AccountContext } from '../account-context.ts'
import { boundedId } from '../common/limits.ts'
import { isRefused, retryWhileOpen } from '../common/retry.ts'
import { namesOtherAuthor } from '../content/edits-and-deletions.ts'
import { type Envelope, envelopeOf, type InboundContext } from '../content/inbound-message.ts'
import { decryptAddon, findEncryptedAddon } from '../content/message-secrets.ts'
import type { DecryptedAddon } from '../content/parser-types.ts'
import { unwrap } from '../content/wrappers.ts'
import type { InboundMessage, KnownMessage } from '../protocol.ts'
import type { GroupMetadataCache } from './group-metadata.ts'

/** A message waits this long for the list of its group's admins. */
const GROUP_QUERY_MILLISECONDS = 5_000
/** The number of people in one message that are looked up. */
const MAX_LOOKUPS = 256

/** The parts of Baileys' socket that are used here. */
interface LookupSocket {
  signalRepository: {
    lidMapping: { getPNsForLIDs(lids: string[]): Promise<{ lid: string; pn: string }[] | null> }
  }
  authState: { keys: Pick<SignalKeyStore, 'get'> }
}

type LookupAccount = Pick<AccountContext, 'request'>
type Groups = Pick<GroupMetadataCache, 'get'>

/** Completes a message before it is sent to Python. It asks Python, the stored keys and WhatsApp. */
export class MessageLookups {
  readonly #account: LookupAccount
  readonly #socket: LookupSocket
  readonly #ended: AbortSignal
  readonly #groups: Groups

  constructor(account: LookupAccount, socket: LookupSocket, groups: Groups, ended: AbortSignal) {
    this.#account = account
    this.#socket = socket
    this.#ended = ended
    this.#groups = groups
  }

  /** Decrypts what is encrypted with an earlier message's secret, and finds out whether an admin deletes a message. */
  async addContext(message: WAMessage, context: InboundContext): Promise<InboundContext> {
    const content = message.message
    const envelope = content && envelopeOf(message, context)
    if (!envelope) return context
    const decrypted = await this.#decryptWithSecret(content, envelope, context)
    return { ...context, decrypted, admin: await this.#isAdminDeletion(content, envelope) }
  }

  /** Adds the other ids of the people that the message mentions or quotes, as far as they are known. */
  async addAliases(message: InboundMessage): Promise<InboundMessage> {
    const { mentions, quoted } = message
    const withoutAlias = mentions.filter(({ alt }) => alt === null).map(({ id }) => id)
    if (quoted?.sender && quoted.sender_alt === null) withoutAlias.unshift(quoted.sender)
    if (!withoutAlias.length) return message
    const aliases = await storedAliases(this.#socket, withoutAlias.slice(0, MAX_LOOKUPS))
    return {
      ...message,
      mentions: mentions.map(each => ({ ...each, alt: each.alt ?? aliases.get(each.id) ?? null })),
      quoted: quoted && { ...quoted, sender_alt: quoted.sender_alt ?? aliases.get(quoted.sender ?? '') ?? null },
    }
  }

  async #decryptWithSecret(
    content: proto.IMessage,
    { chat, chat_alt, sender, sender_alt }: Envelope,
    { me, me_lid }: InboundContext,
  ): Promise<DecryptedAddon | undefined> {
    const addon = findEncryptedAddon(content)
    if (!addon) return undefined
    const author = addon.author ? [addon.author, ...(await storedAliases(this.#socket, [addon.author])).values()] : []
    const authorJids = addon.sameAuthor ? withoutNulls([sender, sender_alt]) : author
    const original = await this.#findOriginal(boundedId(addon.target), withoutNulls([chat, chat_alt]), authorJids)
    if (!original?.secret) return undefined
    const secret = Buffer.from(original.secret, 'base64')
    const authors = [...author, ...withoutNulls([me, me_lid])]
    return (
      decryptAddon(addon, { secret, details: original.details }, authors, withoutNulls([sender, sender_alt])) ??
      undefined
    )
  }

  /** Returns null also if Python refuses to answer. */
  async #findOriginal(id: string, chat: string[], author: string[]): Promise<KnownMessage | null> {
    const ask = (): Promise<unknown> => this.#account.request({ type: 'message_secret', message_id: id, chat, author })
    try {
      return (await retryWhileOpen(ask, this.#ended)) as KnownMessage | null
    } catch (error) {
      if (isRefused(error)) return null
      throw error
    }
  }

  /** Tells whether the sender is known to be an admin and deletes somebody else's message. */
  async #isAdminDeletion(content: proto.IMessage, { chat, sender, sender_alt, group }: Envelope): Promise<boolean> {
    const ids = withoutNulls([sender, sender_alt])
    const key = unwrap(content)?.content.protocolMessage?.key
    if (!group || !key || !namesOtherAuthor(key, ids)) return false
    const metadata = await this.#groupMetadata(chat)
    return metadata?.participants.some(member => isAdmin(member) && isOneOf(member, ids)) === true
  }

  async #groupMetadata(group: string): Promise<GroupMetadata | undefined> {
    const timeout = pause(GROUP_QUERY_MILLISECONDS, undefined, { ref: false })
    return Promise.race([this.#groups.get(group).catch(() => undefined), timeout])
  }
}

type Member = GroupMetadata['participants'][number]

const isAdmin = ({ admin }: Member): boolean => admin === 'admin' || admin === 'superadmin'

const isOneOf = ({ id, lid, phoneNumber }: Member, ids: string[]): boolean =>
  [id, lid, phoneNumber].some(name => name && ids.includes(jidNormalizedUser(name)))

const withoutNulls = (ids: (string | null)[]): string[] => ids.filter(id => id !== null)

/**
 * Returns the other ids (phone number or LID) of people, by the given ids. It reads only stored mappings. Baileys
 * would query WhatsApp for each phone number that a stranger mentions.
 */
async function storedAliases(socket: LookupSocket, ids: readonly string[]): Promise<Map<string, string>> {
  const { lidMapping } = socket.signalRepository
  const aliases = new Map<string, string>()
  const lids = ids.filter(id => isLidUser(id))
  for (const { lid, pn } of (await lidMapping.getPNsForLIDs(lids)) ?? []) aliases.set(lid, jidNormalizedUser(pn))
  const phones = new Map(ids.filter(id => isPnUser(id)).map(id => [jidDecode(id)?.user ?? '', id]))
  if (!phones.size) return aliases
  const stored = await socket.authState.keys.get('lid-mapping', [...phones.keys()])
  for (const [user, id] of phones) if (stored[user]) aliases.set(id, `${stored[user]}@lid`)
  return aliases
}
