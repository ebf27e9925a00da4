import {
  getContentType,
  isJidGroup,
  jidNormalizedUser,
  normalizeMessageContent,
  proto,
  type WAMessage,
} from 'baileys'

import { boundedId, cut, LONGEST_NAME, LONGEST_TEXT, MOST_MENTIONS } from './bounds.ts'
import type { InboundMessage } from './protocol.ts'

/** What the message itself does not say. */
export interface Surroundings {
  /** The account's own ids: phone number, LID. */
  me: string
  me_lid: string | null
  offline: boolean
  /** Seconds that WhatsApp's clock is ahead of ours. */
  ahead: number
  /** The other name of the chat's other side, or in a group of the sender; undefined where it is not known. */
  alt: string | undefined
  subject: string | undefined
}

/** The end of the year 2099. */
const LATEST_SECONDS = 4_102_444_800
/** Baileys unwraps five. */
const MOST_WRAPPERS = 8

interface Content {
  text: string
  reacts_to?: string | null
  unseen?: string | null
  /** Why it wants no answer; undefined: it may have one. */
  note?: string
}

/** The people and groups of WhatsApp. It has more addresses: its own (0), channels, broadcast lists, calls, bots. */
const ADDRESSEE = /^([1-9]\d{0,31}@(s\.whatsapp\.net|lid|hosted|hosted\.lid)|\d[\d-]{0,63}@g\.us)$/

/**
 * The message as the other side of the pipe sees it, or null for what is no message to anybody: status posts,
 * what does not come from a person, and WhatsApp's own traffic between devices (keys, history, settings, poll updates).
 */
export function inbound(message: WAMessage, around: Surroundings): InboundMessage | null {
  return shapeOf(message, around, () => (message.message ? contentOf(message.message) : stubOf(message)))
}

/** The same message where nobody may look into it any more: who sent it, where and when. */
export function unread(message: WAMessage, around: Surroundings): InboundMessage | null {
  const bare = { key: message.key, messageTimestamp: message.messageTimestamp ?? null }
  return shapeOf(bare, around, () => ({ text: '[message that could not be read]', note: 'set_aside' }))
}

function shapeOf(message: WAMessage, around: Surroundings, read: () => Content | null): InboundMessage | null {
  const { key } = message
  const chat = jidNormalizedUser(key.remoteJid ?? undefined)
  const group = isJidGroup(chat) === true
  const author = group ? jidNormalizedUser(key.participant ?? undefined) || chat : chat
  if (!key.id || !ADDRESSEE.test(chat) || !ADDRESSEE.test(author)) return null
  const content = read()
  if (!content) return null

  const own = key.fromMe === true
  const known = around.alt ? jidNormalizedUser(around.alt) : null
  // The owner's chat with themselves.
  const alt = chat === around.me ? around.me_lid : chat === around.me_lid ? around.me : known
  const context = contextOf(message)
  const id = boundedId(key.id)
  return {
    // A message that could not be read may come once more, readable, under the same id: it must not look repeated.
    id: content.note === 'undecryptable' ? `${id}/undecryptable` : id,
    chat,
    chat_alt: group ? null : alt,
    subject: around.subject === undefined ? null : cut(around.subject, LONGEST_NAME),
    sender: own ? around.me : author,
    sender_alt: own ? around.me_lid : alt,
    name: cut(message.pushName ?? '', LONGEST_NAME),
    from_me: own,
    sent_at: secondsOf(message.messageTimestamp) - around.ahead,
    offline: around.offline,
    text: cut(content.text, LONGEST_TEXT),
    answerable: content.note === undefined,
    note: content.note ?? null,
    addressed: group && !own && addresses(context, around),
    quotes: context?.stanzaId ? boundedId(context.stanzaId) : null,
    reacts_to: content.reacts_to ? boundedId(content.reacts_to) : null,
    unseen: content.unseen ?? null,
  }
}

/** Seconds since 1970; 0 where it is no time of this century. */
function secondsOf(time: WAMessage['messageTimestamp']): number {
  const seconds = Number(time ?? 0)
  return Number.isSafeInteger(seconds) && seconds >= 0 && seconds < LATEST_SECONDS ? seconds : 0
}

function contentOf(wrapped: proto.IMessage): Content | null {
  const message = normalizeMessageContent(wrapped)
  if (!message || isWrappedAs(STATUS_POST, wrapped)) return null
  const text = textOf(message) || placeholderOf(message)
  if (text) {
    if (isWrappedAs(EDIT, wrapped)) return { text: marked('edit', text), note: 'edit' }
    return { text, unseen: unseenOf(message) }
  }
  if (message.reactionMessage) {
    const { key, text: emoji } = message.reactionMessage
    return { text: emoji ?? '', note: 'reaction', reacts_to: key?.id ?? null }
  }
  if (message.protocolMessage) return protocolOf(message.protocolMessage)
  if (message.call) return { text: '[call]', note: 'event:call' }
  // What is newer than this version of Baileys decodes to nothing at all.
  const type = getContentType(message) ?? (message.senderKeyDistributionMessage ? 'key' : 'unknown')
  return INTERNAL.has(type) ? null : { text: '[unsupported message]', note: `unsupported:${type}` }
}

