import { createHash } from 'node:crypto'

/** In UTF-16 units. WhatsApp's own apps send no longer text, but other clients may send megabytes. */
export const MAX_TEXT_LENGTH = 65_536
/** For names of people and groups, and for any other short text. */
export const MAX_NAME_LENGTH = 256
/** For the `details` of a message. */
export const MAX_DETAILS_LENGTH = 4_096
/** For options, cards and buttons in one message. */
export const MAX_ENTRIES = 100
const MAX_ID_LENGTH = 128
/** WhatsApp groups have at most this many members. */
export const MAX_MENTIONS = 1_024

/** Returns at most `maxLength` UTF-16 units of `text` and never splits a surrogate pair. */
export function truncate(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  const half = /[\ud800-\udbff]/.test(text.charAt(maxLength - 1))
  return text.slice(0, half ? maxLength - 1 : maxLength)
}

/**
 * Returns the id, or a hash of it if it is too long or contains a slash. Senders choose the ids of their messages,
 * and the server puts suffixes behind a slash.
 */
export function boundedId(id: string): string {
  return id.length <= MAX_ID_LENGTH && !id.includes('/') ? id : `long:${createHash('sha256').update(id).digest('hex')}`
}
