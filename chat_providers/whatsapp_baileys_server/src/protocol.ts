// All messages of the pipe, in both directions. Each line is one JSON value.
//
// Both sides may send a call `{call, account, body}`. The other side answers `{answer: <number of the call>}` with a
// `value` or an `error`. Each side numbers its own calls. A notice needs no answer.

export interface Call<Body> {
  call: number
  account: string
  body: Body
}

export interface Answer {
  answer: number
  value?: unknown
  error?: { code: FailureCode; detail: string; number?: number | undefined }
}

export interface Notice {
  notice: Event
  account: string
}

/**
 * not_connected: nothing was sent. refused: WhatsApp rejected it. uncertain: it was sent, but no answer came.
 * not_now: the state of the account does not allow it. failed: any other error, including our own bugs.
 */
export type FailureCode = 'not_connected' | 'refused' | 'uncertain' | 'not_now' | 'failed'

/**
 * An error with a code that the other side understands. `detail` never contains a contact's text or a key. `number`
 * is WhatsApp's error number, if it sent one.
 */
export class Failure extends Error {
  readonly code: FailureCode
  readonly number: number | undefined

  constructor(code: FailureCode, detail: string, number?: number) {
    super(detail)
    this.name = 'Failure'
    this.code = code
    this.number = number
  }
}

/** Calls from Python to an account in this process. */
export type Command =
  | { type: 'ping'; silence: number }
  /**
   * `poison`: fingerprints of messages that crashed a process. They are not read but reported as unreadable.
   * `careful`: messages are read strictly one at a time, to find such a message.
   */
  | { type: 'open'; poison?: string[]; careful?: boolean }
  | { type: 'close' }
  | { type: 'logout' }
  /** `expiration`: seconds until the message disappears, as set for the chat; null or 0: never. */
  | { type: 'send'; to: string; text: string; message_id: string; expiration?: number | null }
  | { type: 'pairing_code'; phone: string }
  /** `on`: typing is shown until it is switched off or a message is sent to the chat. */
  | { type: 'typing'; to: string; on: boolean }
  /** `messages`: [message id, sender's id]. */
  | { type: 'mark_read'; to: string; messages: [id: string, sender: string][] }
  | { type: 'watch_typing'; to: string }
  /** Deletes a message of the account's own. */
  | { type: 'delete'; to: string; message_id: string }

/** Calls from an account in this process to Python. */
export type Request =
  /** Value: an object with those of the `keys` that exist. */
  | { type: 'read'; kind: string; keys: string[] }
  /** Answered once all entries are durable. It is atomic, and null deletes. Writes of one account run in order. */
  | { type: 'write'; entries: StateEntry[] }
  /** Value: a SentBefore, the message with this id that was sent to the chat with these ids; or null. */
  | { type: 'sent_message'; message_id: string; chat: string[] }
  /** Value: a KnownMessage of the chat with these ids, or null. If several have this id, `author` decides. */
  | { type: 'message_secret'; message_id: string; chat: string[]; author: string[] }
  /**
   * Answered once durable. Several calls may be in flight; they are stored in order. After one has failed, later ones
   * are not stored until that one is sent again.
   */
  | { type: 'message'; message: InboundMessage }
  /** Answered once the names are durable. */
  | { type: 'names'; people: PersonNames[]; groups: GroupName[] }

/** Null: unchanged. Empty: there is no such name. */
export interface PersonNames {
  ids: string[]
  /** The name in the owner's address book. */
  saved: string | null
  /** The name that the person chose. */
  chosen: string | null
}

export interface GroupName {
  id: string
  subject: string
}

/** Fields of an earlier `InboundMessage`. */
export interface KnownMessage {
  secret: string | null
  details: string
}

export type StateEntry = [kind: string, key: string, value: string | null]

