import { isJidGroup, isJidStatusBroadcast, jidNormalizedUser, type proto } from 'baileys'

import { boundedId, MAX_DETAILS_LENGTH, MAX_MENTIONS, MAX_TEXT_LENGTH, truncate } from '../common/limits.ts'
import type { InboundMessage, Quoted } from '../protocol.ts'
import { toInteger } from './formatting.ts'
import { parseContent } from './message-content.ts'
import type { Content } from './parser-types.ts'

/** The ids of people and groups. WhatsApp's own id (0), channels, broadcast lists, calls and bots do not match. */
export const CHAT_JID = /^([1-9]\d{0,31}@(s\.whatsapp\.net|lid|hosted|hosted\.lid)|\d[\d-]{0,63}@g\.us)$/
/** The field is an unsigned 32-bit integer. */
const MAX_EXPIRATION = 0xffff_ffff

type ContextFields = Pick<InboundMessage, 'mentions' | 'quotes' | 'quoted' | 'forwarded' | 'expiration'>
type AltOf = (id: string) => string | null

/** Looks up people by id. */
interface JidLookup {
  /** The other id of a person, if it is known. */
  altOf: AltOf
  isMe: (id: string) => boolean
}

/** Returns the mentions, the quoted message and the disappearing time of a message. */
export function parseContextInfo(content: Content, chat: string, { altOf, isMe }: JidLookup): ContextFields {
  const { context } = content
  const expiration = content.expiration ?? toInteger(context?.expiration)
  const quotes = content.quotes ?? (quotesThisChat(context, chat) ? context?.stanzaId : null)
  return {
    mentions: mentionedJids(context).map(id => ({ id, alt: altOf(id), me: isMe(id) })),
    quotes: quotes ? boundedId(quotes) : null,
    quoted: context ? parseQuoted(context, altOf) : null,
    forwarded: context?.isForwarded === true,
    expiration: expiration !== null && expiration >= 0 && expiration <= MAX_EXPIRATION ? expiration : null,
  }
}

function mentionedJids(context: proto.IContextInfo | null): string[] {
  const ids = (context?.mentionedJid ?? []).slice(0, MAX_MENTIONS).map(id => jidNormalizedUser(truncate(id, 128)))
  return [...new Set(ids)].filter(id => CHAT_JID.test(id))
}

/** A direct chat may also quote a status post or a message of a group. */
function quotesThisChat(context: proto.IContextInfo | null, chat: string): boolean {
  const { remoteJid } = context ?? {}
  if (!remoteJid || jidNormalizedUser(remoteJid) === chat) return true
  return !isJidStatusBroadcast(remoteJid) && !isJidGroup(remoteJid)
}

function parseQuoted({ quotedMessage, participant }: proto.IContextInfo, altOf: AltOf): Quoted | null {
  const content = quotedMessage && parseContent(quotedMessage, { decrypted: null, admin: false, sender: [] })
  if (!content) return null
  const author = jidNormalizedUser(truncate(participant ?? '', 128))
  const sender = CHAT_JID.test(author) ? author : null
  return {
    kind: content.kind,
    text: truncate(content.text, MAX_TEXT_LENGTH),
    details: truncate(content.details, MAX_DETAILS_LENGTH),
    sender,
    sender_alt: sender && altOf(sender),
  }
}
