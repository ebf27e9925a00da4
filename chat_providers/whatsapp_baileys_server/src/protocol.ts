// Every shape that crosses the pipe, in both directions. One JSON value a line.
//
// Either side may ask: `{call, account, body}` is answered by `{answer: <the call's number>}` with a `value` or an
// `error`; each side numbers its own calls. A notice is a fact about now that nobody answers.

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
 * not_connected: nothing was handed over. refused: WhatsApp said no. uncertain: handed over, no answer came.
 * not_now: the account is not in a state in which that can be done. failed: anything else, our own bugs included.
 */
export type FailureCode = 'not_connected' | 'refused' | 'uncertain' | 'not_now' | 'failed'

/**
 * An error whose code means something to the other side. `detail` never holds a contact's words or a key; `number` is
 * WhatsApp's own, where it gave one.
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

/** What Python asks of an account here. */
export type Command =
  | { type: 'ping'; silence: number }
  /**
   * `poison`: fingerprints of messages that no process survived reading. They are not read, and are told of as such.
   * `careful`: one message is read at a time, as one of those is looked for.
   */
  | { type: 'open'; poison?: string[]; careful?: boolean }
  | { type: 'close' }
  | { type: 'logout' }
  /** `expiration`: seconds after which it disappears, as the chat's messages do; null or 0: it stays. */
  | { type: 'send'; to: string; text: string; message_id: string; expiration?: number | null }
  | { type: 'pairing_code'; phone: string }
  /** `on`: shown until it is ended, or a message is sent there. */
  | { type: 'typing'; to: string; on: boolean }
  /** `messages`: [id, the sender's id]. */
  | { type: 'mark_read'; to: string; messages: [id: string, sender: string][] }
  | { type: 'watch_typing'; to: string }
  /** Of the account's own messages. */
  | { type: 'delete'; to: string; message_id: string }

/** What an account here asks of Python. */
export type Request =
  /** Value: an object of those `keys` that exist. */
  | { type: 'read'; kind: string; keys: string[] }
  /** Answered once durable, all entries or none; a null removes. An account's writes are done in order. */
  | { type: 'write'; entries: StateEntry[] }
  /** Value: what was sent under this id to the chat with these ids, a SentBefore, or null. */
  | { type: 'sent_message'; message_id: string; chat: string[] }
  /** Value: a KnownMessage of the chat with these ids, or null; of several with this id, that of whom `author` names. */
  | { type: 'message_secret'; message_id: string; chat: string[]; author: string[] }
  /**
   * Answered once durable. Several may be on their way: they are stored in the order asked. Behind one that failed, none
   * is taken before that one was asked again.
   */
  | { type: 'message'; message: InboundMessage }
  /** Answered once durable. */
  | { type: 'names'; people: PersonNames[]; groups: GroupName[] }

/** null: nothing is told of it now; empty: there is none. */
export interface PersonNames {
  ids: string[]
  /** In the owner's address book. */
  saved: string | null
  /** What they call themselves. */
  chosen: string | null
}

export interface GroupName {
  id: string
  subject: string
}

/** What is known of an earlier message, as its `InboundMessage` had it. */
export interface KnownMessage {
  secret: string | null
  details: string
}

export type StateEntry = [kind: string, key: string, value: string | null]

