import { MAX_DETAILS_LENGTH, MAX_ENTRIES, MAX_TEXT_LENGTH, truncate } from '../common/limits.ts'

type Int64 = number | { toString(): string }
type OptionalText = string | null | undefined | false

/** The end of the year 2099. */
export const MAX_UNIX_SECONDS = 4_102_444_800
const SEPARATOR = ' / '
/** Longer button parameters contain more than a title. */
const MAX_JSON_LENGTH = 4_096

/** Joins facts with semicolons. Empty ones are left out. */
export const joinDetails = (...pieces: OptionalText[]): string => joinNonEmpty(pieces, MAX_DETAILS_LENGTH, '; ')

/** Joins texts with line breaks. Empty ones are left out. */
export const joinLines = (...pieces: OptionalText[]): string => joinNonEmpty(pieces, MAX_TEXT_LENGTH, '\n')

function joinNonEmpty(pieces: OptionalText[], longest: number, between: string): string {
  const told = pieces.slice(0, MAX_ENTRIES).map(piece => (piece ? truncate(piece, longest).trim() : ''))
  return told.filter(Boolean).join(between)
}

/**
 * Joins as many choices of a poll or a menu as fit, separated by ' / '. A separator inside a choice gets one more
 * slash, so that `splitChoices` can restore the choices.
 */
export function joinChoices(choices: readonly string[]): string {
  let line = ''
  for (const [place, choice] of choices.slice(0, MAX_ENTRIES).entries()) {
    if (choice.length > MAX_DETAILS_LENGTH) break
    const more = (place ? SEPARATOR : '') + choice.replace(/(?<![^ ])\/+(?![^ ])/g, '/$&')
    if (line.length + more.length > MAX_DETAILS_LENGTH) break
    line += more
  }
  return line
}

export const splitChoices = (line: string): string[] =>
  line.split(SEPARATOR, MAX_ENTRIES).map(choice => choice.replace(/(?<![^ ])\/(\/+)(?![^ ])/g, '$1'))

/** Returns null if the value is not an integer. */
export function toInteger(value: Int64 | null | undefined): number | null {
  const number = value == null ? Number.NaN : Number(value)
  return Number.isSafeInteger(number) ? number : null
}

/** Formats Unix seconds as 2026-11-29T18:00Z. Returns null if the time is not in this century. */
export function formatTime(seconds: number | null): string | null {
  if (seconds === null || seconds <= 0 || seconds >= MAX_UNIX_SECONDS) return null
  return `${new Date(seconds * 1000).toISOString().slice(0, 16)}Z`
}

/** Formats an amount. WhatsApp counts in thousandths: 12000 is `12.00 EUR`. */
export function formatAmount(thousandths: Int64 | null | undefined, currency: OptionalText): string | null {
  const value = toInteger(thousandths)
  if (value === null || (!value && !currency)) return null
  return `${(value / 1000).toFixed(value % 10 ? 3 : 2)} ${truncate(currency || '', 16)}`.trim()
}

/** Returns a count such as "3 pictures", or null for zero. */
export function formatCount(count: Int64 | null | undefined, one: string, many = `${one}s`): string | null {
  const number = toInteger(count)
  return number !== null && number > 0 ? `${number} ${number === 1 ? one : many}` : null
}

/** Parses the JSON parameters of a button or a choice. Returns an empty object if they are invalid. */
export function parseJsonObject(json: string | null | undefined): Record<string, unknown> {
  if (!json || json.length > MAX_JSON_LENGTH) return {}
  try {
    const parsed: unknown = JSON.parse(json)
    return isRecord(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

/** Returns the first of these fields that is a non-empty string. */
export function firstText(record: Record<string, unknown>, ...fields: string[]): string {
  const found = fields.map(field => record[field]).find(value => typeof value === 'string' && value !== '')
  return typeof found === 'string' ? found : ''
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
