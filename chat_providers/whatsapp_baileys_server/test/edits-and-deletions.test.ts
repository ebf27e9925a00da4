import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { proto } from 'baileys'

import { ANN, ANNS_LID, BOB, inGroup, ME, told, toldOf } from './helpers/messages.ts'

const { MESSAGE_EDIT, REVOKE } = proto.Message.ProtocolMessage.Type
const EDITED: proto.IMessage = {
  protocolMessage: {
    type: MESSAGE_EDIT,
    key: { remoteJid: ME, fromMe: true, id: 'OLD' },
    editedMessage: { extendedTextMessage: { text: 'at six?', contextInfo: { stanzaId: 'Q', expiration: 60 } } },
  },
}

describe('an edit', () => {
  it('is what the message says now, and names which it was', () => {
    for (const message of [EDITED, { editedMessage: { message: EDITED } }]) {
      const shape = told(message)
      assert.deepEqual([shape.kind, shape.text, shape.answerable, shape.note], ['text', 'at six?', true, null])
      assert.deepEqual(shape.changes, { message_id: 'OLD', how: 'edit', by_admin: false, author: null })
      assert.deepEqual([shape.id, shape.quotes, shape.expiration], ['NEW', 'Q', 60])
    }
  })

  it('of a caption has the new caption and what it belongs to', () => {
    const editedMessage = { imageMessage: { caption: 'my dog' } }
    const shape = told({ protocolMessage: { type: MESSAGE_EDIT, key: { id: 'OLD' }, editedMessage } })
    assert.deepEqual([shape.kind, shape.text, shape.unseen], ['image', 'my dog', 'picture'])
  })

  it('that comes as the message itself changes the one with its own id', () => {
    const shape = told({ editedMessage: { message: { conversation: 'at six?' } } })
    assert.deepEqual([shape.text, shape.changes?.message_id], ['at six?', 'NEW'])
  })

  it('without new words is one whose words are not known', () => {
    const shape = told({ protocolMessage: { type: MESSAGE_EDIT, key: { id: 'OLD' } } })
    assert.deepEqual([shape.kind, shape.text, shape.note, shape.changes?.message_id], ['unreadable', '', 'edit', 'OLD'])
  })

  it('that is encrypted and cannot be opened names what it changes all the same', () => {
    const secretEncryptedMessage = { targetMessageKey: { id: 'OLD' }, secretEncType: 2, encPayload: new Uint8Array(32) }
    const shape = told({ secretEncryptedMessage })
    assert.deepEqual([shape.kind, shape.text, shape.answerable, shape.note], ['unreadable', '', false, 'edit'])
    assert.deepEqual(shape.changes, { message_id: 'OLD', how: 'edit', by_admin: false, author: null })
  })

  it('within an edit is bounded', () => {
    let message: proto.IMessage = { conversation: 'deep' }
    for (let depth = 0; depth < 200; depth++) {
      message = { protocolMessage: { type: MESSAGE_EDIT, key: { id: `K${depth}` }, editedMessage: message } }
    }
    assert.deepEqual([told(message).kind, told(message).changes?.message_id], ['unsupported', 'K199'])
  })
})

describe('a deletion', () => {
  const deletion = (key: proto.IMessageKey): proto.IMessage => ({ protocolMessage: { type: REVOKE, key } })

  it('is a notice without words that names its message', () => {
    const shape = told(deletion({ remoteJid: ME, fromMe: true, id: 'OLD' }))
    assert.deepEqual([shape.kind, shape.text, shape.answerable, shape.note], ['notice', '', false, 'revoke'])
    assert.deepEqual(shape.changes, { message_id: 'OLD', how: 'delete', by_admin: false, author: null })
    assert.equal(toldOf(deletion({})), null)
  })

  it("is an admin's where it names another author and the sender is known to be one", () => {
    const by = (key: proto.IMessageKey, admin: boolean) =>
      told(deletion({ id: 'OLD', ...key }), { admin }, inGroup).changes?.by_admin
    assert.equal(by({ participant: BOB }, true), true)
    assert.equal(told(deletion({ id: 'OLD', participant: BOB }), { admin: true }, inGroup).changes?.author, BOB)
    assert.equal(by({ participant: BOB }, false), false)
    for (const participant of [ANN, ANNS_LID, '49200:3@s.whatsapp.net']) assert.equal(by({ participant }, true), false)
    assert.equal(by({ participant: BOB, fromMe: true }, true), false)
    assert.equal(by({}, true), false)
  })
})
