import { jidNormalizedUser, proto } from 'baileys'

import { boundedId } from './bounds.ts'
import { whole } from './facts.ts'
import type { Change } from './protocol.ts'
import type { Reader, Reading, Told } from './reading.ts'

type Message = proto.Message

const { REVOKE, MESSAGE_EDIT, EPHEMERAL_SETTING, LIMIT_SHARING } = proto.Message.ProtocolMessage.Type

/** Null for traffic between devices: keys, history, and what Baileys does not know. */
export const protocol: Reader<Message['protocolMessage'] & object> = (part, reading) => {
  switch (part.type) {
    case MESSAGE_EDIT:
      return edit(part.editedMessage, part.key, reading)
    case EPHEMERAL_SETTING:
      return { kind: 'notice', expiration: whole(part.ephemeralExpiration) ?? 0 }
    case LIMIT_SHARING:
      return { kind: 'notice' }
    // A deletion is the one type whose number is 0, which its sender may leave out.
    case REVOKE:
    case null:
    case undefined:
      return deletion(part.key, reading)
    default:
      return null
  }
}

function deletion(key: proto.IMessageKey | null | undefined, { admin, sender }: Reading): Told | null {
  if (!key?.id) return null
  const byAdmin = admin && names(key, sender)
  const author = byAdmin ? jidNormalizedUser(key.participant ?? undefined) : null
  const changes: Change = { message_id: boundedId(key.id), how: 'delete', by_admin: byAdmin, author }
  return { kind: 'notice', note: 'revoke', changes }
}

/** Whether a key names another author than whoever sends it. */
export function names(key: proto.IMessageKey, sender: readonly string[]): boolean {
  return !key.fromMe && Boolean(key.participant) && !sender.includes(jidNormalizedUser(key.participant ?? undefined))
}

/** The new form of an edit: encrypted once more, with the secret of the message that it changes. */
export const sealedEdit: Reader<Message['secretEncryptedMessage'] & object> = (part, reading) =>
  edit(reading.unsealed?.message, part.targetMessageKey, reading)

function edit(
  message: proto.IMessage | null | undefined,
  key: proto.IMessageKey | null | undefined,
  reading: Reading,
): Told | null {
  const content = message ? reading.inner(message) : null
  if (!key?.id) return content && { ...content, changes: null, edited: true }
  const changes: Change = { message_id: boundedId(key.id), how: 'edit', by_admin: false, author: null }
  return content ? { ...content, edited: false, changes } : { kind: 'unreadable', note: 'edit', changes }
}
