import { jidNormalizedUser, proto } from 'baileys'

import { boundedId } from '../common/limits.ts'
import type { Change } from '../protocol.ts'
import { toInteger } from './formatting.ts'
import type { FieldParser, ParseContext, ParsedField } from './parser-types.ts'

type Message = proto.Message

const { REVOKE, MESSAGE_EDIT, EPHEMERAL_SETTING, LIMIT_SHARING } = proto.Message.ProtocolMessage.Type

/** Returns null for traffic between devices: keys, history and types that Baileys does not know. */
export const protocolMessage: FieldParser<Message['protocolMessage'] & object> = (part, reading) => {
  switch (part.type) {
    case MESSAGE_EDIT:
      return parseEdit(part.editedMessage, part.key, reading)
    case EPHEMERAL_SETTING:
      return { kind: 'notice', expiration: toInteger(part.ephemeralExpiration) ?? 0 }
    case LIMIT_SHARING:
      return { kind: 'notice' }
    // A deletion has the type number 0, which its sender may omit.
    case REVOKE:
    case null:
    case undefined:
      return parseDeletion(part.key, reading)
    default:
      return null
  }
}

function parseDeletion(key: proto.IMessageKey | null | undefined, { admin, sender }: ParseContext): ParsedField | null {
  if (!key?.id) return null
  const byAdmin = admin && namesOtherAuthor(key, sender)
  const author = byAdmin ? jidNormalizedUser(key.participant ?? undefined) : null
  const changes: Change = { message_id: boundedId(key.id), how: 'delete', by_admin: byAdmin, author }
  return { kind: 'notice', note: 'revoke', changes }
}

/** Tells whether the author in a key is somebody else than the sender. */
export function namesOtherAuthor(key: proto.IMessageKey, sender: readonly string[]): boolean {
  return !key.fromMe && Boolean(key.participant) && !sender.includes(jidNormalizedUser(key.participant ?? undefined))
}

/** The newer form of an edit. It is encrypted with the secret of the message that it changes. */
export const encryptedEdit: FieldParser<Message['secretEncryptedMessage'] & object> = (part, reading) =>
  parseEdit(reading.decrypted?.message, part.targetMessageKey, reading)

function parseEdit(
  message: proto.IMessage | null | undefined,
  key: proto.IMessageKey | null | undefined,
  reading: ParseContext,
): ParsedField | null {
  const content = message ? reading.parseInner(message) : null
  if (!key?.id) return content && { ...content, changes: null, edited: true }
  const changes: Change = { message_id: boundedId(key.id), how: 'edit', by_admin: false, author: null }
  return content ? { ...content, edited: false, changes } : { kind: 'unreadable', note: 'edit', changes }
}
