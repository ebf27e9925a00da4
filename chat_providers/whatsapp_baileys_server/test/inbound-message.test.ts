import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

import type { WAMessage } from 'baileys'

import { type InboundContext, toInboundMessage } from '../src/content/inbound-message.ts'
import type { InboundMessage } from '../src/protocol.ts'

interface Case {
  name: string
  message: WAMessage
  around: InboundContext
  expected: InboundMessage | null
}

// The Python side is tested with the same file.
const file = new URL('../../../tests/integration/payloads/inbound.json', import.meta.url)
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[]

describe('what WhatsApp delivers is told as what it is', () => {
  for (const { name, message, around, expected } of cases) {
    it(name, () => assert.deepEqual(toInboundMessage(message, around), expected))
  }
})
