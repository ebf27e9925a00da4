import { proto } from 'baileys'

import type { Kind } from '../protocol.ts'
import * as business from './business-messages.ts'
import { encryptedEdit, protocolMessage } from './edits-and-deletions.ts'
import type { Content, FieldParser, ParseContext, ParsedField } from './parser-types.ts'
import * as gatherings from './polls-and-events.ts'
import * as said from './text-and-media.ts'
import { type Field, presentFields, unwrap, type Unwrapped } from './wrappers.ts'

/**
 * How a field is handled: by a parser; as a wrapper around a message; as an addition to a content ('beside'); as
 * internal traffic between devices; or not at all ('left out'), though people see it.
 */
type FieldHandling<Part> = FieldParser<Part> | 'wrapper' | 'beside' | 'internal' | 'left out'

/** All fields of a message. The compiler and a test fail if a new version of Baileys adds a field. */
export const FIELD_PARSERS: { readonly [Name in Field]-?: FieldHandling<NonNullable<proto.IMessage[Name]>> } = {
  conversation: said.conversation,
  extendedTextMessage: said.extendedText,
  richResponseMessage: said.richResponse,
  questionResponseMessage: said.questionResponse,
  statusQuestionAnswerMessage: said.statusAnswer,
  statusQuotedMessage: said.statusAnswer,
  imageMessage: said.image,
  videoMessage: said.video,
  ptvMessage: said.video,
  audioMessage: said.audio,
  documentMessage: said.document,
  stickerMessage: said.sticker,
  stickerPackMessage: said.stickerPack,
  locationMessage: said.location,
  liveLocationMessage: said.liveLocation,
  contactMessage: said.contact,
  contactsArrayMessage: said.contacts,

  pollCreationMessage: gatherings.poll,
  pollCreationMessageV2: gatherings.poll,
  pollCreationMessageV3: gatherings.poll,
  pollCreationMessageV5: gatherings.poll,
  pollResultSnapshotMessage: gatherings.pollResult,
  pollResultSnapshotMessageV3: gatherings.pollResult,
  pollUpdateMessage: gatherings.pollVote,
  eventMessage: gatherings.event,
  encEventResponseMessage: gatherings.eventResponse,
  scheduledCallCreationMessage: gatherings.scheduledCall,
  scheduledCallEditMessage: gatherings.scheduledCallCancelled,
  call: gatherings.call,
  bcallMessage: gatherings.broadcastCall,
  callLogMesssage: gatherings.callLog,
  albumMessage: gatherings.album,
  groupInviteMessage: gatherings.groupInvite,
  newsletterAdminInviteMessage: gatherings.channelInvite,
  newsletterFollowerInviteMessageV2: gatherings.channelInvite,
  reactionMessage: gatherings.reaction,
  encReactionMessage: gatherings.encryptedReaction,
  commentMessage: gatherings.comment,
  encCommentMessage: gatherings.encryptedComment,

  buttonsMessage: business.buttons,
  listMessage: business.list,
  templateMessage: business.template,
  highlyStructuredMessage: business.highlyStructured,
  interactiveMessage: business.interactive,
  buttonsResponseMessage: business.buttonsResponse,
  templateButtonReplyMessage: business.templateButtonReply,
  listResponseMessage: business.listResponse,
  interactiveResponseMessage: business.interactiveResponse,
  orderMessage: business.order,
  productMessage: business.product,
  requestPaymentMessage: business.paymentRequest,
  sendPaymentMessage: business.paymentSent,
  declinePaymentRequestMessage: business.paymentDeclined,
  cancelPaymentRequestMessage: business.paymentCancelled,
  paymentInviteMessage: business.paymentInvited,
  invoiceMessage: business.invoice,

  protocolMessage: protocolMessage,
  secretEncryptedMessage: encryptedEdit,
  requestPhoneNumberMessage: () => ({ kind: 'notice', details: 'asks for the phone number' }),
  // The phone alone shows this message.
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

/** Status posts, which belong to no chat, and pictures that belong to an event or a poll. */
const STATUS_AND_ATTACHMENT_WRAPPERS = [
  'groupStatusMessage',
  'groupStatusMessageV2',
  'statusMentionMessage',
  'groupStatusMentionMessage',
  'statusAddYours',
  'eventCoverImage',
  'pollCreationOptionImageMessage',
] as const satisfies Field[]

const { AssociationType } = proto.MessageAssociation
/** A copy in better quality, or a picture that belongs to another message. */
const DUPLICATE_ASSOCIATIONS = new Set<unknown>([
  AssociationType.HD_IMAGE_DUAL_UPLOAD,
  AssociationType.HD_VIDEO_DUAL_UPLOAD,
  AssociationType.HEVC_VIDEO_DUAL_UPLOAD,
  AssociationType.MOTION_PHOTO,
  AssociationType.EVENT_COVER_IMAGE,
  AssociationType.MEDIA_POLL,
])

const ANSWERABLE_KINDS = new Set<Kind>([
  ...(['text', 'choice', 'image', 'video', 'voice', 'audio', 'document', 'sticker'] as const),
  ...(['location', 'contact_card', 'poll', 'event', 'invitation'] as const),
])

/** Parses the content of a message and its wrappers. Returns null if the message is not for anybody. */
export function parseContent(
  message: proto.IMessage,
  context: Omit<ParseContext, 'parseInner'>,
  depth = 0,
): Content | null {
  const unwrapped = unwrap(message, depth)
  if (!unwrapped) return withDefaults({ kind: 'unsupported', note: 'unsupported:nested' })
  if (isStatusOrAttachment(unwrapped)) return null
  const parseInner = (within: proto.IMessage): Content | null =>
    parseContent(within, { ...context, decrypted: null }, unwrapped.depth + 1)
  const parsed = parseField(unwrapped, { ...context, parseInner })
  return parsed && withDefaults(parsed, unwrapped)
}

function isStatusOrAttachment({ layers, contextInfos: beside }: Unwrapped): boolean {
  return (
    STATUS_AND_ATTACHMENT_WRAPPERS.some(field => layers.has(field)) ||
    (layers.has('associatedChildMessage') &&
      beside.some(each => DUPLICATE_ASSOCIATIONS.has(each.messageAssociation?.associationType)))
  )
}

function parseField({ content, layers }: Unwrapped, reading: ParseContext): ParsedField | null {
  const fields = presentFields(content)
  const field = fields.find(each => typeof FIELD_PARSERS[each] === 'function')
  if (field) {
    const part = content[field] as never
    const parsed = (FIELD_PARSERS[field] as FieldParser<never>)(part, reading)
    return parsed && { context: contextInfoOf(part), ...parsed }
  }
  const rows = new Set(fields.map(each => FIELD_PARSERS[each]))
  // The key of a group may come alone, before its message.
  if (rows.has('internal') || content.senderKeyDistributionMessage) return null
  // A field that is newer than this version of Baileys is lost when it is decoded.
  const unknown = fields.find(each => FIELD_PARSERS[each] !== 'beside') ?? [...layers].at(-1) ?? 'unknown'
  return { kind: 'unsupported', note: `unsupported:${unknown}` }
}

function contextInfoOf(part: unknown): proto.IContextInfo | null {
  return part && typeof part === 'object' && 'contextInfo' in part ? (part.contextInfo as proto.IContextInfo) : null
}

function withDefaults(parsed: ParsedField, unwrapped?: Unwrapped): Content {
  const { kind } = parsed
  return {
    text: '',
    details: '',
    note: ANSWERABLE_KINDS.has(kind) ? null : kind,
    unseen: null,
    context: null,
    quotes: null,
    reacts_to: null,
    changes: null,
    expiration: null,
    ...parsed,
    edited: parsed.edited ?? (unwrapped?.layers.has('editedMessage') === true && !parsed.changes),
    secret: messageSecretIn(unwrapped?.contextInfos ?? []),
  }
}

const SECRET_BYTES = 32

function messageSecretIn(beside: proto.IMessageContextInfo[]): string | null {
  const secret = beside.find(each => each.messageSecret?.length)?.messageSecret
  return secret?.length === SECRET_BYTES ? Buffer.from(secret).toString('base64') : null
}
