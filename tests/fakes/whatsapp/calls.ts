/**
 * Calls, as a companion is told of them: that it rings, and how that ended (Baileys messages-recv.js `handleCall`,
 * whatsapp-rust `types/call.rs`). Nobody here ever speaks.
 */
import { randomBytes } from 'node:crypto'
import { deliver } from './delivery.ts'
import type { Network } from './network.ts'
import { newMessageId, stanza, unixTime } from './stanzas.ts'

export interface CallSignal {
  /** Phone number of the account. */
  readonly to: string
  /** Phone number of whoever calls; the account's own for a call that its owner makes. */
  readonly caller: string
  /** The call's id; without it, it is a new one. */
  readonly id?: string
  readonly tag: 'offer' | 'offer_notice' | 'preaccept' | 'accept' | 'reject' | 'terminate'
  /** How it ended: `timeout`, `accepted_elsewhere`, `rejected_elsewhere`, ...; none: the caller hung up. */
  readonly reason?: string
  /** The group that is called, where it is told. */
  readonly group?: string
  readonly video?: boolean
  readonly lid?: boolean
  /** Seconds in the past. */
  readonly age?: number
}

/** Returns the call's id, and the stanza's. */
export function tellOfCall(network: Network, signal: CallSignal): { id: string; stanza: string } {
  const { tag, reason, group, video = false, lid = false, age = 0 } = signal
  const { id = randomBytes(16).toString('hex').toUpperCase() } = signal
  const caller = network.people.person(signal.caller)
  const attrs = { from: caller.jid(lid), id: newMessageId(), t: unixTime(age), notify: caller.phone }
  const rings = tag === 'offer' || tag === 'offer_notice'
  const facts = {
    'call-id': id,
    'call-creator': caller.jid(lid),
    'group-jid': group,
    reason,
    ...(rings ? { [lid ? 'caller_pn' : 'caller_lid']: caller.jid(!lid) } : {}),
    ...(tag === 'offer_notice' ? { media: video ? 'video' : 'audio', type: 'group' } : {})
  }
  const media = video ? [stanza('video', { enc: 'vp8' })] : []
  const offered = tag === 'offer' ? [stanza('audio', { enc: 'opus', rate: '16000' }), ...media] : undefined
  deliver(network.people.person(signal.to).linked(), stanza('call', attrs, [stanza(tag, facts, offered)]))
  return { id, stanza: attrs.id }
}
