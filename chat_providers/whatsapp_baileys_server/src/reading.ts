import type { proto } from 'baileys'

import type { Change, Kind } from './protocol.ts'

/** What a message's content says, whoever sent it. */
export interface Content {
  kind: Kind
  text: string
  details: string
  /** Why it is not answerable; null: it is. */
  note: string | null
  unseen: string | null
  /** What it says of others: whom it mentions, what it replies to. */
  context: proto.IContextInfo | null
  /** The id of the message that it is about, beside what the context says. */
  quotes: string | null
  reacts_to: string | null
  changes: Change | null
  /** It is what a message became, and does not say which. */
  edited: boolean
  /** In seconds, where it sets them for the chat. */
  expiration: number | null
  secret: string | null
}

/** What one field of WhatsApp's message says. What it leaves out follows from its kind. */
export type Told = Partial<Content> & { kind: Kind }

/** What earlier messages' secrets opened. */
export interface Unsealed {
  message?: proto.IMessage
  reaction?: proto.Message.IReactionMessage
  vote?: proto.Message.IPollVoteMessage
  response?: proto.Message.IEventResponseMessage
  /** Of the message that it is about. */
  details: string
}

/** What a reader is told beside the field itself. */
export interface Reading {
  unsealed: Unsealed | null
  /** The sender is known to administrate the group. */
  admin: boolean
  /** All names of the sender. */
  sender: readonly string[]
  /** Reads a message within the message; null: it is none to anybody. */
  inner: (message: proto.IMessage) => Content | null
}

/** Null: it is no message to anybody. */
export type Reader<Part> = (part: Part, reading: Reading) => Told | null
