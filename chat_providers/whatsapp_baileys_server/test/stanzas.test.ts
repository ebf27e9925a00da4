import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { broadcastRecipients, normalizeViewOnce } from '../src/connection/stanzas.ts'
import { ANN, ANNS_LID, BOB, ME, MY_LID } from './helpers/messages.ts'

const LIST = '1759999999@broadcast'

describe("the stanza of the owner's broadcast list", () => {
  const to = (jid: string, names: Record<string, string> = {}) => ({ tag: 'to', attrs: { jid, ...names } })
  const sent = (attrs: Record<string, string>, ...named: ReturnType<typeof to>[]) => ({
    tag: 'message',
    attrs,
    content: [
      { tag: 'enc', attrs: {}, content: new Uint8Array(1) },
      { tag: 'participants', attrs: {}, content: named },
    ],
  })

  it('names who gets it', () => {
    const node = sent({ from: LIST, participant: MY_LID }, to(ANNS_LID, { peer_recipient_pn: ANN }), to(BOB))
    assert.deepEqual(broadcastRecipients(node, [ME, MY_LID]), [
      { id: ANNS_LID, alt: ANN },
      { id: BOB, alt: undefined },
    ])
    const many = Array.from({ length: 5_000 }, () => to(BOB))
    assert.equal(broadcastRecipients(sent({ from: LIST, participant: ME }, ...many), [ME])?.length, 256)
    assert.deepEqual(broadcastRecipients({ tag: 'message', attrs: { from: LIST, participant: ME } }, [ME]), [])
  })

  it('is told from all others, whoever they name', () => {
    const all: Record<string, string>[] = [
      { from: LIST, participant: ANN },
      { from: 'status@broadcast', participant: ME },
      { from: ANN, participant: ME },
      { from: LIST },
    ]
    for (const attrs of all) assert.equal(broadcastRecipients(sent(attrs, to(BOB)), [ME, MY_LID]), null)
  })
})

describe('a message to be seen once that linked devices do not get', () => {
  it('is called what Baileys calls it', () => {
    const part = (type: string) => ({ tag: 'unavailable', attrs: { type } })
    const node = { tag: 'message', attrs: {}, content: [part('view_once_unavailable_fanout'), part('bot')] }
    normalizeViewOnce(node)
    assert.deepEqual(
      node.content.map(({ attrs }) => attrs.type),
      ['view_once', 'bot'],
    )
  })
})