/** What happens to an account's link. */
export type Event =
  | { type: 'qr'; text: string; lifetime_seconds: number }
  | { type: 'passkey' }
  | { type: 'open'; account: string }
  /**
   * `code`: Baileys' DisconnectReason; 0: an error without one; -1: the stored credentials could not be read; 502: an
   * HTTP answer that is not WhatsApp's came in the connection's place.
   */
  | { type: 'closed'; code: number }
  /** What time it is at WhatsApp, in seconds since 1970: at the login, before any message, and now and then. */
  | { type: 'time'; seconds: number }
  /** WhatsApp has gone silent over an open connection; `over`: it was heard again. */
  | { type: 'silence'; over: boolean }
  /**
   * WhatsApp has messages of ours whose confirmation nobody waits for any more: it came late, or a receipt did. `chat`:
   * the ids of the chat that the receipt came from; empty: WhatsApp itself says so.
   */
  | { type: 'delivered'; message_ids: string[]; chat: string[] }
  /** The fingerprint of the message that the account began to read last; null: it reads none. */
  | { type: 'reading'; stanza: string | null }
  /** Somebody types in a chat, or nobody does any more. `chats`: all ids that its messages may come under. */
  | { type: 'typing'; chats: string[]; on: boolean }
  /** An error that nobody caught: its class and where it arose, never its text. `account` is empty if unknown. */
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
  /** Buttons, lists, templates, interactive messages: what a business sends to choose from. */
  | 'menu'
  /** What somebody chose from one. */
  | 'choice'
  | 'order'
  | 'product'
  | 'payment'
  | 'invitation'
  | 'call'
  | 'reaction'
  /** What WhatsApp tells of a chat: group events, settings, deletions. */
  | 'notice'
  /** It could not be decrypted, or not be looked into. */
  | 'unreadable'
  /** A content that this version does not know. */
  | 'unsupported'

export interface InboundMessage {
  id: string
  /** Where an answer goes: the contact's id as this message used it, or the group's. */
  chat: string
  /** The contact's other name (phone number or LID), where WhatsApp gave it; null in groups. */
  chat_alt: string | null
  /** The group's name where it is known; null in direct chats and where it is not. */
  subject: string | null
  sender: string
  sender_alt: string | null
  /** Chosen by the sender. */
  name: string
  from_me: boolean
  /** Seconds since 1970 by WhatsApp's clock (see the event `time`); null: no time was given that can be. */
  sent_at: number | null
  /** WhatsApp kept it while this device was away. */
  offline: boolean
  kind: Kind
  /**
   * Words that a person wrote or chose, and nothing else; empty: none. Of a reaction: the emoji, empty where it was
   * taken back. Of a vote: the options as far as they are known, by commas.
   */
  text: string
  /**
   * What it holds beside the words, as plain facts, by semicolons: an event's time and place, coordinates, names and
   * numbers of contact cards, a document's file name, a link's title, an amount. Of a poll and a menu: the choices,
   * joined by `joinChoices`. Empty: nothing.
   */
  details: string
  answerable: boolean
  /** Why it is not answerable. */
  note: string | null
  /** In a group: it mentions the account, or everybody, or replies to the account. */
  addressed: boolean
  /** Whom it mentions: the id as the text has it, the other name where it is known, and whether it is the account. */
  mentions: { id: string; alt: string | null; me: boolean }[]
  /** The id of the message of this chat that it replies to, votes on or comments on. */
  quotes: string | null
  /** What it replies to, as its sender's phone quoted it; null: nothing, or no content is quoted. */
  quoted: Quoted | null
  /** The id of the message that it is a reaction to. */
  reacts_to: string | null
  /** It changes an earlier message. */
  changes: Change | null
  /** What came with it that its text does not tell, such as a picture. */
  unseen: string | null
  forwarded: boolean
  /** Seconds after which the chat's messages disappear; 0: they no longer do; null: the message does not say. */
  expiration: number | null
  /** Base64: what later votes on it and edits of it are encrypted with; null: it has none. */
  secret: string | null
}

/** `expiration`: seconds after which it disappears; 0: it stays. */
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
 * Of an edit, the message's kind, text and details are the new ones; the kind 'unreadable' says that nobody here knows
 * them. A deletion is a 'notice' without words. Whether the sender may change that message is not judged here, but for
 * `by_admin`: the sender administrates the group and deletes another's message.
 */
export interface Change {
  /** The message's own id: this is what that message became, whoever saw it before. */
  message_id: string
  how: 'edit' | 'delete'
  by_admin: boolean
  /** Whose message it is, where an administrator deletes it; else null. */
  author: string | null
}
