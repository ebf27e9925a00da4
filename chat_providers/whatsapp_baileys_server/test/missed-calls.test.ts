import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import type { BinaryNode } from 'baileys'

import { BoundedCache } from '../src/common/bounded-cache.ts'
import { missedCall } from '../src/connection/missed-calls.ts'
import { toInboundMessage } from '../src/content/inbound-message.ts'
import { ANN, ANNS_LID, AROUND, BOB, GROUP, ME, MY_LID } from './helpers/messages.ts'

type Signal = [tag: string, attrs?: Record<string, string>, media?: string]

/** What comes of signals of one call from Ann, in order. */
function outcomes(signals: Signal[], from: string = ANN): (string | null)[] {
  const calls = new BoundedCache(10, 60)
  return signals.map(([tag, attrs = {}, media]) => {
    const content = media ? [{ tag: media, attrs: {} }] : []
    const signal: BinaryNode = { tag, attrs: { 'call-id': 'C', 'call-creator': from, ...attrs }, content }
    const node = { tag: 'call', attrs: { from, id: 'S', t: '1796000000', notify: 'Ann' }, content: [signal] }
    const missed = missedCall(node, [ME, MY_LID], calls)
    const told = missed && toInboundMessage(missed, AROUND)
    return told ? [told.chat, told.sender, told.details, told.name].join(' ') : null
  })
}

describe('a call', () => {
  it('is missed when nobody took it until it was over', () => {
    const missed = `${ANN} ${ANN} missed call Ann`
    for (const reason of [{}, { reason: 'timeout' }, { reason: 'group_call_ended' }] as Record<string, string>[]) {
      assert.deepEqual(outcomes([['offer'], ['preaccept'], ['transport'], ['terminate', reason]]).at(-1), missed)
    }
    assert.deepEqual(outcomes([['terminate', { reason: 'timeout' }]]), [missed], 'its offer came to the process before')
    for (const offer of [
      ['offer', {}, 'video'],
      ['offer_notice', { media: 'video' }],
    ] as Signal[]) {
      assert.equal(outcomes([offer, ['terminate']])[1], `${ANN} ${ANN} missed video call Ann`)
    }
  })

  it('is none that was missed when somebody took or refused it, whatever is told of it later', () => {
    for (const reason of ['accepted_elsewhere', 'rejected_elsewhere']) {
      assert.deepEqual(outcomes([['offer'], ['terminate', { reason }], ['terminate']]), [null, null, null])
    }
    for (const tag of ['accept', 'reject']) {
      assert.deepEqual(outcomes([['offer'], [tag], ['offer'], ['terminate']]), [null, null, null, null])
    }
    assert.deepEqual(outcomes([['terminate']]), [null], 'nobody knows')
  })

  it("of the owner's own is never missed", () => {
    for (const own of [ME, MY_LID, ME.replace('@', ':7@')]) {
      assert.deepEqual(outcomes([['offer'], ['terminate', { reason: 'timeout' }]], own), [null, null])
    }
  })

  it('of a group is missed there, by whom WhatsApp names', () => {
    const told = outcomes([['offer', { 'group-jid': GROUP, 'call-creator': BOB }], ['terminate']], ANNS_LID)
    assert.equal(told[1], `${GROUP} ${ANNS_LID} missed call Ann`)
    const fromGroup = outcomes(
      [
        ['offer', { 'call-creator': ANN }],
        ['terminate', { 'call-creator': ANN }],
      ],
      GROUP,
    )
    assert.equal(fromGroup[1], `${GROUP} ${ANN} missed call Ann`)
  })

  it('may be told in any way', () => {
    const nothing = { tag: 'call', attrs: {}, content: [{ tag: 'terminate', attrs: { reason: 'timeout' } }] }
    for (const node of [nothing, { ...nothing, content: 'x' }, { tag: 'call', attrs: { from: ANN } }]) {
      assert.equal(missedCall(node, [ME], new BoundedCache(1, 1)), undefined)
    }
    assert.deepEqual(outcomes([['terminate', { reason: 'timeout' }]], 'call'), [null])
    const long = outcomes([
      ['offer', { 'call-id': 'x'.repeat(1e6) }],
      ['terminate', { 'call-id': 'x'.repeat(1e6) }],
    ])
    assert.notEqual(long[1], null)
  })
})
