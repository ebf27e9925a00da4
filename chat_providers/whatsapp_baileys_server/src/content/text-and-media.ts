import type { proto } from 'baileys'

import { MAX_ENTRIES, MAX_NAME_LENGTH, MAX_TEXT_LENGTH, truncate } from '../common/limits.ts'
import { joinDetails, joinLines } from './formatting.ts'
import type { FieldParser, ParsedField } from './parser-types.ts'

type Message = proto.Message

/** Cards with a picture are longer, but the fields that are read come first. */
const MAX_VCARD_LENGTH = 65_536
const MAX_NUMBERS = 10

export const conversation: FieldParser<string> = text => ({ kind: 'text', text })

export const extendedText: FieldParser<Message['extendedTextMessage'] & object> = part => ({
  kind: 'text',
  text: part.text ?? '',
  details: joinDetails(part.title && `link: ${truncate(part.title, MAX_NAME_LENGTH)}`, part.description),
})

export const image: FieldParser<Message['imageMessage'] & object> = part => ({
  kind: 'image',
  text: part.caption ?? '',
  details: joinDetails(part.accessibilityLabel),
  unseen: 'picture',
})

export const video: FieldParser<Message['videoMessage'] & object> = part => ({
  kind: 'video',
  text: part.caption ?? '',
  details: joinDetails(part.accessibilityLabel),
  unseen: 'video',
})

export const audio: FieldParser<Message['audioMessage'] & object> = part =>
  part.ptt ? { kind: 'voice', unseen: 'voice message' } : { kind: 'audio', unseen: 'audio' }

export const document: FieldParser<Message['documentMessage'] & object> = part => ({
  kind: 'document',
  text: part.caption ?? '',
  details: joinDetails(part.fileName || part.title),
  unseen: 'document',
})

export const sticker: FieldParser<Message['stickerMessage'] & object> = part => ({
  kind: 'sticker',
  details: joinDetails(part.accessibilityLabel),
  unseen: 'sticker',
})

export const stickerPack: FieldParser<Message['stickerPackMessage'] & object> = part => ({
  kind: 'sticker',
  text: part.caption ?? '',
  details: joinDetails(part.name, part.packDescription),
  unseen: 'sticker',
})

export const location: FieldParser<Message['locationMessage'] & object> = part => ({
  kind: 'location',
  text: part.comment ?? '',
  details: describeLocation(part, part.isLive),
})

export const liveLocation: FieldParser<Message['liveLocationMessage'] & object> = part => ({
  kind: 'location',
  text: part.caption ?? '',
  details: describeLocation(part, true),
})

type Location = Partial<Omit<proto.Message.ILocationMessage, 'comment'>>

/** Returns name, address and coordinates. */
export function describeLocation(part: Location, live: boolean | null | undefined = false): string {
  return joinDetails(live && 'live location', part.name, part.address, formatCoordinates(part))
}

function formatCoordinates({ degreesLatitude: north, degreesLongitude: east }: Location): string | null {
  if (typeof north !== 'number' || typeof east !== 'number') return null
  if (!(Math.abs(north) <= 90 && Math.abs(east) <= 180)) return null
  return [north, east].map(degrees => String(Math.round(degrees * 1e6) / 1e6 || 0)).join(', ')
}

export const contact: FieldParser<Message['contactMessage'] & object> = part => ({
  kind: 'contact_card',
  details: describeContact(part),
})

export const contacts: FieldParser<Message['contactsArrayMessage'] & object> = part => ({
  kind: 'contact_card',
  details:
    joinDetails(...(part.contacts ?? []).slice(0, MAX_ENTRIES).map(describeContact)) || joinDetails(part.displayName),
})

function describeContact({ displayName, vcard }: proto.Message.IContactMessage): string {
  const names: string[] = []
  const numbers: string[] = []
  for (const line of truncate(vcard ?? '', MAX_VCARD_LENGTH).split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    if (numbers.length === MAX_NUMBERS) break
    const head = line.slice(0, colon)
    const value = truncate(line.slice(colon + 1).trim(), MAX_NAME_LENGTH)
    // A property may have a group prefix: item1.TEL.
    const [name, ...settings] = head.slice(head.indexOf('.') + 1).split(';')
    if (name?.toUpperCase() === 'FN') names.push(value.replace(/\\([,;\\])/g, '$1'))
    if (name?.toUpperCase() === 'TEL') numbers.push(formatNumber(value, settings))
  }
  return [displayName || names[0], ...numbers]
    .filter(Boolean)
    .map(each => truncate(each ?? '', MAX_NAME_LENGTH))
    .join(', ')
}

/** Returns the number as written, or WhatsApp's own number if they differ. */
function formatNumber(written: string, settings: string[]): string {
  const waid = settings.find(setting => setting.toLowerCase().startsWith('waid='))?.slice('waid='.length)
  const known = waid && /^\d{5,20}$/.test(waid) ? waid : ''
  return known && written.replace(/\D/g, '') !== known ? `+${known}` : written
}

/** A text of WhatsApp's own assistant. */
export const richResponse: FieldParser<Message['richResponseMessage'] & object> = part => ({
  kind: 'text',
  text: joinLines(
    ...(part.submessages ?? []).map(each => each.messageText && truncate(each.messageText, MAX_TEXT_LENGTH)),
  ),
})

/** An answer to a question that was sent to many people. It contains only text. */
export const questionResponse: FieldParser<{ key?: proto.IMessageKey | null; text?: string | null }> = part => ({
  kind: 'text',
  text: part.text ?? '',
  quotes: part.key?.id ?? null,
})

export const statusAnswer: FieldParser<{ text?: string | null }> = (part): ParsedField => ({
  kind: 'text',
  text: part.text ?? '',
})
