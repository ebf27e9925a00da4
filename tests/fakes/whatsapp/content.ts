/** What people say: from a test's words to WhatsApp's protobuf (Baileys WAProto, Utils/messages.js). */
import { randomBytes } from 'node:crypto'
import { getContentType, normalizeMessageContent, proto } from 'baileys'
import { Refusal } from './errors.ts'

export type Kind =
  | 'text'
  | 'image'
  | 'video'
  | 'voice'
  | 'document'
  | 'sticker'
  | 'location'
  | 'contact'
  | 'reaction'
  | 'edit'
  | 'revoke'
  | 'poll'

export interface Content {
  readonly kind?: Kind
  /** The text; a caption, a place's, file's or contact's name, an emoji, a poll's question. */
  readonly text?: string
  /** The message that a reply quotes; that a reaction, edit or revoke is about. */
  readonly target?: string
  /** Phone number of whoever wrote `target`; the account unless it is told otherwise. */
  readonly target_sender?: string
  /** Phone numbers that the text mentions. */
  readonly mentions?: readonly string[]
  readonly mentions_everybody?: boolean
  /** The whole message as protobuf's JSON, in place of all that; bytes in base64, or as `{"$b64": ...}`. */
  readonly raw?: Record<string, unknown>
}

/** The names that the content needs, in the form that its chat uses. */
export interface Names {
  /** The chat, as the sender's phone sees it. */
  readonly chat: string
  readonly isGroup: boolean
  readonly targetSender: string
  readonly targetIsOwn: boolean
  readonly mentions: readonly string[]
}

export interface Composed {
  readonly message: proto.IMessage
  /** The stanza's `type`. */
  readonly type: 'text' | 'media' | 'reaction' | 'poll'
  /** The `mediatype` of its ciphertext. */
  readonly mediaType?: string
  /** The stanza's `edit`: '1' for an edit, '7' for the sender's own revoke (Baileys messages-send.js `sendMessage`). */
  readonly edit?: string
}

export function compose(content: Content, names: Names): Composed {
  const { kind = 'text', text } = content
  const caption = text || undefined
  if (content.raw) return { message: proto.Message.fromObject(withBytes(content.raw) as object), type: 'text' }
  switch (kind) {
    case 'text':
      return { message: textMessage(content, names), type: 'text' }
    case 'image':
      return media('image', { imageMessage: { ...file('image/jpeg'), caption } })
    case 'video':
      return media('video', { videoMessage: { ...file('video/mp4'), caption, seconds: 3 } })
    case 'voice':
      return media('ptt', { audioMessage: { ...file('audio/ogg; codecs=opus'), ptt: true, seconds: 3 } })
    case 'document':
      return media('document', { documentMessage: { ...file('application/pdf'), fileName: 'paper.pdf', caption } })
    case 'sticker':
      return media('sticker', { stickerMessage: file('image/webp') })
    case 'location':
      return {
        message: { locationMessage: { degreesLatitude: 52.5, degreesLongitude: 13.4, name: caption } },
        type: 'text'
      }
    case 'contact':
      return media('vcard', { contactMessage: { displayName: text, vcard: `BEGIN:VCARD\nFN:${text}\nEND:VCARD` } })
    case 'reaction':
      return { message: { reactionMessage: { key: targetKey(content, names), text } }, type: 'reaction' }
    case 'poll':
      return { message: pollMessage(text), type: 'poll' }
    case 'edit':
      return { message: editMessage(content, names), type: 'text', edit: '1' }
    case 'revoke':
      return {
        message: {
          protocolMessage: { key: targetKey(content, names), type: proto.Message.ProtocolMessage.Type.REVOKE }
        },
        type: 'text',
        edit: '7'
      }
    default:
      throw new Refusal(`no such kind of message: ${String(kind satisfies never)}`)
  }
}

