import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import type { proto } from 'baileys'

import { type Field, WRAPPERS } from '../src/content/wrappers.ts'
import { inGroup, ME, said, told, toldOf } from './helpers/messages.ts'

const SECRET = new Uint8Array(32).fill(7)

function wrapped(message: proto.IMessage, ...fields: Field[]): proto.IMessage {
  return fields.reduce<proto.IMessage>((inner, field) => ({ [field]: { message: inner } }), message)
}

describe('a message within others', () => {
  it('is found in each field that holds nothing else, but for posts and parts', () => {
    const silent = [...WRAPPERS].filter(field => toldOf(wrapped({ conversation: 'hi' }, field)) === null)
    assert.deepEqual(silent.sort(), [
      'eventCoverImage',
      'groupStatusMentionMessage',
      'groupStatusMessage',
      'groupStatusMessageV2',
      'pollCreationOptionImageMessage',
      'statusAddYours',
      'statusMentionMessage',
    ])
    for (const field of WRAPPERS) {
      if (!silent.includes(field)) assert.equal(told(wrapped({ conversation: 'hi' }, field)).text, 'hi', field)
    }
  })

  it('keeps whom it mentions and that it asks', () => {
    const extendedTextMessage = { text: '@49100 hello', contextInfo: { mentionedJid: [ME] } }
    const mention = told(wrapped({ extendedTextMessage }, 'groupMentionedMessage'), {}, inGroup)
    assert.deepEqual([mention.text, mention.addressed, mention.mentions[0]?.id], ['@49100 hello', true, ME])
    const asked = wrapped({ extendedTextMessage: { text: 'your favourite?' } }, 'questionMessage', 'botInvokeMessage')
    assert.deepEqual(said(asked), ['text', 'your favourite?', ''])
  })

  it('is opened to a depth and no deeper', () => {
    const deep = (layers: number) => wrapped({ conversation: 'hi' }, ...Array<Field>(layers).fill('ephemeralMessage'))
    assert.equal(told(deep(8)).text, 'hi')
    assert.deepEqual([told(deep(9)).kind, told(deep(9)).note], ['unsupported', 'unsupported:nested'])
  })

  it('has the secret that stands beside the outermost', () => {
    const messageContextInfo = { messageSecret: SECRET }
    const outer = { ...wrapped({ conversation: 'hi' }, 'ephemeralMessage'), messageContextInfo }
    assert.equal(told(outer).secret, Buffer.from(SECRET).toString('base64'))
    const inner = wrapped({ conversation: 'hi', messageContextInfo }, 'deviceSentMessage')
    assert.equal(told(inner).secret, Buffer.from(SECRET).toString('base64'))
    assert.equal(told({ conversation: 'hi', messageContextInfo: { messageSecret: new Uint8Array(5) } }).secret, null)
  })

  it('may be missing: then the wrapper is what is not known', () => {
    assert.equal(told({ questionMessage: {} }).note, 'unsupported:questionMessage')
    assert.equal(told(wrapped({}, 'questionMessage')).note, 'unsupported:questionMessage')
  })
})
