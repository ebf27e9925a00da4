import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'

import { Presence, RENEW_MILLISECONDS, WATCH_MILLISECONDS } from '../src/connection/presence.ts'

const ANN = '49200@s.whatsapp.net'
const BOB = '49300@s.whatsapp.net'

describe('what contacts see of an account', () => {
  let said: string[]
  let end: AbortController
  let presence: Presence

  const say = (words: string): Promise<void> => {
    said.push(words)
    return Promise.resolve()
  }

  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  }

  /** What is said in so many milliseconds from now. */
  const later = async (milliseconds: number): Promise<string[]> => {
    said.length = 0
    mock.timers.tick(milliseconds)
    await settled()
    return said
  }

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
    said = []
    end = new AbortController()
    const wire = {
      sendPresenceUpdate: (type: string, to?: string) => say(to ? `${type} ${to}` : type),
      presenceSubscribe: (to: string) => say(`subscribe ${to}`),
    }
    presence = new Presence(wire, end.signal)
  })
  afterEach(() => mock.timers.reset())

  it('typing is shown until it is ended, and then the account is offline', async () => {
    await presence.setTyping(ANN, true)
    assert.deepEqual(said, ['available', `composing ${ANN}`])
    assert.deepEqual(await later(RENEW_MILLISECONDS), [`composing ${ANN}`])
    assert.deepEqual(await later(RENEW_MILLISECONDS), [`composing ${ANN}`])
    said.length = 0
    await presence.setTyping(ANN, false)
    assert.deepEqual(said, [`paused ${ANN}`, 'unavailable'])
    assert.deepEqual(await later(10 * RENEW_MILLISECONDS), [])
  })

  it('the account stays online as long as it types anywhere', async () => {
    await presence.setTyping(ANN, true)
    await presence.setTyping(BOB, true)
    said.length = 0
    await presence.setTyping(ANN, false)
    assert.deepEqual(said, [`paused ${ANN}`])
    assert.deepEqual(await later(RENEW_MILLISECONDS), [`composing ${BOB}`])
    presence.messageSent(BOB)
    assert.deepEqual(await later(RENEW_MILLISECONDS), ['unavailable'])
  })

  it('who is watched is seen for a while, unless something is sent there', async () => {
    await presence.subscribe(ANN)
    assert.deepEqual(said, ['available', `subscribe ${ANN}`])
    await later(WATCH_MILLISECONDS - 1)
    await presence.subscribe(ANN)
    assert.deepEqual(await later(WATCH_MILLISECONDS - 1), [])
    assert.deepEqual(await later(1), ['unavailable'])
    said.length = 0
    await presence.subscribe(ANN)
    assert.deepEqual(said, ['available'])
    presence.messageSent(ANN)
    assert.deepEqual(await later(0), ['unavailable'])
  })

  it('ends with the connection', async () => {
    await presence.setTyping(ANN, true)
    await presence.subscribe(BOB)
    end.abort()
    assert.deepEqual(await later(10 * RENEW_MILLISECONDS), [])
  })

  it('a slip of Baileys is corrected while the account is offline', async () => {
    presence.repeatUnavailable()
    assert.deepEqual(await later(0), ['unavailable'])
    await presence.setTyping(ANN, true)
    presence.repeatUnavailable()
    assert.deepEqual(await later(0), [])
  })
})
