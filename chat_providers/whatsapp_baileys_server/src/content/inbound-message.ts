import { isJidGroup, jidNormalizedUser, proto, type WAMessage } from 'baileys'

import {
  boundedId,
  MAX_DETAILS_LENGTH,
  MAX_MENTIONS,
  MAX_NAME_LENGTH,
  MAX_TEXT_LENGTH,
  truncate,
} from '../common/limits.ts'
import type { InboundMessage, Kind } from '../protocol.ts'
import { CHAT_JID, parseContextInfo } from './context-info.ts'
import { MAX_UNIX_SECONDS } from './formatting.ts'
import { parseContent } from './message-content.ts'
import type { Content, DecryptedAddon } from './parser-types.ts'

/** Facts that the message itself does not contain. */
export interface InboundContext {
  /** The account's own ids: phone number and LID. */
  me: string
  me_lid: string | null
  offline: boolean
  /** The other id of the contact, or of the sender in a group; undefined if it is unknown. */
  alt: string | undefined
  subject: string | undefined
  /**
   * The part that is encrypted with an earlier message's secret; undefined if there is none or it cannot be
   * decrypted.
   */
  decrypted?: DecryptedAddon | undefined
  /** The sender is known to be an admin of the group. */
  admin?: boolean
}

/** The chat and the sender of a message. */
export interface Envelope {
  chat: string
  chat_alt: string | null
  sender: string
  sender_alt: string | null
  own: boolean
  group: boolean
}

/** This does not match status@broadcast. */
const BROADCAST_LIST = /^\d{1,64}@broadcast$/
const NO_CONTENT: Content = {
  kind: 'unreadable',
  text: '',
  details: '',
  note: null,
  unseen: null,
  context: null,
  quotes: null,
  reacts_to: null,
  changes: null,
  edited: false,
  expiration: null,
  secret: null,
}

/**
 * Converts a message to the shape that Python gets. Returns null for status posts, for messages that no person sent,
 * and for WhatsApp's traffic between devices (keys, history).
 */
export function toInboundMessage(message: WAMessage, context: InboundContext): InboundMessage | null {
  return buildMessage(message, context, sender => {
    const { decrypted = null, admin = false } = context
    return message.message ? parseContent(message.message, { decrypted, admin, sender }) : stubContent(message)
  })
}

/** Returns the message without its content: only sender, chat and time. */
export function toUnreadableMessage(message: WAMessage, context: InboundContext): InboundMessage | null {
  const bare = { key: message.key, messageTimestamp: message.messageTimestamp ?? null }
  return buildMessage(bare, context, () => ({ ...NO_CONTENT, note: 'set_aside' }))
}

/** Returns null if the sender is not a person or the chat cannot be answered. */
export function envelopeOf({ key }: WAMessage, { me, me_lid, alt }: InboundContext): Envelope | null {
  const remote = jidNormalizedUser(key.remoteJid ?? undefined)
  const participant = jidNormalizedUser(key.participant ?? undefined)
  const group = isJidGroup(remote) === true
  const list = BROADCAST_LIST.test(remote)
  // Baileys recognizes the owner of a list only by the phone number.
  const own = key.fromMe === true || (list && [me, me_lid].includes(participant))
  // A message to a contact's broadcast list is a direct message. One to the owner's list never gets here.
  const chat = list && !own ? participant : remote
  const author = group ? participant || chat : chat
  if (!CHAT_JID.test(chat) || !CHAT_JID.test(author)) return null
  const known = alt ? jidNormalizedUser(alt) : null
  // In the owner's chat with themselves, both ids are the account's own.
  const other = chat === me ? me_lid : chat === me_lid ? me : known
  return {
    chat,
    chat_alt: group ? null : other,
    sender: own ? me : author,
    sender_alt: own ? me_lid : other,
    own,
    group,
  }
}

type ParseMessage = (sender: string[]) => Content | null

function buildMessage(message: WAMessage, context: InboundContext, read: ParseMessage): InboundMessage | null {
  const place = envelopeOf(message, context)
  const { key } = message
  if (!key.id || !place) return null
  const { chat, chat_alt, sender, sender_alt, own, group } = place
  const content = read([sender, sender_alt].filter(name => name !== null))
  if (!content) return null

  const id = boundedId(key.id)
  const names = new Map<string, string>()
  for (const [name, other] of [
    [context.me, context.me_lid],
    [sender, sender_alt],
    [chat, chat_alt],
  ] as const) {
    if (other) names.set(name, other).set(other, name)
  }
  return {
    // The same message may come again in readable form. It must not look like a duplicate.
    id: content.note === 'undecryptable' ? `${id}/undecryptable` : id,
    chat,
    chat_alt,
    subject: context.subject === undefined ? null : truncate(context.subject, MAX_NAME_LENGTH),
    sender,
    sender_alt,
    name: truncate(message.pushName ?? '', MAX_NAME_LENGTH),
    from_me: own,
    sent_at: toUnixSeconds(message.messageTimestamp),
    offline: context.offline,
    kind: content.kind,
    text: truncate(content.text, MAX_TEXT_LENGTH),
    details: truncate(content.details, MAX_DETAILS_LENGTH),
    answerable: content.note === null,
    note: content.note,
    addressed: group && !own && addressesMe(content.context, context),
    ...parseContextInfo(content, chat, { altOf: name => names.get(name) ?? null, isMe: name => isMine(name, context) }),
    reacts_to: content.reacts_to ? boundedId(content.reacts_to) : null,
    changes: content.edited ? { message_id: id, how: 'edit', by_admin: false, author: null } : content.changes,
    unseen: content.unseen,
    secret: content.secret,
  }
}

/** Returns null if the time is not in this century. */
function toUnixSeconds(time: WAMessage['messageTimestamp']): number | null {
  const seconds = Number(time ?? 0)
  return Number.isSafeInteger(seconds) && seconds > 0 && seconds < MAX_UNIX_SECONDS ? seconds : null
}

function isMine(jid: string, { me, me_lid }: InboundContext): boolean {
  return [me, me_lid].includes(jidNormalizedUser(jid))
}

function addressesMe(contextInfo: proto.IContextInfo | null, context: InboundContext): boolean {
  if (!contextInfo) return false
  const { mentionedJid, nonJidMentions, participant, stanzaId } = contextInfo
  const mine = (jid: string): boolean => isMine(jid, context)
  // A mention without an id means everybody.
  if (nonJidMentions || mentionedJid?.slice(0, MAX_MENTIONS).some(mine)) return true
  return Boolean(stanzaId && participant && mine(participant))
}

/** Returns the content of a message without a body: a call, a group event or an undecryptable message. */
function stubContent({ key, messageStubType: type }: WAMessage): Content | null {
  // Linked devices do not learn whether it is a picture, a video or a voice message.
  if (key.isViewOnce) return { ...NO_CONTENT, kind: 'image', unseen: 'view-once message' }
  const Stub = proto.WebMessageInfo.StubType
  if (type == null) return null
  if (type === Stub.CIPHERTEXT) return { ...NO_CONTENT, note: 'undecryptable' }
  const name = (Stub as Record<number, string | undefined>)[type] ?? 'UNKNOWN'
  const kind: Kind = name.startsWith('CALL_') ? 'call' : 'notice'
  return { ...NO_CONTENT, kind, details: describeStub(name), note: `event:${name}` }
}

function describeStub(stub: string): string {
  if (stub.startsWith('CALL_MISSED')) return stub.endsWith('VIDEO') ? 'missed video call' : 'missed call'
  return stub.toLowerCase().replaceAll('_', ' ')
}
