import { createHash } from 'node:crypto'

import {
  isJidBroadcast,
  isJidGroup,
  isJidStatusBroadcast,
  isLidUser,
  jidNormalizedUser,
  type BinaryNode,
  type WAMessage,
} from 'baileys'

/** More than WhatsApp puts into one receipt. */
const MOST_IDS = 256
const MOST_PARTS = 8
/** WhatsApp's broadcast lists have no more. */
const MOST_RECIPIENTS = 256

/** The account's own ids: phone number, LID. */
export type Own = readonly (string | undefined)[]

export interface Receipt {
  readonly ids: string[]
  /** Where the messages were sent that it speaks of. */
  readonly chat: string
  /** Whose phone or other device sends it. */
  readonly sender: string
  /** It is one of the account's own devices. */
  readonly own: boolean
}

/** Null for what is no receipt of anybody in a chat. */
export function receiptOf(node: BinaryNode, own: Own): Receipt | null {
  const { from, participant, recipient } = node.attrs
  if (!from) return null
  const sender = participant ?? from
  const person = jidNormalizedUser(sender)
  const isOwn = own.some(jid => jid && jidNormalizedUser(jid) === person)
  const group = isJidGroup(from) === true
  // In a direct chat nobody speaks for anybody else.
  if (group ? !participant : jidNormalizedUser(from) !== person) return null
  const chat = group || !isOwn ? from : recipient
  return chat ? { ids: idsOf(node), chat: jidNormalizedUser(chat), sender, own: isOwn } : null
}

/** A receipt may stand for several messages. Baileys takes these out of its first part, whatever that is called. */
function idsOf({ attrs, content }: BinaryNode): string[] {
  const parts = Array.isArray(content) ? content.slice(0, MOST_PARTS) : []
  const items = parts.flatMap(part => (Array.isArray(part.content) ? part.content : []))
  const ids = items.filter(({ tag }) => tag === 'item').map(item => item.attrs.id)
  return [attrs.id, ...ids.slice(0, MOST_IDS)].filter(id => id !== undefined)
}

/** Tells a message's stanza from others, and comes out the same when it is delivered again. */
export function fingerprintOf({ attrs }: BinaryNode): string {
  const { from, participant, recipient, id } = attrs
  return createHash('sha256').update([from, participant, recipient, id].join('\n')).digest('hex')
}

/**
 * The other name of a chat's other side. For a message of the owner's own phone, WhatsApp's `sender_*` names are the
 * owner's: the contact's are `recipient_*` and `peer_recipient_*`.
 */
export function altOf({ attrs }: BinaryNode, { key }: WAMessage): string | undefined {
  if (!key.fromMe) return key.participantAlt ?? key.remoteJidAlt
  if (isJidGroup(key.remoteJid ?? undefined)) return undefined
  return isLidUser(key.remoteJid ?? undefined)
    ? (attrs.peer_recipient_pn ?? attrs.recipient_pn)
    : (attrs.peer_recipient_lid ?? attrs.recipient_lid)
}

interface Recipient {
  id: string
  alt: string | undefined
}

/**
 * Who got what the owner sent to a broadcast list, each with the other name where it is told; empty where nobody is
 * named. Null for every other message.
 */
export function recipientsOf({ attrs, content }: BinaryNode, own: Own): Recipient[] | null {
  const { from, participant } = attrs
  if (!isJidBroadcast(from) || isJidStatusBroadcast(from ?? '') || !participant) return null
  const sender = jidNormalizedUser(participant)
  if (!own.some(jid => jid && jidNormalizedUser(jid) === sender)) return null
  const parts = Array.isArray(content) ? content : []
  const named = parts.find(({ tag }) => tag === 'participants')?.content
  return (Array.isArray(named) ? named : []).slice(0, MOST_RECIPIENTS).flatMap(({ tag, attrs: { jid, ...names } }) => {
    return tag === 'to' && jid ? [{ id: jid, alt: names.peer_recipient_pn ?? names.peer_recipient_lid }] : []
  })
}

/** Baileys passes over the newer name for a message to be seen once, of which linked devices get no content. */
export function tellOfViewOnce({ content }: BinaryNode): void {
  for (const part of Array.isArray(content) ? content : []) {
    if (part.tag === 'unavailable' && part.attrs.type === 'view_once_unavailable_fanout') part.attrs.type = 'view_once'
  }
}
