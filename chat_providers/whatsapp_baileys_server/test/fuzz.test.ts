import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { describe, it } from 'node:test'

import { proto } from 'baileys'

import { MAX_DETAILS_LENGTH, MAX_TEXT_LENGTH } from '../src/common/limits.ts'
import { toInboundMessage } from '../src/content/inbound-message.ts'
import { findEncryptedAddon } from '../src/content/message-secrets.ts'
import { fuzzed, MESSAGE } from './helpers/fuzzed.ts'
import { ANN, AROUND, BOB, GROUP } from './helpers/messages.ts'
import { assertShape } from './helpers/shape.ts'

const MESSAGES = Number(process.env.FUZZ_MESSAGES ?? 2_000)
const SEED = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31))

describe('whatever a sender writes', () => {
  const fields = MESSAGE.fieldsArray
  const keys = [
    { remoteJid: ANN, fromMe: false },
    { remoteJid: ANN, fromMe: true },
    { remoteJid: GROUP, participant: BOB, fromMe: false },
    { remoteJid: '12@broadcast', participant: ANN, fromMe: false },
  ]

  it(`is told in one shape, of a bounded length (FUZZ_SEED=${SEED})`, () => {
    const kinds = new Map<string, number>()
    for (let number = 0; number < MESSAGES; number++) {
      const seed = SEED + number
      const field = fields[seed % fields.length]
      const key = keys[seed % keys.length]
      assert(field && key)
      const raw = MESSAGE.fromObject(fuzzed(seed, field))
      const message = proto.Message.decode(MESSAGE.encode(raw).finish())
      const about = `${field.name}, FUZZ_SEED=${seed} FUZZ_MESSAGES=1`
      try {
        findEncryptedAddon(message)
        const admin = seed % 3 === 0
        const decrypted = { message, vote: { selectedOptions: [new Uint8Array(32)] }, details: 'a / b' }
        const shape = toInboundMessage({ key: { id: 'A', ...key }, message }, { ...AROUND, admin, decrypted })
        if (shape) assertShape(shape)
        kinds.set(shape?.kind ?? 'none', (kinds.get(shape?.kind ?? 'none') ?? 0) + 1)
        assert(JSON.stringify(shape).length < 6 * 2 * (MAX_TEXT_LENGTH + MAX_DETAILS_LENGTH) + 200_000)
      } catch (error) {
        throw new Error(about, { cause: error })
      }
    }
    if (MESSAGES >= 1_000) assert(kinds.size > 20, [...kinds.keys()].join(' '))
  })
})