/** As phones do, a plain text goes as `conversation`, and one with a context as `extendedTextMessage`. */
function textMessage({ text, target, mentions_everybody }: Content, names: Names): proto.IMessage {
  if (!target && !names.mentions.length && !mentions_everybody) return { conversation: text }
  const contextInfo: proto.IContextInfo = { mentionedJid: [...names.mentions] }
  // Baileys messages.js `mentionAll`.
  if (mentions_everybody) contextInfo.nonJidMentions = 1
  if (target) {
    contextInfo.stanzaId = target
    contextInfo.participant = names.targetSender
    contextInfo.quotedMessage = { conversation: 'the quoted words' }
  }
  return { extendedTextMessage: { text, contextInfo } }
}

/** Phones wrap it once more than Baileys does: `editedMessage` around `protocolMessage` (whatsmeow `BuildEdit`). */
function editMessage(content: Content, names: Names): proto.IMessage {
  const protocolMessage: proto.Message.IProtocolMessage = {
    key: targetKey(content, names),
    type: proto.Message.ProtocolMessage.Type.MESSAGE_EDIT,
    editedMessage: { conversation: content.text },
    timestampMs: Date.now()
  }
  return { editedMessage: { message: { protocolMessage } } }
}

function pollMessage(question: string | undefined): proto.IMessage {
  return {
    pollCreationMessageV3: {
      name: question,
      options: [{ optionName: 'yes' }, { optionName: 'no' }],
      selectableOptionsCount: 1
    },
    messageContextInfo: { messageSecret: randomBytes(32) }
  }
}

/** A message's key from the sender's point of view. */
function targetKey({ target }: Content, names: Names): proto.IMessageKey {
  if (!target) throw new Refusal('this kind of message needs a target')
  return {
    remoteJid: names.chat,
    fromMe: names.targetIsOwn,
    id: target,
    ...(names.isGroup ? { participant: names.targetSender } : {})
  }
}

function withBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBytes)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const [only] = entries
  if (entries.length === 1 && only?.[0] === '$b64') return Buffer.from(String(only[1]), 'base64')
  return Object.fromEntries(entries.map(([name, part]) => [name, withBytes(part)]))
}

function media(mediaType: string, message: proto.IMessage): Composed {
  return { message, type: 'media', mediaType }
}

/** The description of an uploaded file; nothing is there to be downloaded. */
function file(mimetype: string) {
  return {
    mimetype,
    url: 'https://mmg.whatsapp.net/v/nothing',
    directPath: '/v/nothing',
    mediaKey: randomBytes(32),
    fileEncSha256: randomBytes(32),
    fileSha256: randomBytes(32),
    fileLength: 10
  }
}

export interface Described {
  readonly kind: string
  readonly text?: string | undefined
  readonly target?: string | undefined
  /** Seconds after which it disappears. */
  readonly expiration?: number | undefined
}

/** What a phone shows of a message; undefined for one that it does not show, such as a key exchange. */
export function describe(message: proto.IMessage): Described | undefined {
  const content = normalizeMessageContent(message)
  const kind = getContentType(content)
  if (!content || !kind) return undefined
  if (kind === 'protocolMessage') return describeProtocol(content.protocolMessage)
  return {
    kind,
    text: content.conversation || wordsIn(content[kind]),
    target: content.reactionMessage?.key?.id ?? content.extendedTextMessage?.contextInfo?.stanzaId ?? undefined,
    expiration: expirationOf(content[kind])
  }
}

function expirationOf(part: object | string | null | undefined): number | undefined {
  const { contextInfo } = (typeof part === 'object' ? (part ?? {}) : {}) as { contextInfo?: proto.IContextInfo }
  return contextInfo?.expiration ?? undefined
}

function wordsIn(part: object | string | null | undefined): string | undefined {
  const { text, caption, name } = (typeof part === 'object' ? (part ?? {}) : {}) as Record<string, string | undefined>
  return text || caption || name
}

function describeProtocol(change: proto.Message.IProtocolMessage | null | undefined): Described | undefined {
  const target = change?.key?.id ?? undefined
  switch (change?.type) {
    case proto.Message.ProtocolMessage.Type.REVOKE:
      return { kind: 'revoke', target }
    case proto.Message.ProtocolMessage.Type.MESSAGE_EDIT:
      return { kind: 'edit', target, text: describe(change.editedMessage ?? {})?.text }
    default:
      return undefined
  }
}
