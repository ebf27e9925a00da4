import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { BinaryNode } from 'baileys'

import { TheirClock, timeOf } from '../src/their-clock.ts'

const NOON = 1_780_000_000

function begun(): TheirClock {
  const clock = new TheirClock()
  assert.equal(clock.begin(NOON, 100), NOON)
  return clock
}

test('the same is told again once a minute', () => {
  const clock = begun()
  assert.equal(clock.heard(NOON + 30, 130), null)
  assert.equal(clock.heard(NOON + 61, 161), NOON + 61)
  assert.equal(clock.heard(NOON + 62, 162), null)
})

test('one stanza alone moves nothing', () => {
  const clock = begun()
  assert.equal(clock.heard(NOON + 86_400, 101), null)
  assert.equal(clock.heard(NOON + 2, 102), null)
  assert.equal(clock.heard(NOON + 86_403, 103), null)
  assert.equal(clock.heard(NOON + 62, 162), NOON + 62)
})

test('two that agree do, on and back', () => {
  const clock = begun()
  assert.equal(clock.heard(NOON + 3600, 110), null)
  assert.equal(clock.heard(NOON + 3601, 111), NOON + 3601)
  assert.equal(clock.heard(NOON + 12, 112), null)
  assert.equal(clock.heard(NOON + 13, 113), NOON + 13)
})

test('what may be from before never sets it back', () => {
  const clock = begun()
  assert.equal(clock.heard(NOON - 3600, 101, true), null)
  assert.equal(clock.heard(NOON - 3599, 102, true), null)
  assert.equal(clock.heard(NOON + 62, 162), NOON + 62)
})

test('what is no time is passed over', () => {
  const clock = begun()
  for (const nonsense of [NaN, -1, 0, 1.5, Infinity, 1e300]) {
    assert.equal(clock.heard(nonsense, 200), null)
    assert.equal(new TheirClock().begin(nonsense, 200), null)
  }
})

test('only what is of this moment tells the time', () => {
  const t = String(NOON)
  assert.equal(timeOf({ tag: 'ack', attrs: { t } }), NOON)
  assert.equal(timeOf({ tag: 'iq', attrs: { t } }), NOON)
  assert.equal(timeOf({ tag: 'message', attrs: { t } }), NOON)
  const silent: BinaryNode[] = [
    { tag: 'message', attrs: { t, offline: '1' } },
    { tag: 'receipt', attrs: { t } },
    { tag: 'ack', attrs: {} },
  ]
  for (const node of silent) assert.ok(Number.isNaN(timeOf(node)))
})
