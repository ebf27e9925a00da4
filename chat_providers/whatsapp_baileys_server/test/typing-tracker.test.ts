import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import type { WAPresence } from 'baileys'

import { type TypingState, TypingTracker } from '../src/connection/typing-tracker.ts'

const ANN = '49200@s.whatsapp.net'
const BOB = '49300@s.whatsapp.net'
const ME = '49100@s.whatsapp.net'
const GROUP = '120363000000000001@g.us'

describe('who types', () => {
  const hear = (typists: TypingTracker, id: string, who: string, state: WAPresence): TypingState | null =>
    typists.update({ id, presences: { [who]: { lastKnownPresence: state } } }, new Set([ME]))

  it('writing and recording is typing, anything else is none', () => {
    const typists = new TypingTracker()
    for (const state of ['composing', 'recording'] as const) {
      assert.deepEqual(hear(typists, ANN, ANN, state), { chat: ANN, on: true })
      for (const end of ['paused', 'available', 'unavailable'] as const) {
        assert.deepEqual(hear(typists, ANN, ANN, end), { chat: ANN, on: false })
      }
    }
  })

  it('a group types until the last one has ended', () => {
    const typists = new TypingTracker()
    assert.deepEqual(hear(typists, GROUP, ANN, 'composing'), { chat: GROUP, on: true })
    assert.deepEqual(hear(typists, GROUP, BOB, 'composing'), { chat: GROUP, on: true })
    assert.deepEqual(hear(typists, GROUP, ANN, 'available'), { chat: GROUP, on: true })
    assert.deepEqual(hear(typists, GROUP, BOB, 'available'), { chat: GROUP, on: false })
  })

  it('the account itself is nobody', () => {
    assert.equal(hear(new TypingTracker(), GROUP, '49100:2@s.whatsapp.net', 'composing'), null)
  })
})
