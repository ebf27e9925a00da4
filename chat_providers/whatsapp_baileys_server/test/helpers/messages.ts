import assert from 'node:assert/strict'

import type { proto } from 'baileys'

import { type InboundContext, toInboundMessage } from '../../src/content/inbound-message.ts'
import type { InboundMessage } from '../../src/protocol.ts'

export const ME = '49100@s.whatsapp.net'
export const MY_LID = '900@lid'
export const ANN = '49200@s.whatsapp.net'
export const ANNS_LID = '800@lid'
export const BOB = '49300@s.whatsapp.net'
export const GROUP = '120363111@g.us'
export const AROUND: InboundContext = {
  me: ME,
  me_lid: MY_LID,
  offline: false,
  alt: ANNS_LID,
  subject: undefined,
}

type Key = proto.IMessageKey & { isViewOnce?: boolean }

/** What Ann's message is told as, by default in the direct chat with her. */
export function toldOf(
  message: proto.IMessage | null,
  around: Partial<InboundContext> = {},
  key: Key = {},
): InboundMessage | null {
  const full = { remoteJid: ANN, fromMe: false, id: 'NEW', ...key }
  return toInboundMessage({ key: full, messageTimestamp: 1_796_000_000, message }, { ...AROUND, ...around })
}

export function told(
  message: proto.IMessage | null,
  around: Partial<InboundContext> = {},
  key: Key = {},
): InboundMessage {
  const shape = toldOf(message, around, key)
  assert(shape)
  return shape
}

export const inGroup = { remoteJid: GROUP, participant: ANN }

/** Kind, text and details. */
export function said(message: proto.IMessage, around: Partial<InboundContext> = {}): [string, string, string] {
  const { kind, text, details } = told(message, around)
  return [kind, text, details]
}
