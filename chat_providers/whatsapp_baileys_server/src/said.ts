import type { proto } from 'baileys'

import { cut, LONGEST_NAME, LONGEST_TEXT, MOST_ENTRIES } from './bounds.ts'
import { facts, lines } from './facts.ts'
import type { Reader, Told } from './reading.ts'

type Message = proto.Message

/** A card with a picture in it is longer; what is read of it stands before. */
const LONGEST_CARD = 65_536
const MOST_NUMBERS = 10

export const words: Reader<string> = text => ({ kind: 'text', text })

export const text: Reader<Message['extendedTextMessage'] & object> = part => ({
  kind: 'text',
  text: part.text ?? '',
  details: facts(part.title && `link: ${cut(part.title, LONGEST_NAME)}`, part.description),
})

export const image: Reader<Message['imageMessage'] & object> = part => ({
  kind: 'image',
  text: part.caption ?? '',
  details: facts(part.accessibilityLabel),
  unseen: 'picture',
})

export const video: Reader<Message['videoMessage'] & object> = part => ({
  kind: 'video',
  text: part.caption ?? '',
  details: facts(part.accessibilityLabel),
  unseen: 'video',
})

export const audio: Reader<Message['audioMessage'] & object> = part =>
  part.ptt ? { kind: 'voice', unseen: 'voice message' } : { kind: 'audio', unseen: 'audio' }

export const document: Reader<Message['documentMessage'] & object> = part => ({
  kind: 'document',
  text: part.caption ?? '',
  details: facts(part.fileName || part.title),
  unseen: 'document',
})

export const sticker: Reader<Message['stickerMessage'] & object> = part => ({
  kind: 'sticker',
  details: facts(part.accessibilityLabel),
  unseen: 'sticker',
})

export const stickerPack: Reader<Message['stickerPackMessage'] & object> = part => ({
  kind: 'sticker',
  text: part.caption ?? '',
  details: facts(part.name, part.packDescription),
  unseen: 'sticker',
})

export const place: Reader<Message['locationMessage'] & object> = part => ({
  kind: 'location',
  text: part.comment ?? '',
  details: whereabouts(part, part.isLive),
})

export const livePlace: Reader<Message['liveLocationMessage'] & object> = part => ({
  kind: 'location',
  text: part.caption ?? '',
  details: whereabouts(part, true),
})

type Place = Partial<Omit<proto.Message.ILocationMessage, 'comment'>>

/** Name, address and coordinates. */
export function whereabouts(part: Place, live: boolean | null | undefined = false): string {
  return facts(live && 'live location', part.name, part.address, coordinates(part))
}

function coordinates({ degreesLatitude: north, degreesLongitude: east }: Place): string | null {
  if (typeof north !== 'number' || typeof east !== 'number') return null
  if (!(Math.abs(north) <= 90 && Math.abs(east) <= 180)) return null
  return [north, east].map(degrees => String(Math.round(degrees * 1e6) / 1e6 || 0)).join(', ')
}

export const card: Reader<Message['contactMessage'] & object> = part => ({
  kind: 'contact_card',
  details: nameAndNumbers(part),
})

export const cards: Reader<Message['contactsArrayMessage'] & object> = part => ({
  kind: 'contact_card',
  details: facts(...(part.contacts ?? []).slice(0, MOST_ENTRIES).map(nameAndNumbers)) || facts(part.displayName),
})

function nameAndNumbers({ displayName, vcard }: proto.Message.IContactMessage): string {
  const names: string[] = []
  const numbers: string[] = []
  for (const line of cut(vcard ?? '', LONGEST_CARD).split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    if (numbers.length === MOST_NUMBERS) break
    const head = line.slice(0, colon)
    const value = cut(line.slice(colon + 1).trim(), LONGEST_NAME)
    // A property may have a group's name before it: item1.TEL.
    const [name, ...settings] = head.slice(head.indexOf('.') + 1).split(';')
    if (name?.toUpperCase() === 'FN') names.push(value.replace(/\\([,;\\])/g, '$1'))
    if (name?.toUpperCase() === 'TEL') numbers.push(numberOf(value, settings))
  }
  return [displayName || names[0], ...numbers].filter(Boolean).map(each => cut(each ?? '', LONGEST_NAME)).join(', ')
}

/** As it is written, unless WhatsApp's own number says more. */
function numberOf(written: string, settings: string[]): string {
  const waid = settings.find(setting => setting.toLowerCase().startsWith('waid='))?.slice('waid='.length)
  const known = waid && /^\d{5,20}$/.test(waid) ? waid : ''
  return known && written.replace(/\D/g, '') !== known ? `+${known}` : written
}

/** What WhatsApp's own assistant wrote. */
export const richAnswer: Reader<Message['richResponseMessage'] & object> = part => ({
  kind: 'text',
  text: lines(...(part.submessages ?? []).map(each => each.messageText && cut(each.messageText, LONGEST_TEXT))),
})

/** An answer to a question that somebody put to many, which has no more than words. */
export const answer: Reader<{ key?: proto.IMessageKey | null; text?: string | null }> = part => ({
  kind: 'text',
  text: part.text ?? '',
  quotes: part.key?.id ?? null,
})

export const statusAnswer: Reader<{ text?: string | null }> = (part): Told => ({ kind: 'text', text: part.text ?? '' })
