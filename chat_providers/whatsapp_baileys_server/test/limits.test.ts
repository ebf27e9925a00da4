import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import type { proto } from 'baileys'

import { boundedId, truncate } from '../src/common/limits.ts'
import { toInboundMessage, toUnreadableMessage } from '../src/content/inbound-message.ts'
import { assertShape } from './helpers/shape.ts'

const ME = '4910000001@s.whatsapp.net'
const AROUND = { me: ME, me_lid: null, offline: false, alt: undefined, subject: undefined }
const FROM = { remoteJid: '4920000001@s.whatsapp.net', fromMe: false }
const MEGABYTE = 'x'.repeat(1_000_000)

describe('what a sender makes too long', () => {
  it('is cut, and never within a character', () => {
    assert.equal(truncate('abc', 3), 'abc')
    assert.equal(truncate('abcd', 3), 'abc')
    assert.equal(truncate('ab\u{1f600}', 3), 'ab')
  })

  it('is cut in each place where they put it, so that a line stays short whatever they write', () => {
    const control = '\u0001'.repeat(11_300_000)
    const contextInfo = { stanzaId: MEGABYTE, mentionedJid: Array<string>(100_000).fill('1@lid') }
    const message = {
      key: { ...FROM, id: MEGABYTE },
      pushName: MEGABYTE,
      message: { extendedTextMessage: { text: control, contextInfo } },
      messageTimestamp: 1,
    }
    const shape = toInboundMessage(message, { ...AROUND, subject: MEGABYTE })
    assert(JSON.stringify(shape).length < 500_000)
    assert.match(shape?.text ?? '', /^\u0001{65536}$/)
  })

  it('is cut in lists too, and in what is quoted', () => {
    const many = <Item>(item: Item): Item[] => Array<Item>(100_000).fill(item)
    const contents: proto.IMessage[] = [
      { pollCreationMessageV3: { name: MEGABYTE, options: many({ optionName: 'a / b' }) } },
      { pollCreationMessageV3: { options: [{ optionName: '/'.repeat(1_000_000) }] } },
      { contactMessage: { displayName: MEGABYTE, vcard: 'TEL;waid=491511234567:1\n'.repeat(100_000) } },
      { contactMessage: { vcard: `FN:${MEGABYTE}` } },
      { contactsArrayMessage: { contacts: many({ displayName: 'Bo', vcard: 'TEL:+34600111223' }) } },
      { listMessage: { sections: many({ rows: [{ title: 'nine' }] }), description: MEGABYTE } },
      { interactiveMessage: { carouselMessage: { cards: many({ body: { text: 'card' } }) } } },
      { documentMessage: { fileName: MEGABYTE, caption: MEGABYTE } },
      { locationMessage: { name: MEGABYTE, address: MEGABYTE, comment: MEGABYTE } },
    ]
    for (const content of contents) {
      const quoting = { extendedTextMessage: { text: 'x', contextInfo: { quotedMessage: content } } }
      for (const message of [content, quoting]) {
        const shape = toInboundMessage({ key: { ...FROM, id: 'A' }, message }, AROUND)
        assert(shape)
        assertShape(shape)
      }
    }
  })

  it('has an id of its own, and one that replies to it names the same', () => {
    const shape = toInboundMessage(
      {
        key: { ...FROM, id: MEGABYTE },
        message: { extendedTextMessage: { text: 'hi', contextInfo: { stanzaId: MEGABYTE } } },
      },
      AROUND,
    )
    assert.equal(shape?.id, boundedId(MEGABYTE))
    assert.equal(shape.quotes, shape.id)
    assert.notEqual(boundedId(`${MEGABYTE}y`), shape.id)
    assert.equal(boundedId('3EB0AAAA'), '3EB0AAAA')
    assert.match(boundedId('3EB0AAAA/900@lid'), /^long:/)
  })

  it('is no time where there is none of that kind', () => {
    for (const messageTimestamp of [-5, Number.NaN, 1e18, Number.POSITIVE_INFINITY]) {
      const shape = toInboundMessage(
        { key: { ...FROM, id: 'A' }, message: { conversation: 'hi' }, messageTimestamp },
        AROUND,
      )
      assert.equal(shape?.sent_at, null)
    }
  })
})

describe('a message that nobody may read', () => {
  it('is told of by who sent it, where and when', () => {
    const message = {
      key: { ...FROM, id: 'A' },
      pushName: 'Ann',
      message: { conversation: 'words' },
      messageTimestamp: 7,
    }
    const shape = toUnreadableMessage(message, AROUND)
    assert.deepEqual(
      [shape?.id, shape?.chat, shape?.sent_at, shape?.answerable, shape?.note, shape?.kind, shape?.text, shape?.name],
      ['A', FROM.remoteJid, 7, false, 'set_aside', 'unreadable', '', ''],
    )
  })
})
