import { isJidGroup, isLidUser, type BinaryNode, type WAMessage } from 'baileys'

/** A receipt may stand for several messages. */
export function idsOf({ attrs, content }: BinaryNode): string[] {
  const [list] = Array.isArray(content) ? content : []
  const items = list?.tag === 'list' && Array.isArray(list.content) ? list.content : []
  return [attrs.id, ...items.map(item => item.attrs.id)].filter(id => id !== undefined)
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