/** Notices about an account and its connection. */
export type Event =
  | { type: 'qr'; text: string; lifetime_seconds: number }
  | { type: 'passkey' }
  | { type: 'open'; account: string }
  /**
   * `code`: Baileys' DisconnectReason. 0: an error without one. -1: the stored credentials could not be read. 502:
   * the connection got an HTTP response that is not WhatsApp's.
   */
  | { type: 'closed'; code: number }
  /** WhatsApp's time in Unix seconds. It is sent at the login, before any message, and again from time to time. */
  | { type: 'time'; seconds: number }
  /** WhatsApp sends nothing over an open connection. `over`: it sends again. */
  | { type: 'silence'; over: boolean }
  /**
   * WhatsApp confirmed messages of ours, or a receipt did, after the send had timed out. `chat`: the ids of the chat
   * that the receipt came from. Empty: WhatsApp's server confirmed them.
   */
  | { type: 'delivered'; message_ids: string[]; chat: string[] }
  /** The fingerprint of the message that the account started to read last. Null: it reads none. */
  | { type: 'reading'; stanza: string | null }
  /** Whether anybody types in a chat. `chats`: all ids that the chat's messages may have. */
  | { type: 'typing'; chats: string[]; on: boolean }
  /** An uncaught error: its class and stack, never its message. The account is empty if it is unknown. */
  | { type: 'fault'; name: string; trace: string[] }

export type Kind =
  | 'text'
  | 'image'
  | 'video'
  | 'voice'
  | 'audio'
  | 'document'
  | 'sticker'
  | 'album'
  | 'location'
  | 'contact_card'
  | 'poll'
  | 'poll_vote'
  | 'event'
  | 'event_response'
  /** Buttons, lists, templates and interactive messages of a business. */
  | 'menu'
  /** A choice from a menu. */
  | 'choice'
  | 'order'
  | 'product'
  | 'payment'
  | 'invitation'
  | 'call'
  | 'reaction'
  /** A system message of a chat: group events, settings, deletions. */
  | 'notice'
  /** A message that could not be decrypted or decoded. */
  | 'unreadable'
  /** A content type that this version does not know. */
  | 'unsupported'

export interface InboundMessage {
  id: string
  /** The address for an answer: the contact's id as used in this message, or the group's id. */
  chat: string
  /** The contact's other id (phone number or LID), if WhatsApp sent it; null in groups. */
  chat_alt: string | null
  /** The group's name, if it is known; null in direct chats. */
  subject: string | null
  sender: string
  sender_alt: string | null
  /** The name that the sender chose. */
  name: string
  from_me: boolean
  /** Unix seconds by WhatsApp's clock (see the notice `time`). Null: the message has no valid time. */
  sent_at: number | null
  /** WhatsApp kept the message while this device was offline. */
  offline: boolean
  kind: Kind
  /**
   * Only text that a person wrote or chose; it may be empty. For a reaction it is the emoji, or empty if the reaction
   * was removed. For a vote it is the known options, separated by commas.
   */
  text: string
  /**
   * Other facts, separated by semicolons: the time and place of an event, coordinates, names and numbers of contact
   * cards, a file name, a link's title, an amount. For a poll or a menu it is the choices, joined by `joinChoices`.
   */
  details: string
  answerable: boolean
  /** Why the message is not answerable. */
  note: string | null
  /** In a group: the message mentions the account or everybody, or replies to the account. */
  addressed: boolean
  /** The mentioned people: the id as in the text, the other id if it is known, and whether it is the account. */
  mentions: { id: string; alt: string | null; me: boolean }[]
  /** The id of the message in this chat that this one replies to, votes on or comments on. */
  quotes: string | null
  /** The quoted message as the sender's phone sent it. Null: no content is quoted. */
  quoted: Quoted | null
  /** The id of the message that this reaction belongs to. */
  reacts_to: string | null
  /** The edit or deletion of an earlier message. */
  changes: Change | null
  /** Content that the text does not show, such as a picture. */
  unseen: string | null
  forwarded: boolean
  /** Seconds until messages of the chat disappear. 0: never. Null: the message does not say. */
  expiration: number | null
  /** The base64 secret that encrypts later votes and edits of this message; null: it has none. */
  secret: string | null
}

/** `expiration`: seconds until the message disappears; 0: never. */
export interface SentBefore {
  text: string
  expiration: number
}

export interface Quoted {
  kind: Kind
  text: string
  details: string
  sender: string | null
  sender_alt: string | null
}

/**
 * For an edit, kind, text and details of the message are the new ones. The kind 'unreadable' means that they are
 * unknown. A deletion is a 'notice' without text. This side does not check whether the sender may change that
 * message, except for `by_admin`: the sender is an admin of the group and deletes somebody else's message.
 */
export interface Change {
  /** The id of the changed message. If it is this message's own id, this message is the edited form. */
  message_id: string
  how: 'edit' | 'delete'
  by_admin: boolean
  /** The author of the message that an admin deletes; otherwise null. */
  author: string | null
}
