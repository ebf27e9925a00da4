import {
  getAllBinaryNodeChildren,
  isJidGroup,
  jidNormalizedUser,
  proto,
  type BinaryNode,
  type WAMessage,
} from 'baileys'

import type { Bounded } from './bounded.ts'
import { boundedId } from './bounds.ts'
import type { Own } from './stanzas.ts'

/** The owner decided, on another of their devices. */
const BY_THE_OWNER = new Set(['accepted_elsewhere', 'rejected_elsewhere'])
const TAKEN = 'taken'

interface Ringing {
  readonly video: boolean
  readonly group: string | undefined
}

/**
 * The message that a call becomes which is over and which nobody took; undefined for all else that is told of calls.
 * `calls` remembers what rings and what was taken.
 *
 * Baileys does not pass on why a call ended: that a caller who hangs up was missed, and whoever spoke to the owner's
 * phone was not, looks the same to it. Nor does it know a group's call for one.
 */
export function missedCall(node: BinaryNode, own: Own, calls: Bounded): WAMessage | undefined {
  const [signal] = getAllBinaryNodeChildren(node)
  const { from, notify, t } = node.attrs
  if (!from || !signal?.attrs['call-id']) return undefined
  const { 'call-creator': creator = from, 'group-jid': group, media, reason = '' } = signal.attrs
  if ([from, creator].some(jid => isOneOf(own, jid))) return undefined

  const id = boundedId(signal.attrs['call-id'])
  const known = calls.get<Ringing | typeof TAKEN>(id)
  switch (signal.tag) {
    case 'offer':
    case 'offer_notice': {
      const video = media === 'video' || getAllBinaryNodeChildren(signal).some(({ tag }) => tag === 'video')
      if (!known) calls.set(id, { video, group } satisfies Ringing)
      return undefined
    }
    case 'accept':
    case 'reject':
      calls.set(id, TAKEN)
      return undefined
    case 'terminate':
      break
    default:
      return undefined
  }
  if (BY_THE_OWNER.has(reason)) calls.set(id, TAKEN)
  // One that was not heard to ring may be one that somebody took, unless it is said that nobody did.
  if (BY_THE_OWNER.has(reason) || known === TAKEN || (!known && reason !== 'timeout')) return undefined

  const called = isJidGroup(from) ? from : (known?.group ?? group)
  const { CALL_MISSED_VIDEO, CALL_MISSED_VOICE } = proto.WebMessageInfo.StubType
  // Nobody vouches for the other name that an offer has of its caller: the chat is the one that WhatsApp says.
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

function isOneOf(own: Own, jid: string): boolean {
  return own.some(mine => mine && jidNormalizedUser(mine) === jidNormalizedUser(jid))
}
