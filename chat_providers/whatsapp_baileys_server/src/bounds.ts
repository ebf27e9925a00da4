import { createHash } from 'node:crypto'

/** UTF-16 units. WhatsApp's own clients write no longer text; whoever writes with another client may send megabytes. */
export const LONGEST_TEXT = 65_536
/** Of a person or a group, and of any other short text. */
export const LONGEST_NAME = 256
/** Of what a message holds beside its words. */
export const LONGEST_DETAILS = 4_096
/** Options, cards, buttons: what is listed in a message. */
export const MOST_ENTRIES = 100
const LONGEST_ID = 128
/** WhatsApp's groups have no more members. */
export const MOST_MENTIONS = 1_024

/** `text`, no longer than that and without half a character at its end. */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text
  const half = /[\ud800-\udbff]/.test(text.charAt(longest - 1))
  return text.slice(0, half ? longest - 1 : longest)
}

/**
 * Senders choose the ids of their messages. One that is too long gets another, the same for the same; so does one with a
 * slash, behind which an id is told apart from another's and from one that could not be read.
 */
export function boundedId(id: string): string {
  return id.length <= LONGEST_ID && !id.includes('/') ? id : `long:${createHash('sha256').update(id).digest('hex')}`
}
