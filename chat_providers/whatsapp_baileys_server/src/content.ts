import { proto } from 'baileys'

import * as business from './business.ts'
import { protocol, sealedEdit } from './changes.ts'
import * as gatherings from './gatherings.ts'
import type { Kind } from './protocol.ts'
import type { Content, Reader, Reading, Told } from './reading.ts'
import * as said from './said.ts'
import { fieldsOf, open, type Field, type Opened } from './wrappers.ts'

/**
 * What a field is: read by a reader; a wrapper around a message; beside a content, and none by itself; internal, which
 * is traffic between devices or a part of what came before; left out, which people see and this version cannot tell.
 */
type Row<Part> = Reader<Part> | 'wrapper' | 'beside' | 'internal' | 'left out'

/** Every field of a message; a field that a new version of Baileys brings is missed here by the compiler and a test. */
export const CONTENTS: { readonly [Name in Field]-?: Row<NonNullable<proto.IMessage[Name]>> } = {
  conversation: said.words,
  extendedTextMessage: said.text,
  richResponseMessage: said.richAnswer,
  questionResponseMessage: said.answer,
  statusQuestionAnswerMessage: said.statusAnswer,
  statusQuotedMessage: said.statusAnswer,
  imageMessage: said.image,
  videoMessage: said.video,
  ptvMessage: said.video,
  audioMessage: said.audio,
  documentMessage: said.document,
  stickerMessage: said.sticker,
  stickerPackMessage: said.stickerPack,
  locationMessage: said.place,
  liveLocationMessage: said.livePlace,
  contactMessage: said.card,
  contactsArrayMessage: said.cards,

  pollCreationMessage: gatherings.poll,
  pollCreationMessageV2: gatherings.poll,
  pollCreationMessageV3: gatherings.poll,
  pollCreationMessageV5: gatherings.poll,
  pollResultSnapshotMessage: gatherings.pollResult,
  pollResultSnapshotMessageV3: gatherings.pollResult,
  pollUpdateMessage: gatherings.vote,
  eventMessage: gatherings.event,
  encEventResponseMessage: gatherings.response,
  scheduledCallCreationMessage: gatherings.scheduledCall,
  scheduledCallEditMessage: gatherings.scheduledCallCancelled,
  call: gatherings.call,
  bcallMessage: gatherings.broadcastCall,
  callLogMesssage: gatherings.callLog,
  albumMessage: gatherings.album,
  groupInviteMessage: gatherings.groupInvitation,
  newsletterAdminInviteMessage: gatherings.channelInvitation,
  newsletterFollowerInviteMessageV2: gatherings.channelInvitation,
  reactionMessage: gatherings.reaction,
  encReactionMessage: gatherings.sealedReaction,
  commentMessage: gatherings.comment,
  encCommentMessage: gatherings.sealedComment,

  buttonsMessage: business.buttons,
  listMessage: business.list,
  templateMessage: business.template,
  highlyStructuredMessage: business.structured,
  interactiveMessage: business.interactive,
  buttonsResponseMessage: business.pressed,
  templateButtonReplyMessage: business.templatePressed,
  listResponseMessage: business.picked,
  interactiveResponseMessage: business.chosen,
  orderMessage: business.order,
  productMessage: business.product,
  requestPaymentMessage: business.paymentAsked,
  sendPaymentMessage: business.paymentSent,
  declinePaymentRequestMessage: business.paymentDeclined,
  cancelPaymentRequestMessage: business.paymentCancelled,
  paymentInviteMessage: business.paymentInvited,
  invoiceMessage: business.invoice,

  protocolMessage: protocol,
  secretEncryptedMessage: sealedEdit,
  requestPhoneNumberMessage: () => ({ kind: 'notice', details: 'asks for the phone number' }),
  // Shown on the phone alone.
  placeholderMessage: () => ({ kind: 'unreadable', note: 'unsupported:placeholderMessage' }),

  deviceSentMessage: 'wrapper',
  viewOnceMessage: 'wrapper',
  viewOnceMessageV2: 'wrapper',
  viewOnceMessageV2Extension: 'wrapper',
  ephemeralMessage: 'wrapper',
  documentWithCaptionMessage: 'wrapper',
  editedMessage: 'wrapper',
  groupMentionedMessage: 'wrapper',
  botInvokeMessage: 'wrapper',
  botTaskMessage: 'wrapper',
  botForwardedMessage: 'wrapper',
  lottieStickerMessage: 'wrapper',
  associatedChildMessage: 'wrapper',
  pollCreationMessageV4: 'wrapper',
  limitSharingMessage: 'wrapper',
  questionMessage: 'wrapper',
  questionReplyMessage: 'wrapper',
  eventCoverImage: 'wrapper',
  pollCreationOptionImageMessage: 'wrapper',
  statusMentionMessage: 'wrapper',
  groupStatusMentionMessage: 'wrapper',
  statusAddYours: 'wrapper',
  groupStatusMessage: 'wrapper',
  groupStatusMessageV2: 'wrapper',

  messageContextInfo: 'beside',
  senderKeyDistributionMessage: 'beside',
  fastRatchetKeySenderKeyDistributionMessage: 'beside',

  keepInChatMessage: 'internal',
  pinInChatMessage: 'internal',
  stickerSyncRmrMessage: 'internal',
  messageHistoryBundle: 'internal',
  messageHistoryNotice: 'internal',
  statusNotificationMessage: 'internal',
  statusStickerInteractionMessage: 'internal',

  chat: 'left out',
}

