import {
  getAllBinaryNodeChildren,
  isJidGroup,
  jidNormalizedUser,
  proto,
  type BinaryNode,
  type WAMessage,
} from 'baileys'

import type { BoundedCache } from '../common/bounded-cache.ts'
import { boundedId } from '../common/limits.ts'
import type { OwnJids } from './stanzas.ts'

/** The owner took or rejected the call on another device. */
const HANDLED_ELSEWHERE = new Set(['accepted_elsewhere', 'rejected_elsewhere'])
const ANSWERED = 'taken'

interface Ringing {
  readonly video: boolean
  readonly group: string | undefined
}

/**
 * Returns a message for a call that ended unanswered; undefined for all other call stanzas. `calls` keeps the ringing
 * and the answered calls.
 *
 * Baileys does not pass on why a call ended, so a missed call and an answered one look the same. It does not
 * recognize group calls, either.
 */
export function missedCall(node: BinaryNode, own: OwnJids, calls: BoundedCache): WAMessage | undefined {
  const [signal] = getAllBinaryNodeChildren(node)
  const { from, notify, t } = node.attrs
  if (!from || !signal?.attrs['call-id']) return undefined
  const { 'call-creator': creator = from, 'group-jid': group, media, reason = '' } = signal.attrs
  if ([from, creator].some(jid => includesJid(own, jid))) return undefined

  const id = boundedId(signal.attrs['call-id'])
  const known = calls.get<Ringing | typeof ANSWERED>(id)
  switch (signal.tag) {
    case 'offer':
    case 'offer_notice': {
      const video = media === 'video' || getAllBinaryNodeChildren(signal).some(({ tag }) => tag === 'video')
      if (!known) calls.set(id, { video, group } satisfies Ringing)
      return undefined
    }
    case 'accept':
    case 'reject':
      calls.set(id, ANSWERED)
      return undefined
    case 'terminate':
      break
    default:
      return undefined
  }
  if (HANDLED_ELSEWHERE.has(reason)) calls.set(id, ANSWERED)
  // Without an offer it is unknown whether somebody answered, unless the reason is a timeout.
  if (HANDLED_ELSEWHERE.has(reason) || known === ANSWERED || (!known && reason !== 'timeout')) return undefined

  const called = isJidGroup(from) ? from : (known?.group ?? group)
  const { CALL_MISSED_VIDEO, CALL_MISSED_VOICE } = proto.WebMessageInfo.StubType
  // The caller's other id in an offer is not verified, so the chat is the id that WhatsApp itself sets.
  const key = called
    ? { id, fromMe: false, remoteJid: called, participant: isJidGroup(from) ? creator : from }
    : { id, fromMe: false, remoteJid: from }
  return {
    key,
    pushName: notify ?? null,
    messageTimestamp: Number(t),
    messageStubType: known?.video ? CALL_MISSED_VIDEO : CALL_MISSED_VOICE,
  }
}

function includesJid(own: OwnJids, jid: string): boolean {
  return own.some(mine => mine && jidNormalizedUser(mine) === jidNormalizedUser(jid))
}
