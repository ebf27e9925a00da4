import { aesDecryptGCM, hmacSign, jidNormalizedUser, proto } from 'baileys'

import type { DecryptedAddon } from './parser-types.ts'
import { unwrap } from './wrappers.ts'

/**
 * A part of a message that is encrypted with the secret of an earlier message, whose recipients can decrypt it. The
 * key is HKDF-SHA256 of the secret, with the earlier message's id, its author, the sender and the purpose.
 */
export interface EncryptedAddon {
  purpose: Purpose
  /** The id of the earlier message. */
  target: string
  /** The sender must be the author of the earlier message. */
  sameAuthor: boolean
  payload: Uint8Array
  iv: Uint8Array
  /** The author of the earlier message, as named in its key. */
  author: string | null
}

type Purpose = 'Poll Vote' | 'Event Response' | 'Enc Reaction' | 'Enc Comment' | 'Event Edit' | 'Message Edit'

const SECRET_BYTES = 32
/** These also authenticate their sender as additional data. */
const SENDER_BOUND = new Set<Purpose>(['Poll Vote', 'Event Response'])
const EDIT_PURPOSES = new Map<unknown, Purpose>([
  [proto.Message.SecretEncryptedMessage.SecretEncType.EVENT_EDIT, 'Event Edit'],
  [proto.Message.SecretEncryptedMessage.SecretEncType.MESSAGE_EDIT, 'Message Edit'],
])

/** Returns the encrypted part of a message, or null if there is none or its type is unknown. */
export function findEncryptedAddon(message: proto.IMessage): EncryptedAddon | null {
  const content = unwrap(message)?.content
  const vote = content?.pollUpdateMessage
  if (vote) return toAddon('Poll Vote', vote.pollCreationMessageKey, vote.vote)
  const response = content?.encEventResponseMessage
  if (response) return toAddon('Event Response', response.eventCreationMessageKey, response)
  const reaction = content?.encReactionMessage
  if (reaction) return toAddon('Enc Reaction', reaction.targetMessageKey, reaction)
  const comment = content?.encCommentMessage
  if (comment) return toAddon('Enc Comment', comment.targetMessageKey, comment)
  const edit = content?.secretEncryptedMessage
  const use = edit && EDIT_PURPOSES.get(edit.secretEncType)
  return use ? toAddon(use, edit.targetMessageKey, edit) : null
}

function toAddon(
  use: Purpose,
  key: proto.IMessageKey | null | undefined,
  addon: proto.Message.IPollEncValue | null | undefined,
): EncryptedAddon | null {
  if (!key?.id || !addon?.encPayload || !addon.encIv) return null
  const { encPayload: payload, encIv: iv } = addon
  const author = key.participant || key.remoteJid
  const sameAuthor = use.endsWith('Edit')
  return {
    purpose: use,
    target: key.id,
    sameAuthor,
    payload,
    iv,
    author: author ? jidNormalizedUser(author) : null,
  }
}

/**
 * Decrypts the part, or returns null if the secret or the people do not match. The message does not say which of a
 * person's ids was used, so all are tried. `authors`: the possible authors of the earlier message.
 */
export function decryptAddon(
  addon: EncryptedAddon,
  { secret, details }: { secret: Uint8Array; details: string },
  authors: readonly string[],
  senders: readonly string[],
): DecryptedAddon | null {
  if (secret.length !== SECRET_BYTES) return null
  const key = hmacSign(secret, new Uint8Array(SECRET_BYTES), 'sha256')
  for (const author of addon.sameAuthor ? senders : new Set([...authors, ...senders])) {
    for (const sender of addon.sameAuthor ? [author] : senders) {
      const decrypted = tryDecrypt(addon, key, author, sender)
      if (decrypted) return { ...decrypted, details }
    }
  }
  return null
}

function tryDecrypt(
  addon: EncryptedAddon,
  key: Uint8Array,
  author: string,
  sender: string,
): Omit<DecryptedAddon, 'details'> | null {
  const { purpose: use, target, payload, iv } = addon
  const info = Buffer.concat([Buffer.from(target + author + sender + use), new Uint8Array([1])])
  const additionalData = Buffer.from(SENDER_BOUND.has(use) ? `${target}\0${sender}` : '')
  try {
    return decodeAddon(use, aesDecryptGCM(payload, hmacSign(info, key, 'sha256'), iv, additionalData))
  } catch {
    // The id or the secret is wrong, or the plaintext is no protobuf.
    return null
  }
}

function decodeAddon(use: Purpose, plain: Uint8Array): Omit<DecryptedAddon, 'details'> {
  switch (use) {
    case 'Poll Vote':
      return { vote: proto.Message.PollVoteMessage.decode(plain) }
    case 'Event Response':
      return { response: proto.Message.EventResponseMessage.decode(plain) }
    case 'Enc Reaction':
      return { reaction: proto.Message.ReactionMessage.decode(plain) }
    default:
      return { message: proto.Message.decode(plain) }
  }
}
