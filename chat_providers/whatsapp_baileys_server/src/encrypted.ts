import { aesDecryptGCM, hmacSign, jidNormalizedUser, proto } from 'baileys'

import type { Unsealed } from './reading.ts'
import { open } from './wrappers.ts'

/**
 * Part of a message that is encrypted with the secret of an earlier one: whoever got that one can read it. The key is
 * HKDF-SHA256 of the secret, over the earlier message's id, its author, the sender and the use.
 */
export interface Sealed {
  use: Use
  /** The id of the earlier message. */
  target: string
  /** Its sender must be that of the earlier message. */
  own: boolean
  payload: Uint8Array
  iv: Uint8Array
  /** As the key of the earlier message names its author. */
  author: string | null
}

type Use = 'Poll Vote' | 'Event Response' | 'Enc Reaction' | 'Enc Comment' | 'Event Edit' | 'Message Edit'

const SECRET_BYTES = 32
/** Only these are bound to their sender once more, beside the key. */
const WITH_SENDER = new Set<Use>(['Poll Vote', 'Event Response'])
const EDITS = new Map<unknown, Use>([
  [proto.Message.SecretEncryptedMessage.SecretEncType.EVENT_EDIT, 'Event Edit'],
  [proto.Message.SecretEncryptedMessage.SecretEncType.MESSAGE_EDIT, 'Message Edit'],
])

/** What is encrypted in a message; null: nothing, or nothing that this version can read. */
export function sealedIn(message: proto.IMessage): Sealed | null {
  const content = open(message)?.content
  const vote = content?.pollUpdateMessage
  if (vote) return sealed('Poll Vote', vote.pollCreationMessageKey, vote.vote)
  const response = content?.encEventResponseMessage
  if (response) return sealed('Event Response', response.eventCreationMessageKey, response)
  const reaction = content?.encReactionMessage
  if (reaction) return sealed('Enc Reaction', reaction.targetMessageKey, reaction)
  const comment = content?.encCommentMessage
  if (comment) return sealed('Enc Comment', comment.targetMessageKey, comment)
  const edit = content?.secretEncryptedMessage
  const use = edit && EDITS.get(edit.secretEncType)
  return use ? sealed(use, edit.targetMessageKey, edit) : null
}

function sealed(
  use: Use,
  key: proto.IMessageKey | null | undefined,
  box: proto.Message.IPollEncValue | null | undefined,
): Sealed | null {
  if (!key?.id || !box?.encPayload || !box.encIv) return null
  const { encPayload: payload, encIv: iv } = box
  const author = key.participant || key.remoteJid
  const own = use.endsWith('Edit')
  return { use, target: key.id, own, payload, iv, author: author ? jidNormalizedUser(author) : null }
}

/**
 * Opens it; null: nobody of these sealed it, or not with this secret. Which of their names was used is not said, so
 * all are tried. `authors`: who may have written the earlier message.
 */
export function unseal(
  box: Sealed,
  { secret, details }: { secret: Uint8Array; details: string },
  authors: readonly string[],
  senders: readonly string[],
): Unsealed | null {
  if (secret.length !== SECRET_BYTES) return null
  const key = hmacSign(secret, new Uint8Array(SECRET_BYTES), 'sha256')
  for (const author of box.own ? senders : new Set([...authors, ...senders])) {
    for (const sender of box.own ? [author] : senders) {
      const unsealed = unsealedBy(box, key, author, sender)
      if (unsealed) return { ...unsealed, details }
    }
  }
  return null
}

function unsealedBy(box: Sealed, key: Uint8Array, author: string, sender: string): Omit<Unsealed, 'details'> | null {
  const { use, target, payload, iv } = box
  const info = Buffer.concat([Buffer.from(target + author + sender + use), new Uint8Array([1])])
  const bound = Buffer.from(WITH_SENDER.has(use) ? `${target}\0${sender}` : '')
  try {
    return decoded(use, aesDecryptGCM(payload, hmacSign(info, key, 'sha256'), iv, bound))
  } catch {
    // Another's name, another secret, or no protobuf.
    return null
  }
}

function decoded(use: Use, plain: Uint8Array): Omit<Unsealed, 'details'> {
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
