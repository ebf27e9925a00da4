import { createHash } from 'node:crypto'

import { proto } from 'baileys'

import { MOST_ENTRIES } from './bounds.ts'
import { counted, facts, instant, joinChoices, lines, splitChoices, whole } from './facts.ts'
import type { Reader, Told } from './reading.ts'
import { whereabouts } from './said.ts'

type Message = proto.Message

export const poll: Reader<Message['pollCreationMessage'] & object> = part => ({
  kind: 'poll',
  text: part.name ?? '',
  details: joinChoices((part.options ?? []).slice(0, MOST_ENTRIES).map(option => option.optionName ?? '')),
})

export const pollResult: Reader<Message['pollResultSnapshotMessage'] & object> = part => ({
  kind: 'poll',
  text: part.name ?? '',
  details: joinChoices(
    (part.pollVotes ?? [])
      .slice(0, MOST_ENTRIES)
      .map(({ optionName, optionVoteCount }) => `${optionName ?? ''}: ${whole(optionVoteCount) ?? 0}`),
  ),
})

/** A vote names its options by their hashes. */
export const vote: Reader<Message['pollUpdateMessage'] & object> = (part, { unsealed }) => {
  const names = new Map(splitChoices(unsealed?.details ?? '').map(name => [hashOf(name), name]))
  const chosen = unsealed?.vote?.selectedOptions?.slice(0, MOST_ENTRIES) ?? []
  const known = chosen.map(hash => names.get(Buffer.from(hash).toString('hex'))).filter(name => name !== undefined)
  return { kind: 'poll_vote', text: known.join(', '), quotes: part.pollCreationMessageKey?.id ?? null }
}

const hashOf = (name: string): string => createHash('sha256').update(name).digest('hex')

export const event: Reader<Message['eventMessage'] & object> = part => {
  const [start, end] = [instant(whole(part.startTime)), instant(whole(part.endTime))]
  return {
    kind: 'event',
    text: lines(part.name, part.description),
    details: facts(
      part.isCanceled && 'cancelled',
      start && end ? `${start} to ${end}` : start,
      part.location && whereabouts(part.location),
      part.joinLink,
    ),
  }
}

export const scheduledCall: Reader<Message['scheduledCallCreationMessage'] & object> = part => {
  const milliseconds = whole(part.scheduledTimestampMs)
  const video = part.callType === proto.Message.ScheduledCallCreationMessage.CallType.VIDEO
  return {
    kind: 'event',
    text: part.title ?? '',
    details: facts(milliseconds === null ? null : instant(milliseconds / 1000), video ? 'video call' : 'call'),
  }
}

export const scheduledCallCancelled: Reader<Message['scheduledCallEditMessage'] & object> = part => ({
  kind: 'notice',
  details: 'scheduled call cancelled',
  quotes: part.key?.id ?? null,
})

export const response: Reader<Message['encEventResponseMessage'] & object> = (part, { unsealed }) => {
  const Type = proto.Message.EventResponseMessage.EventResponseType
  const words = new Map([
    [Type.GOING, 'going'],
    [Type.NOT_GOING, 'not going'],
    [Type.MAYBE, 'maybe'],
  ])
  return {
    kind: 'event_response',
    text: words.get(unsealed?.response?.response ?? Type.UNKNOWN) ?? '',
    details: facts(counted(unsealed?.response?.extraGuestCount, 'more guest')),
    quotes: part.eventCreationMessageKey?.id ?? null,
  }
}

export const call = (): Told => ({ kind: 'call' })

export const broadcastCall: Reader<Message['bcallMessage'] & object> = part => ({
  kind: 'call',
  text: part.caption ?? '',
  details: part.mediaType === proto.Message.BCallMessage.MediaType.VIDEO ? 'video call' : 'call',
})

export const callLog: Reader<Message['callLogMesssage'] & object> = part => {
  const Outcome = proto.Message.CallLogMessage.CallOutcome
  const taken = new Set([Outcome.CONNECTED, Outcome.ACCEPTED_ELSEWHERE, Outcome.ONGOING])
  const was = taken.has(part.callOutcome ?? Outcome.CONNECTED) ? '' : 'missed '
  return {
    kind: 'call',
    details: facts(`${was}${part.isVideo ? 'video call' : 'call'}`, counted(part.durationSecs, 'second')),
  }
}

export const album: Reader<Message['albumMessage'] & object> = part => ({
  kind: 'album',
  details: facts(counted(part.expectedImageCount, 'picture'), counted(part.expectedVideoCount, 'video')),
})

export const groupInvitation: Reader<Message['groupInviteMessage'] & object> = part => ({
  kind: 'invitation',
  text: part.caption ?? '',
  details: facts(part.groupName),
})

export const channelInvitation: Reader<{ caption?: string | null; newsletterName?: string | null }> = part => ({
  kind: 'invitation',
  text: part.caption ?? '',
  details: facts(part.newsletterName),
})

export const reaction: Reader<Message['reactionMessage'] & object> = part => ({
  kind: 'reaction',
  text: part.text ?? '',
  reacts_to: part.key?.id ?? null,
})

export const sealedReaction: Reader<Message['encReactionMessage'] & object> = (part, { unsealed }) =>
  unsealed?.reaction
    ? { kind: 'reaction', text: unsealed.reaction.text ?? '', reacts_to: part.targetMessageKey?.id ?? null }
    : null

export const comment: Reader<Message['commentMessage'] & object> = (part, reading) =>
  commentOf(part.message, part.targetMessageKey, reading.inner)

export const sealedComment: Reader<Message['encCommentMessage'] & object> = (part, { unsealed, inner }) =>
  commentOf(unsealed?.message, part.targetMessageKey, inner)

function commentOf(
  message: proto.IMessage | null | undefined,
  target: proto.IMessageKey | null | undefined,
  inner: (message: proto.IMessage) => Told | null,
): Told | null {
  const content = message ? inner(message) : null
  return content && { ...content, quotes: target?.id ?? content.quotes ?? null }
}
