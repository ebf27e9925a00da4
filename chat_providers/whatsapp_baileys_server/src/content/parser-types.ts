import type { proto } from 'baileys'

import type { Change, Kind } from '../protocol.ts'

/** The parsed content of a message, without its sender. */
export interface Content {
  kind: Kind
  text: string
  details: string
  /** Why the message is not answerable; null: it is answerable. */
  note: string | null
  unseen: string | null
  /** The mentions and the quoted message. */
  context: proto.IContextInfo | null
  /** The id of the message that this one refers to, if the context does not contain it. */
  quotes: string | null
  reacts_to: string | null
  changes: Change | null
  /** It is the new form of an edited message, without the id of that message. */
  edited: boolean
  /** The new disappearing time of the chat in seconds, if the message sets it. */
  expiration: number | null
  secret: string | null
}

/** The parsed content of one field of a WhatsApp message. The rest is filled with defaults of its kind. */
export type ParsedField = Partial<Content> & { kind: Kind }

/** A part of a message that was decrypted with the secret of an earlier message. */
export interface DecryptedAddon {
  message?: proto.IMessage
  reaction?: proto.Message.IReactionMessage
  vote?: proto.Message.IPollVoteMessage
  response?: proto.Message.IEventResponseMessage
  /** The details of that earlier message. */
  details: string
}

/** The context that a parser gets besides the field. */
export interface ParseContext {
  decrypted: DecryptedAddon | null
  /** The sender is known to be an admin of the group. */
  admin: boolean
  /** All ids of the sender. */
  sender: readonly string[]
  /** Parses a message inside the message. Null: it is not for anybody. */
  parseInner: (message: proto.IMessage) => Content | null
}

/** Returns null if the message is not for anybody. */
export type FieldParser<Part> = (part: Part, reading: ParseContext) => ParsedField | null
