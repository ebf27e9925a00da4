import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { describe, it } from 'node:test'

import { proto } from 'baileys'

import { LONGEST_DETAILS, LONGEST_TEXT } from '../src/bounds.ts'
import { inbound } from '../src/inbound.ts'
import { sealedIn } from '../src/encrypted.ts'
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
        sealedIn(message)
        const admin = seed % 3 === 0
        const unsealed = { message, vote: { selectedOptions: [new Uint8Array(32)] }, details: 'a / b' }
        const shape = inbound({ key: { id: 'A', ...key }, message }, { ...AROUND, admin, unsealed })
        if (shape) assertShape(shape)
        kinds.set(shape?.kind ?? 'none', (kinds.get(shape?.kind ?? 'none') ?? 0) + 1)
        assert(JSON.stringify(shape).length < 6 * 2 * (LONGEST_TEXT + LONGEST_DETAILS) + 200_000)
      } catch (error) {
        throw new Error(about, { cause: error })
      }
    }
    if (MESSAGES >= 1_000) assert(kinds.size > 20, [...kinds.keys()].join(' '))
  })
})
