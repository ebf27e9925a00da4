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

/** WhatsApp puts fewer ids into one receipt. */
const MAX_IDS = 256
const MAX_PARTS = 8
/** WhatsApp's broadcast lists have at most this many recipients. */
const MAX_RECIPIENTS = 256

/** The account's own ids: phone number, LID. */
export type OwnJids = readonly (string | undefined)[]

export interface Receipt {
  readonly ids: string[]
  /** The chat that the messages were sent to. */
  readonly chat: string
  /** The device that sends the receipt. */
  readonly sender: string
  /** The sender is one of the account's own devices. */
  readonly own: boolean
}

/** Returns null if the stanza is no valid receipt of a chat. */
export function parseReceipt(node: BinaryNode, own: OwnJids): Receipt | null {
  const { from, participant, recipient } = node.attrs
  if (!from) return null
  const sender = participant ?? from
  const person = jidNormalizedUser(sender)
  const isOwn = own.some(jid => jid && jidNormalizedUser(jid) === person)
  const group = isJidGroup(from) === true
  // In a direct chat nobody sends receipts for anybody else.
  if (group ? !participant : jidNormalizedUser(from) !== person) return null
  const chat = group || !isOwn ? from : recipient
  return chat ? { ids: receiptIds(node), chat: jidNormalizedUser(chat), sender, own: isOwn } : null
}

/** A receipt may list several messages. Baileys reads them from its first child, whatever the tag is. */
function receiptIds({ attrs, content }: BinaryNode): string[] {
  const parts = Array.isArray(content) ? content.slice(0, MAX_PARTS) : []
  const items = parts.flatMap(part => (Array.isArray(part.content) ? part.content : []))
  const ids = items.filter(({ tag }) => tag === 'item').map(item => item.attrs.id)
  return [attrs.id, ...ids.slice(0, MAX_IDS)].filter(id => id !== undefined)
}

/** Returns a hash that identifies a message and is the same when the message is delivered again. */
export function fingerprint({ attrs }: BinaryNode): string {
  const { from, participant, recipient, id } = attrs
  return createHash('sha256').update([from, participant, recipient, id].join('\n')).digest('hex')
}

/**
 * Returns the contact's other id. In a message from the owner's phone, the `sender_*` attributes are the owner's ids.
 * The contact's ids are in `recipient_*` and `peer_recipient_*`.
 */
export function alternateJid({ attrs }: BinaryNode, { key }: WAMessage): string | undefined {
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
 * Returns the recipients of a message that the owner sent to a broadcast list, with their other ids if known. The
 * list is empty if the message names nobody. Null for any other message.
 */
export function broadcastRecipients({ attrs, content }: BinaryNode, own: OwnJids): Recipient[] | null {
  const { from, participant } = attrs
  if (!isJidBroadcast(from) || isJidStatusBroadcast(from ?? '') || !participant) return null
  const sender = jidNormalizedUser(participant)
  if (!own.some(jid => jid && jidNormalizedUser(jid) === sender)) return null
  const parts = Array.isArray(content) ? content : []
  const named = parts.find(({ tag }) => tag === 'participants')?.content
  return (Array.isArray(named) ? named : []).slice(0, MAX_RECIPIENTS).flatMap(({ tag, attrs: { jid, ...names } }) => {
    return tag === 'to' && jid ? [{ id: jid, alt: names.peer_recipient_pn ?? names.peer_recipient_lid }] : []
  })
}

/** Renames a newer type that Baileys ignores: a view-once message, whose content linked devices do not get. */
export function normalizeViewOnce({ content }: BinaryNode): void {
  for (const part of Array.isArray(content) ? content : []) {
    if (part.tag === 'unavailable' && part.attrs.type === 'view_once_unavailable_fanout') part.attrs.type = 'view_once'
  }
}