/** Status posts, which are no message of a chat, and pictures that belong to an event or a poll. */
const NO_MESSAGE = [
  'groupStatusMessage',
  'groupStatusMessageV2',
  'statusMentionMessage',
  'groupStatusMentionMessage',
  'statusAddYours',
  'eventCoverImage',
  'pollCreationOptionImageMessage',
] as const satisfies Field[]

const { AssociationType } = proto.MessageAssociation
/** The same once more in a better quality, or a picture that belongs to another message. */
const AGAIN = new Set<unknown>([
  AssociationType.HD_IMAGE_DUAL_UPLOAD,
  AssociationType.HD_VIDEO_DUAL_UPLOAD,
  AssociationType.HEVC_VIDEO_DUAL_UPLOAD,
  AssociationType.MOTION_PHOTO,
  AssociationType.EVENT_COVER_IMAGE,
  AssociationType.MEDIA_POLL,
])

const ANSWERABLE = new Set<Kind>([
  ...(['text', 'choice', 'image', 'video', 'voice', 'audio', 'document', 'sticker'] as const),
  ...(['location', 'contact_card', 'poll', 'event', 'invitation'] as const),
])

/** What a message says, whatever it is wrapped in; null: it is no message to anybody. */
export function contentOf(message: proto.IMessage, about: Omit<Reading, 'inner'>, depth = 0): Content | null {
  const opened = open(message, depth)
  if (!opened) return completed({ kind: 'unsupported', note: 'unsupported:nested' })
  if (isNoMessage(opened)) return null
  const inner = (within: proto.IMessage): Content | null =>
    contentOf(within, { ...about, unsealed: null }, opened.depth + 1)
  const told = read(opened, { ...about, inner })
  return told && completed(told, opened)
}

function isNoMessage({ layers, beside }: Opened): boolean {
  return (
    NO_MESSAGE.some(field => layers.has(field)) ||
    (layers.has('associatedChildMessage') && beside.some(each => AGAIN.has(each.messageAssociation?.associationType)))
  )
}

function read({ content, layers }: Opened, reading: Reading): Told | null {
  const fields = fieldsOf(content)
  const field = fields.find(each => typeof CONTENTS[each] === 'function')
  if (field) {
    const part = content[field] as never
    const told = (CONTENTS[field] as Reader<never>)(part, reading)
    return told && { context: contextIn(part), ...told }
  }
  const rows = new Set(fields.map(each => CONTENTS[each]))
  // A group's key comes alone where its message comes apart.
  if (rows.has('internal') || content.senderKeyDistributionMessage) return null
  // What is newer than this version of Baileys decodes to nothing at all.
  const unknown = fields.find(each => CONTENTS[each] !== 'beside') ?? [...layers].at(-1) ?? 'unknown'
  return { kind: 'unsupported', note: `unsupported:${unknown}` }
}

function contextIn(part: unknown): proto.IContextInfo | null {
  return part && typeof part === 'object' && 'contextInfo' in part ? (part.contextInfo as proto.IContextInfo) : null
}

function completed(told: Told, opened?: Opened): Content {
  const { kind } = told
  return {
    text: '',
    details: '',
    note: ANSWERABLE.has(kind) ? null : kind,
    unseen: null,
    context: null,
    quotes: null,
    reacts_to: null,
    changes: null,
    expiration: null,
    ...told,
    edited: told.edited ?? (opened?.layers.has('editedMessage') === true && !told.changes),
    secret: secretIn(opened?.beside ?? []),
  }
}

const SECRET_BYTES = 32

function secretIn(beside: proto.IMessageContextInfo[]): string | null {
  const secret = beside.find(each => each.messageSecret?.length)?.messageSecret
  return secret?.length === SECRET_BYTES ? Buffer.from(secret).toString('base64') : null
}
