import { cut, LONGEST_DETAILS, LONGEST_TEXT, MOST_ENTRIES } from './bounds.ts'

type Number64 = number | { toString(): string }
type Words = string | null | undefined | false

/** The end of the year 2099. */
export const LATEST_SECONDS = 4_102_444_800
const SEPARATOR = ' / '
/** Longer parameters of a button hold more than what is to be read on it. */
const LONGEST_PARAMETERS = 4_096

/** What a message holds beside its words, by semicolons. */
export const facts = (...pieces: Words[]): string => joined(pieces, LONGEST_DETAILS, '; ')

/** Words that stand below each other. */
export const lines = (...pieces: Words[]): string => joined(pieces, LONGEST_TEXT, '\n')

function joined(pieces: Words[], longest: number, between: string): string {
  const told = pieces.slice(0, MOST_ENTRIES).map(piece => (piece ? cut(piece, longest).trim() : ''))
  return told.filter(Boolean).join(between)
}

/**
 * The choices of a poll or a menu in one line, as many as there is room for, separated by ' / '. A choice in which that
 * stands has one more slash there, so that `splitChoices` gives them back as they were.
 */
export function joinChoices(choices: readonly string[]): string {
  let line = ''
  for (const [place, choice] of choices.slice(0, MOST_ENTRIES).entries()) {
    if (choice.length > LONGEST_DETAILS) break
    const more = (place ? SEPARATOR : '') + choice.replace(/(?<![^ ])\/+(?![^ ])/g, '/$&')
    if (line.length + more.length > LONGEST_DETAILS) break
    line += more
  }
  return line
}

export const splitChoices = (line: string): string[] =>
  line.split(SEPARATOR, MOST_ENTRIES).map(choice => choice.replace(/(?<![^ ])\/(\/+)(?![^ ])/g, '$1'))

/** Null for what is no whole number. */
export function whole(value: Number64 | null | undefined): number | null {
  const number = value == null ? Number.NaN : Number(value)
  return Number.isSafeInteger(number) ? number : null
}

/** A time in the zone UTC, to the minute, such as 2026-11-29T18:00Z; null where it is none of this century. */
export function instant(seconds: number | null): string | null {
  if (seconds === null || seconds <= 0 || seconds >= LATEST_SECONDS) return null
  return `${new Date(seconds * 1000).toISOString().slice(0, 16)}Z`
}

/** WhatsApp counts in thousandths: 12000 is `12.00 EUR`. */
export function amount(thousandths: Number64 | null | undefined, currency: Words): string | null {
  const value = whole(thousandths)
  if (value === null || (!value && !currency)) return null
  return `${(value / 1000).toFixed(value % 10 ? 3 : 2)} ${cut(currency || '', 16)}`.trim()
}

/** "3 pictures"; null for none. */
export function counted(count: Number64 | null | undefined, one: string, many = `${one}s`): string | null {
  const number = whole(count)
  return number !== null && number > 0 ? `${number} ${number === 1 ? one : many}` : null
}

/** The parameters of a button or of what was chosen, which are JSON within the message; empty where they are none. */
export function parameters(json: string | null | undefined): Record<string, unknown> {
  if (!json || json.length > LONGEST_PARAMETERS) return {}
  try {
    const parsed: unknown = JSON.parse(json)
    return isRecord(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

/** The first of these fields that holds words. */
export function wordsIn(record: Record<string, unknown>, ...fields: string[]): string {
  const found = fields.map(field => record[field]).find(value => typeof value === 'string' && value !== '')
  return typeof found === 'string' ? found : ''
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
