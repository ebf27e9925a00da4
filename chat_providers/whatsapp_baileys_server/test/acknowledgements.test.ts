import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { Acknowledgements } from '../src/connection/acknowledgements.ts'

const MINUTE = 60_000
const TO = '4920000001@s.whatsapp.net'
const written = (): Promise<void> => Promise.resolve()

describe('a message that was sent', () => {
  it('is sent when the server has it, even if the server is quicker than we are', async () => {
    const acks = new Acknowledgements(() => undefined)
    const write = async (): Promise<void> => {
      acks.confirmed(['A'])
      await written()
    }
    await acks.confirm('A', TO, write, MINUTE)
  })

  it('is refused when the server says so', async () => {
    const acks = new Acknowledgements(() => undefined)
    const sent = acks.confirm('A', TO, written, MINUTE)
    acks.rejected('A', '463')
    await assert.rejects(sent, { code: 'refused', message: /463/, number: 463 })
  })

  it('is not known to have arrived when the server stays silent or the connection breaks', async () => {
    const acks = new Acknowledgements(() => undefined)
    await assert.rejects(acks.confirm('A', TO, written, 1), { code: 'uncertain' })
    const sent = acks.confirm('B', TO, written, MINUTE)
    acks.connectionLost()
    await assert.rejects(sent, { code: 'uncertain' })
  })

  it('is known only by its own id', async () => {
    const acks = new Acknowledgements(() => undefined)
    const sent = acks.confirm('A', TO, written, 5)
    acks.confirmed(['B'])
    await assert.rejects(sent, { code: 'uncertain' })
  })

  it('is told of once when it turns out to have arrived after all, and only then', async () => {
    const late: string[] = []
    const acks = new Acknowledgements(ids => late.push(...ids))
    const sent = acks.confirm('A', TO, written, MINUTE)
    acks.confirmed(['A'])
    await sent
    await assert.rejects(acks.confirm('B', TO, written, 1), { code: 'uncertain' })
    for (const id of ['A', 'B', 'B', 'of an earlier life']) acks.confirmed([id])
    assert.deepEqual(late, ['B', 'of an earlier life'])
  })

  it('needs no answer of the server when the phone that it was for has it', async () => {
    const acks = new Acknowledgements(() => undefined)
    const sent = acks.confirm('A', TO, written, MINUTE)
    acks.confirmed(['A'])
    await sent
  })

  it('is not confirmed by a receipt from another chat', async () => {
    const late: [string, readonly string[]][] = []
    const acks = new Acknowledgements((ids, chat) =>
      late.push(...ids.map((id): [string, readonly string[]] => [id, chat])),
    )
    const sent = acks.confirm('A', TO, written, 5)
    acks.confirmed(['A'], ['4920000002@s.whatsapp.net', '772@lid'])
    await assert.rejects(sent, { code: 'uncertain' })
    const confirmed = acks.confirm('B', TO, written, MINUTE)
    acks.confirmed(['B'], [TO, '771@lid'])
    await confirmed
    assert.deepEqual(late, [])
  })

  it('is told of with the chat that says so, whatever another chat said before', () => {
    const late: [string, readonly string[]][] = []
    const acks = new Acknowledgements((ids, chat) =>
      late.push(...ids.map((id): [string, readonly string[]] => [id, chat])),
    )
    for (const chat of [['772@lid'], ['772@lid'], [TO], []]) acks.confirmed(['A'], chat)
    assert.deepEqual(late, [
      ['A', ['772@lid']],
      ['A', [TO]],
      ['A', []],
    ])
  })
})
