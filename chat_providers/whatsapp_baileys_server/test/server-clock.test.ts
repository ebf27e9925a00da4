import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { BinaryNode } from 'baileys'

import { ServerClock, serverTimeOf } from '../src/connection/server-clock.ts'

const NOON = 1_780_000_000

function begun(): ServerClock {
  const clock = new ServerClock()
  assert.equal(clock.start(NOON, 100), NOON)
  return clock
}

test('the same is told again once a minute', () => {
  const clock = begun()
  assert.equal(clock.observe(NOON + 30, 130), null)
  assert.equal(clock.observe(NOON + 61, 161), NOON + 61)
  assert.equal(clock.observe(NOON + 62, 162), null)
})

test('one stanza alone moves nothing', () => {
  const clock = begun()
  assert.equal(clock.observe(NOON + 86_400, 101), null)
  assert.equal(clock.observe(NOON + 2, 102), null)
  assert.equal(clock.observe(NOON + 86_403, 103), null)
  assert.equal(clock.observe(NOON + 62, 162), NOON + 62)
})

test('two that agree do, on and back', () => {
  const clock = begun()
  assert.equal(clock.observe(NOON + 3600, 110), null)
  assert.equal(clock.observe(NOON + 3601, 111), NOON + 3601)
  assert.equal(clock.observe(NOON + 12, 112), null)
  assert.equal(clock.observe(NOON + 13, 113), NOON + 13)
})

test('what may be from before never sets it back', () => {
  const clock = begun()
  assert.equal(clock.observe(NOON - 3600, 101, true), null)
  assert.equal(clock.observe(NOON - 3599, 102, true), null)
  assert.equal(clock.observe(NOON + 62, 162), NOON + 62)
})

test('what is no time is passed over', () => {
  const clock = begun()
  for (const nonsense of [NaN, -1, 0, 1.5, Infinity, 1e300]) {
    assert.equal(clock.observe(nonsense, 200), null)
    assert.equal(new ServerClock().start(nonsense, 200), null)
  }
})

test('only what is of this moment tells the time', () => {
  const t = String(NOON)
  assert.equal(serverTimeOf({ tag: 'ack', attrs: { t } }), NOON)
  assert.equal(serverTimeOf({ tag: 'iq', attrs: { t } }), NOON)
  assert.equal(serverTimeOf({ tag: 'message', attrs: { t } }), NOON)
  const silent: BinaryNode[] = [
    { tag: 'message', attrs: { t, offline: '1' } },
    { tag: 'receipt', attrs: { t } },
    { tag: 'ack', attrs: {} },
  ]
  for (const node of silent) assert.ok(Number.isNaN(serverTimeOf(node)))
})
