import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { Acknowledgements } from '../src/acknowledgements.ts'

const MINUTE = 60_000
const written = (): Promise<void> => Promise.resolve()

describe('a message that was sent', () => {
  it('is sent when the server has it, even if the server is quicker than we are', async () => {
    const acks = new Acknowledgements()
    const write = async (): Promise<void> => {
      acks.settle('A', undefined)
      await written()
    }
    await acks.of('A', write, MINUTE)
  })

  it('is refused when the server says so', async () => {
    const acks = new Acknowledgements()
    const sent = acks.of('A', written, MINUTE)
    acks.settle('A', '463')
    await assert.rejects(sent, { code: 'refused', message: /463/ })
  })

  it('is not known to have arrived when the server stays silent or the connection breaks', async () => {
    const acks = new Acknowledgements()
    await assert.rejects(acks.of('A', written, 1), { code: 'uncertain' })
    const sent = acks.of('B', written, MINUTE)
    acks.abandon()
    await assert.rejects(sent, { code: 'uncertain' })
  })

  it('is known only by its own id', async () => {
    const acks = new Acknowledgements()
    const sent = acks.of('A', written, 5)
    acks.settle('B', undefined)
    await assert.rejects(sent, { code: 'uncertain' })
  })
})
