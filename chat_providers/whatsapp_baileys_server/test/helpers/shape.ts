import assert from 'node:assert/strict'

import { MAX_DETAILS_LENGTH, MAX_MENTIONS, MAX_NAME_LENGTH, MAX_TEXT_LENGTH } from '../../src/common/limits.ts'
import type { InboundMessage } from '../../src/protocol.ts'

const LONGEST_ID = 256
const KINDS = new Set(
  (
    'text image video voice audio document sticker album location contact_card poll poll_vote event event_response ' +
    'menu choice order product payment invitation call reaction notice unreadable unsupported'
  ).split(' '),
)

type Check = (value: unknown) => boolean

const text =
  (longest: number): Check =>
  value =>
    typeof value === 'string' && value.length <= longest
const id: Check = value => text(LONGEST_ID)(value) && value !== ''
const flag: Check = value => typeof value === 'boolean'
const whole: Check = value => Number.isSafeInteger(value)
const kind: Check = value => KINDS.has(value as string)
const orNull =
  (check: Check): Check =>
  value =>
    value === null || check(value)
/** It has these fields and no others. */
const record =
  (checks: Record<string, Check>): Check =>
  value => {
    if (typeof value !== 'object' || value === null) return false
    assert.deepEqual(Object.keys(value).sort(), Object.keys(checks).sort())
    for (const [name, check] of Object.entries(checks)) {
      assert(check((value as Record<string, unknown>)[name]), `${name} is not as it is to be`)
    }
    return true
  }

const content = { kind, text: text(MAX_TEXT_LENGTH), details: text(MAX_DETAILS_LENGTH) }

const SHAPE = record({
  id,
  chat: id,
  chat_alt: orNull(id),
  subject: orNull(text(MAX_NAME_LENGTH)),
  sender: id,
  sender_alt: orNull(id),
  name: text(MAX_NAME_LENGTH),
  from_me: flag,
  sent_at: orNull(whole),
  offline: flag,
  ...content,
  answerable: flag,
  note: orNull(text(MAX_NAME_LENGTH)),
  addressed: flag,
  mentions: value =>
    Array.isArray(value) && value.length <= MAX_MENTIONS && value.every(record({ id, alt: orNull(id), me: flag })),
  quotes: orNull(id),
  quoted: orNull(record({ ...content, sender: orNull(id), sender_alt: orNull(id) })),
  reacts_to: orNull(id),
  changes: orNull(
    record({
      message_id: id,
      how: value => value === 'edit' || value === 'delete',
      by_admin: flag,
      author: orNull(id),
    }),
  ),
  unseen: orNull(text(MAX_NAME_LENGTH)),
  forwarded: flag,
  expiration: orNull(value => whole(value) && (value as number) >= 0),
  secret: orNull(value => typeof value === 'string' && Buffer.from(value, 'base64').length === 32),
})

/** The shape as the other side of the pipe parses it, and what must hold between its fields. */
export function assertShape(message: InboundMessage): void {
  assert(SHAPE(message))
  assert.equal(message.answerable, message.note === null)
}