/** What a message says of others: whom it mentions, what it replies to. */
function contextOf({ message }: WAMessage): proto.IContextInfo | null | undefined {
  const content = normalizeMessageContent(message)
  const part = content?.[getContentType(content) ?? 'conversation']
  return part && typeof part === 'object' && 'contextInfo' in part ? part.contextInfo : undefined
}

function addresses(context: proto.IContextInfo | null | undefined, { me, me_lid }: Surroundings): boolean {
  if (!context) return false
  const { mentionedJid, nonJidMentions, participant, stanzaId } = context
  const mine = (jid: string): boolean => [me, me_lid].includes(jidNormalizedUser(jid))
  // What is mentioned without an id is everybody.
  if (nonJidMentions || mentionedJid?.slice(0, MOST_MENTIONS).some(mine)) return true
  return Boolean(stanzaId && participant && mine(participant))
}

/** Traffic between devices, and parts of messages that came before. */
const INTERNAL = new Set<string>([
  'key',
  'encReactionMessage',
  'keepInChatMessage',
  'pinInChatMessage',
  'pollUpdateMessage',
  'stickerSyncRmrMessage',
])

const STATUS_POST = new Set(['groupStatusMessage', 'groupStatusMessageV2'])
const EDIT = new Set(['editedMessage'])

/** Baileys' `normalizeMessageContent` takes off wrappers that change what a message means, too. */
function isWrappedAs(kinds: Set<string>, message: object, depth = 0): boolean {
  if (depth > MOST_WRAPPERS) return false
  return Object.entries(message).some(([kind, part]: [string, unknown]) => {
    if (!part || typeof part !== 'object') return false
    if (kinds.has(kind)) return true
    return 'message' in part && part.message instanceof Object && isWrappedAs(kinds, part.message, depth + 1)
  })
}

/** What the sender wrote or chose to say. */
function textOf(message: proto.IMessage): string | null | undefined {
  return (
    message.conversation ||
    message.extendedTextMessage?.text ||
    message.buttonsResponseMessage?.selectedDisplayText ||
    message.listResponseMessage?.title ||
    message.templateButtonReplyMessage?.selectedDisplayText ||
    message.interactiveResponseMessage?.body?.text
  )
}

/** What came with it that its text does not tell; null where the text tells all. */
function unseenOf(message: proto.IMessage): string | null {
  if (message.imageMessage) return 'picture'
  if (message.videoMessage ?? message.ptvMessage) return 'video'
  if (message.audioMessage) return message.audioMessage.ptt ? 'voice message' : 'audio'
  if (message.documentMessage) return 'document'
  if (message.stickerMessage ?? message.lottieStickerMessage) return 'sticker'
  return null
}

/** What cannot be read here is marked, so that it can still be answered to. */
function placeholderOf(message: proto.IMessage): string | undefined {
  const poll = message.pollCreationMessage ?? message.pollCreationMessageV2 ?? message.pollCreationMessageV3
  const place = message.locationMessage ?? message.liveLocationMessage
  if (message.imageMessage) return marked('image', message.imageMessage.caption)
  if (message.videoMessage) return marked('video', message.videoMessage.caption)
  if (message.ptvMessage) return marked('video', message.ptvMessage.caption)
  if (message.audioMessage) return message.audioMessage.ptt ? '[voice message]' : '[audio]'
  if (message.documentMessage) {
    return marked('document', message.documentMessage.caption || message.documentMessage.fileName)
  }
  if (message.stickerMessage ?? message.lottieStickerMessage) return '[sticker]'
  if (place) return marked('location', 'name' in place ? place.name : null)
  if (message.contactMessage) return marked('contact', message.contactMessage.displayName)
  if (message.contactsArrayMessage) return marked('contact', message.contactsArrayMessage.displayName)
  if (poll) return marked('poll', poll.name)
  return undefined
}

const marked = (mark: string, words: string | null | undefined): string => (words ? `[${mark}] ${words}` : `[${mark}]`)

function protocolOf({ type, editedMessage }: proto.Message.IProtocolMessage): Content | null {
  const Type = proto.Message.ProtocolMessage.Type
  if (type === Type.REVOKE) return { text: '[deleted a message]', note: 'revoke' }
  if (type !== Type.MESSAGE_EDIT) return null
  const edited = normalizeMessageContent(editedMessage)
  return { text: marked('edit', edited && (textOf(edited) || placeholderOf(edited))), note: 'edit' }
}

/** What WhatsApp tells of a chat: calls, group events, and messages that could not be decrypted. */
function stubOf({ messageStubType: type }: WAMessage): Content | null {
  const Stub = proto.WebMessageInfo.StubType
  if (type == null) return null
  if (type === Stub.CIPHERTEXT) return { text: '[message that could not be decrypted]', note: 'undecryptable' }
  const name = Stub[type]
  return { text: name.startsWith('CALL_') ? '[missed call]' : '[event]', note: `event:${name}` }
}
