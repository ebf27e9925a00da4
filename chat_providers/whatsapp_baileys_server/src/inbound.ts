import { isJidGroup, jidNormalizedUser, proto, type WAMessage } from 'baileys'

import { boundedId, cut, LONGEST_DETAILS, LONGEST_NAME, LONGEST_TEXT, MOST_MENTIONS } from './bounds.ts'
import { contentOf } from './content.ts'
import { ADDRESSEE, ofOthers } from './context.ts'
import { LATEST_SECONDS } from './facts.ts'
import type { InboundMessage, Kind } from './protocol.ts'
import type { Content, Unsealed } from './reading.ts'

/** What the message itself does not say. */
export interface Surroundings {
  /** The account's own ids: phone number, LID. */
  me: string
  me_lid: string | null
  offline: boolean
  /** The other name of the chat's other side, or in a group of the sender; undefined where it is not known. */
  alt: string | undefined
  subject: string | undefined
  /** What is encrypted in it with an earlier message's secret; undefined: nothing, or nobody here can open it. */
  unsealed?: Unsealed | undefined
  /** Its sender is known to administrate the group. */
  admin?: boolean
}

/** Where a message belongs and whose it is. */
export interface Place {
  chat: string
  chat_alt: string | null
  sender: string
  sender_alt: string | null
  own: boolean
  group: boolean
}

/** status@broadcast is none. */
const BROADCAST_LIST = /^\d{1,64}@broadcast$/
const NOTHING: Content = {
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
 * The message as the other side of the pipe sees it, or null for what is no message to anybody: status posts,
 * what does not come from a person, and WhatsApp's own traffic between devices (keys, history).
 */
export function inbound(message: WAMessage, around: Surroundings): InboundMessage | null {
  return shapeOf(message, around, sender => {
    const { unsealed = null, admin = false } = around
    return message.message ? contentOf(message.message, { unsealed, admin, sender }) : withoutContent(message)
  })
}

/** The same message where nobody may look into it any more: who sent it, where and when. */
export function unread(message: WAMessage, around: Surroundings): InboundMessage | null {
  const bare = { key: message.key, messageTimestamp: message.messageTimestamp ?? null }
  return shapeOf(bare, around, () => ({ ...NOTHING, note: 'set_aside' }))
}

/** Null for what comes from no person, or from nowhere that can be answered to. */
export function placeOf({ key }: WAMessage, { me, me_lid, alt }: Surroundings): Place | null {
  const remote = jidNormalizedUser(key.remoteJid ?? undefined)
  const participant = jidNormalizedUser(key.participant ?? undefined)
  const group = isJidGroup(remote) === true
  const list = BROADCAST_LIST.test(remote)
  // Baileys knows the owner of a list by the phone number alone.
  const own = key.fromMe === true || (list && [me, me_lid].includes(participant))
  // A contact's broadcast list is a direct message of theirs. Of the owner's own list nobody is told here.
  const chat = list && !own ? participant : remote
  const author = group ? participant || chat : chat
  if (!ADDRESSEE.test(chat) || !ADDRESSEE.test(author)) return null
  const known = alt ? jidNormalizedUser(alt) : null
  // The owner's chat with themselves.
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

type Read = (sender: string[]) => Content | null

function shapeOf(message: WAMessage, around: Surroundings, read: Read): InboundMessage | null {
  const place = placeOf(message, around)
  const { key } = message
  if (!key.id || !place) return null
  const { chat, chat_alt, sender, sender_alt, own, group } = place
  const content = read([sender, sender_alt].filter(name => name !== null))
  if (!content) return null

  const id = boundedId(key.id)
  const names = new Map<string, string>()
  for (const [name, other] of [[around.me, around.me_lid], [sender, sender_alt], [chat, chat_alt]] as const) {
    if (other) names.set(name, other).set(other, name)
  }
  return {
    // A message that could not be read may come once more, readable, under the same id: it must not look repeated.
    id: content.note === 'undecryptable' ? `${id}/undecryptable` : id,
    chat,
    chat_alt,
    subject: around.subject === undefined ? null : cut(around.subject, LONGEST_NAME),
    sender,
    sender_alt,
    name: cut(message.pushName ?? '', LONGEST_NAME),
    from_me: own,
    sent_at: secondsOf(message.messageTimestamp),
    offline: around.offline,
    kind: content.kind,
    text: cut(content.text, LONGEST_TEXT),
    details: cut(content.details, LONGEST_DETAILS),
    answerable: content.note === null,
    note: content.note,
    addressed: group && !own && addresses(content.context, around),
    ...ofOthers(content, chat, { altOf: name => names.get(name) ?? null, isMe: name => isMine(name, around) }),
    reacts_to: content.reacts_to ? boundedId(content.reacts_to) : null,
    changes: content.edited ? { message_id: id, how: 'edit', by_admin: false, author: null } : content.changes,
    unseen: content.unseen,
    secret: content.secret,
  }
}

/** Null where it is no time of this century. */
function secondsOf(time: WAMessage['messageTimestamp']): number | null {
  const seconds = Number(time ?? 0)
  return Number.isSafeInteger(seconds) && seconds > 0 && seconds < LATEST_SECONDS ? seconds : null
}

function isMine(jid: string, { me, me_lid }: Surroundings): boolean {
  return [me, me_lid].includes(jidNormalizedUser(jid))
}

function addresses(context: proto.IContextInfo | null, around: Surroundings): boolean {
  if (!context) return false
  const { mentionedJid, nonJidMentions, participant, stanzaId } = context
  const mine = (jid: string): boolean => isMine(jid, around)
  // What is mentioned without an id is everybody.
  if (nonJidMentions || mentionedJid?.slice(0, MOST_MENTIONS).some(mine)) return true
  return Boolean(stanzaId && participant && mine(participant))
}

/** What WhatsApp tells of a chat: calls, group events, and messages that could not be decrypted. */
function withoutContent({ key, messageStubType: type }: WAMessage): Content | null {
  // Linked devices are only told that there is one: a picture, a video or a voice message.
  if (key.isViewOnce) return { ...NOTHING, kind: 'image', unseen: 'view-once message' }
  const Stub = proto.WebMessageInfo.StubType
  if (type == null) return null
  if (type === Stub.CIPHERTEXT) return { ...NOTHING, note: 'undecryptable' }
  const name = (Stub as Record<number, string | undefined>)[type] ?? 'UNKNOWN'
  const kind: Kind = name.startsWith('CALL_') ? 'call' : 'notice'
  return { ...NOTHING, kind, details: told(name), note: `event:${name}` }
}

function told(stub: string): string {
  if (stub.startsWith('CALL_MISSED')) return stub.endsWith('VIDEO') ? 'missed video call' : 'missed call'
  return stub.toLowerCase().replaceAll('_', ' ')
}
