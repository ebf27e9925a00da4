import { createHash } from 'node:crypto'

import { proto } from 'baileys'

import { MAX_ENTRIES } from '../common/limits.ts'
import { formatCount, formatTime, joinChoices, joinDetails, joinLines, splitChoices, toInteger } from './formatting.ts'
import type { FieldParser, ParsedField } from './parser-types.ts'
import { describeLocation } from './text-and-media.ts'

type Message = proto.Message

export const poll: FieldParser<Message['pollCreationMessage'] & object> = part => ({
  kind: 'poll',
  text: part.name ?? '',
  details: joinChoices((part.options ?? []).slice(0, MAX_ENTRIES).map(option => option.optionName ?? '')),
})

export const pollResult: FieldParser<Message['pollResultSnapshotMessage'] & object> = part => ({
  kind: 'poll',
  text: part.name ?? '',
  details: joinChoices(
    (part.pollVotes ?? [])
      .slice(0, MAX_ENTRIES)
      .map(({ optionName, optionVoteCount }) => `${optionName ?? ''}: ${toInteger(optionVoteCount) ?? 0}`),
  ),
})

/** A vote contains only the hashes of its options. */
export const pollVote: FieldParser<Message['pollUpdateMessage'] & object> = (part, { decrypted }) => {
  const names = new Map(splitChoices(decrypted?.details ?? '').map(name => [optionHash(name), name]))
  const chosen = decrypted?.vote?.selectedOptions?.slice(0, MAX_ENTRIES) ?? []
  const known = chosen.map(hash => names.get(Buffer.from(hash).toString('hex'))).filter(name => name !== undefined)
  return { kind: 'poll_vote', text: known.join(', '), quotes: part.pollCreationMessageKey?.id ?? null }
}

const optionHash = (name: string): string => createHash('sha256').update(name).digest('hex')

export const event: FieldParser<Message['eventMessage'] & object> = part => {
  const [start, end] = [formatTime(toInteger(part.startTime)), formatTime(toInteger(part.endTime))]
  return {
    kind: 'event',
    text: joinLines(part.name, part.description),
    details: joinDetails(
      part.isCanceled && 'cancelled',
      start && end ? `${start} to ${end}` : start,
      part.location && describeLocation(part.location),
      part.joinLink,
    ),
  }
}

export const scheduledCall: FieldParser<Message['scheduledCallCreationMessage'] & object> = part => {
  const milliseconds = toInteger(part.scheduledTimestampMs)
  const video = part.callType === proto.Message.ScheduledCallCreationMessage.CallType.VIDEO
  return {
    kind: 'event',
    text: part.title ?? '',
    details: joinDetails(milliseconds === null ? null : formatTime(milliseconds / 1000), video ? 'video call' : 'call'),
  }
}

export const scheduledCallCancelled: FieldParser<Message['scheduledCallEditMessage'] & object> = part => ({
  kind: 'notice',
  details: 'scheduled call cancelled',
  quotes: part.key?.id ?? null,
})

export const eventResponse: FieldParser<Message['encEventResponseMessage'] & object> = (part, { decrypted }) => {
  const Type = proto.Message.EventResponseMessage.EventResponseType
  const words = new Map([
    [Type.GOING, 'going'],
    [Type.NOT_GOING, 'not going'],
    [Type.MAYBE, 'maybe'],
  ])
  return {
    kind: 'event_response',
    text: words.get(decrypted?.response?.response ?? Type.UNKNOWN) ?? '',
    details: joinDetails(formatCount(decrypted?.response?.extraGuestCount, 'more guest')),
    quotes: part.eventCreationMessageKey?.id ?? null,
  }
}

export const call = (): ParsedField => ({ kind: 'call' })

export const broadcastCall: FieldParser<Message['bcallMessage'] & object> = part => ({
  kind: 'call',
  text: part.caption ?? '',
  details: part.mediaType === proto.Message.BCallMessage.MediaType.VIDEO ? 'video call' : 'call',
})

export const callLog: FieldParser<Message['callLogMesssage'] & object> = part => {
  const Outcome = proto.Message.CallLogMessage.CallOutcome
  const taken = new Set([Outcome.CONNECTED, Outcome.ACCEPTED_ELSEWHERE, Outcome.ONGOING])
  const was = taken.has(part.callOutcome ?? Outcome.CONNECTED) ? '' : 'missed '
  return {
    kind: 'call',
    details: joinDetails(`${was}${part.isVideo ? 'video call' : 'call'}`, formatCount(part.durationSecs, 'second')),
  }
}

export const album: FieldParser<Message['albumMessage'] & object> = part => ({
  kind: 'album',
  details: joinDetails(formatCount(part.expectedImageCount, 'picture'), formatCount(part.expectedVideoCount, 'video')),
})

export const groupInvite: FieldParser<Message['groupInviteMessage'] & object> = part => ({
  kind: 'invitation',
  text: part.caption ?? '',
  details: joinDetails(part.groupName),
})

export const channelInvite: FieldParser<{ caption?: string | null; newsletterName?: string | null }> = part => ({
  kind: 'invitation',
  text: part.caption ?? '',
  details: joinDetails(part.newsletterName),
})

export const reaction: FieldParser<Message['reactionMessage'] & object> = part => ({
  kind: 'reaction',
  text: part.text ?? '',
  reacts_to: part.key?.id ?? null,
})

export const encryptedReaction: FieldParser<Message['encReactionMessage'] & object> = (part, { decrypted }) =>
  decrypted?.reaction
    ? { kind: 'reaction', text: decrypted.reaction.text ?? '', reacts_to: part.targetMessageKey?.id ?? null }
    : null

export const comment: FieldParser<Message['commentMessage'] & object> = (part, reading) =>
  parseComment(part.message, part.targetMessageKey, reading.parseInner)

export const encryptedComment: FieldParser<Message['encCommentMessage'] & object> = (part, { decrypted, parseInner }) =>
  parseComment(decrypted?.message, part.targetMessageKey, parseInner)

function parseComment(
  message: proto.IMessage | null | undefined,
  target: proto.IMessageKey | null | undefined,
  parseInner: (message: proto.IMessage) => ParsedField | null,
): ParsedField | null {
  const content = message ? parseInner(message) : null
  return content && { ...content, quotes: target?.id ?? content.quotes ?? null }
}
