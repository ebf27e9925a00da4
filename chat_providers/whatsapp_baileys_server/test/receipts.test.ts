import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { parseReceipt } from '../src/connection/stanzas.ts'

const OWN = ['4910000001:3@s.whatsapp.net', '771:3@lid']
const PERSON = '4920000001@s.whatsapp.net'
const OTHER = '4920000002@s.whatsapp.net'
const GROUP = '12036@g.us'
const of = (attrs: Record<string, string>, content?: { tag: string; attrs: object }[]) =>
  parseReceipt({ tag: 'receipt', attrs: { id: 'A', ...attrs }, ...(content && { content }) } as never, OWN)

describe('a receipt', () => {
  it('speaks of the chat with whoever sends it', () => {
    assert.deepEqual(of({ from: `4920000001:2@s.whatsapp.net` }), {
      ids: ['A'],
      chat: PERSON,
      sender: '4920000001:2@s.whatsapp.net',
      own: false,
    })
  })

  it('of a group speaks of the group, for one who is named', () => {
    assert.deepEqual(of({ from: GROUP, participant: PERSON }), { ids: ['A'], chat: GROUP, sender: PERSON, own: false })
    assert.equal(of({ from: GROUP }), null)
  })

  it('of an own device speaks of the chat that it names', () => {
    assert.equal(of({ from: '771@lid', recipient: PERSON })?.chat, PERSON)
    assert.equal(of({ from: '771@lid', recipient: PERSON })?.own, true)
    assert.equal(of({ from: '771@lid' }), null)
  })

  it('of a contact names no chat but its own', () => {
    assert.equal(of({ from: PERSON, recipient: OTHER })?.chat, PERSON)
    assert.equal(of({ from: PERSON, participant: OTHER }), null)
    assert.equal(of({ from: PERSON, participant: '771@lid', recipient: OTHER }), null)
  })
})
