import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import type { proto } from 'baileys'

import { toUnreadableMessage } from '../src/content/inbound-message.ts'
import { ANN, ANNS_LID, AROUND, BOB, GROUP, inGroup, ME, MY_LID, told, toldOf } from './helpers/messages.ts'

const text = (contextInfo: proto.IContextInfo): proto.IMessage => ({
  extendedTextMessage: { text: 'this one', contextInfo },
})

describe('what a message replies to', () => {
  it('is told as its sender quoted it, by the same table', () => {
    const message = { pollCreationMessageV3: { name: 'Which?', options: [{ optionName: 'A' }, { optionName: 'B' }] } }
    const shape = told(text({ stanzaId: 'Q', participant: ANN, quotedMessage: { ephemeralMessage: { message } } }))
    assert.equal(shape.quotes, 'Q')
    const author = { sender: ANN, sender_alt: ANNS_LID }
    assert.deepEqual(shape.quoted, { kind: 'poll', text: 'Which?', details: 'A / B', ...author })
  })

  it('is no reply to a reply: of a quote, only its own words are told', () => {
    const quotedMessage = text({ stanzaId: 'R', quotedMessage: { conversation: 'deeper' } })
    const shape = told(text({ stanzaId: 'Q', participant: BOB, quotedMessage }))
    assert.deepEqual(shape.quoted, { kind: 'text', text: 'this one', details: '', sender: BOB, sender_alt: null })
  })

  it('is in another place where it is a status post, or a message of a group answered in private', () => {
    for (const remoteJid of ['status@broadcast', GROUP]) {
      const shape = told(text({ stanzaId: 'Q', participant: ME, remoteJid, quotedMessage: { conversation: 'x' } }))
      assert.deepEqual([shape.quotes, shape.quoted?.text, shape.quoted?.sender_alt], [null, 'x', MY_LID])
    }
    assert.equal(told(text({ stanzaId: 'Q', remoteJid: GROUP }), {}, inGroup).quotes, 'Q')
    assert.equal(told(text({ stanzaId: 'Q', remoteJid: ANN })).quotes, 'Q')
  })

  it('may come without its content, or with an author who is nobody', () => {
    assert.equal(told(text({ stanzaId: 'Q' })).quoted, null)
    const shape = told(text({ stanzaId: 'Q', participant: 'x', quotedMessage: { conversation: 'y' } }))
    assert.deepEqual([shape.quoted?.sender, shape.quoted?.sender_alt], [null, null])
  })
})

describe('whom a message mentions', () => {
  it('is told by the name that the text has, each once, with the other one where it is known', () => {
    const mentionedJid = [MY_LID, '49300:2@s.whatsapp.net', BOB, 'x', ANN]
    const shape = told(text({ mentionedJid }), {}, inGroup)
    assert.deepEqual(shape.mentions, [
      { id: MY_LID, alt: ME, me: true },
      { id: BOB, alt: null, me: false },
      { id: ANN, alt: ANNS_LID, me: false },
    ])
    assert(shape.addressed)
  })
})

describe('what a message says of its chat', () => {
  it('is for how long it stays and whether it was forwarded, whatever its kind', () => {
    const contextInfo = { expiration: 86_400, isForwarded: true }
    const all = [text(contextInfo), { imageMessage: { contextInfo } }, { pollCreationMessageV3: { contextInfo } }]
    for (const message of all) {
      assert.deepEqual([told(message).expiration, told(message).forwarded], [86_400, true])
    }
    assert.deepEqual([told({ conversation: 'x' }).expiration, told({ conversation: 'x' }).forwarded], [null, false])
  })
})

describe('where a message belongs', () => {
  const LIST = '1759999999@broadcast'

  it("a contact's broadcast list is a direct message from them", () => {
    const shape = told({ conversation: 'party!' }, {}, { remoteJid: LIST, participant: ANN })
    assert.deepEqual([shape.chat, shape.chat_alt, shape.sender, shape.from_me], [ANN, ANNS_LID, ANN, false])
    assert.equal(shape.answerable, true)
  })

  it("the owner's list is no chat, by whichever of their names", () => {
    for (const participant of [ME, MY_LID]) {
      const key = { remoteJid: LIST, participant, fromMe: participant === ME }
      assert.equal(toldOf({ conversation: 'party!' }, {}, key), null)
    }
  })

  it('a status post is no message of its author', () => {
    assert.equal(toldOf({ conversation: 'post' }, {}, { remoteJid: 'status@broadcast', participant: ANN }), null)
  })

  it('a message without a time that can be is told without one', () => {
    const message = { key: { remoteJid: ANN, fromMe: false, id: 'A' }, messageTimestamp: Number.NaN }
    assert.equal(toUnreadableMessage(message, AROUND)?.sent_at, null)
  })

  it("the owner's message of any kind has its kind", () => {
    const poll = { pollCreationMessageV5: { name: 'when?', options: [{ optionName: 'Mon' }] } }
    const shape = told(poll, {}, { fromMe: true })
    assert.deepEqual([shape.from_me, shape.sender, shape.kind, shape.text], [true, ME, 'poll', 'when?'])
  })
})
