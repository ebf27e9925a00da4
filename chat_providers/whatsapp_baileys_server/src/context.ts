import { isJidGroup, isJidStatusBroadcast, jidNormalizedUser, type proto } from 'baileys'

import { boundedId, cut, LONGEST_DETAILS, LONGEST_TEXT, MOST_MENTIONS } from './bounds.ts'
import { contentOf } from './content.ts'
import { whole } from './facts.ts'
import type { InboundMessage, Quoted } from './protocol.ts'
import type { Content } from './reading.ts'

/** The people and groups of WhatsApp. It has more addresses: its own (0), channels, broadcast lists, calls, bots. */
export const ADDRESSEE = /^([1-9]\d{0,31}@(s\.whatsapp\.net|lid|hosted|hosted\.lid)|\d[\d-]{0,63}@g\.us)$/
/** Its largest value says nothing else than that. */
const LONGEST_EXPIRATION = 0xffff_ffff

type OfOthers = Pick<InboundMessage, 'mentions' | 'quotes' | 'quoted' | 'forwarded' | 'expiration'>
type AltOf = (id: string) => string | null

/** What is known of people by an id. */
interface People {
  /** Their other name, where it is known. */
  altOf: AltOf
  isMe: (id: string) => boolean
}

/** What a message says of others and of its chat. */
export function ofOthers(content: Content, chat: string, { altOf, isMe }: People): OfOthers {
  const { context } = content
  const expiration = content.expiration ?? whole(context?.expiration)
  const quotes = content.quotes ?? (isOfChat(context, chat) ? context?.stanzaId : null)
  return {
    mentions: mentioned(context).map(id => ({ id, alt: altOf(id), me: isMe(id) })),
    quotes: quotes ? boundedId(quotes) : null,
    quoted: context ? quotedIn(context, altOf) : null,
    forwarded: context?.isForwarded === true,
    expiration: expiration !== null && expiration >= 0 && expiration <= LONGEST_EXPIRATION ? expiration : null,
  }
}

function mentioned(context: proto.IContextInfo | null): string[] {
  const ids = (context?.mentionedJid ?? []).slice(0, MOST_MENTIONS).map(id => jidNormalizedUser(cut(id, 128)))
  return [...new Set(ids)].filter(id => ADDRESSEE.test(id))
}

/** A status post is quoted in a direct chat, and a group's message in a private answer to it. */
function isOfChat(context: proto.IContextInfo | null, chat: string): boolean {
  const { remoteJid } = context ?? {}
  if (!remoteJid || jidNormalizedUser(remoteJid) === chat) return true
  return !isJidStatusBroadcast(remoteJid) && !isJidGroup(remoteJid)
}

function quotedIn({ quotedMessage, participant }: proto.IContextInfo, altOf: AltOf): Quoted | null {
  const content = quotedMessage && contentOf(quotedMessage, { unsealed: null, admin: false, sender: [] })
  if (!content) return null
  const author = jidNormalizedUser(cut(participant ?? '', 128))
  const sender = ADDRESSEE.test(author) ? author : null
  return {
    kind: content.kind,
    text: cut(content.text, LONGEST_TEXT),
    details: cut(content.details, LONGEST_DETAILS),
    sender,
    sender_alt: sender && altOf(sender),
  }
}
