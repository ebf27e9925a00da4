import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'

import { Curve } from 'baileys'
import { verifySignature } from 'libsignal/src/curve.js'

import { useNativeVerification, verifyXEdDSA } from '../src/signal/native-signatures.ts'

useNativeVerification()

const prefixed = (key: Uint8Array): Buffer => Buffer.concat([Buffer.from([5]), key])

describe('a signature', () => {
  it('is right for its key and message alone', () => {
    for (let round = 0; round < 20; round += 1) {
      const { public: key, private: secret } = Curve.generateKeyPair()
      const message = randomBytes(round * 10 + 1)
      const signature = Curve.sign(secret, message)
      assert.equal(verifyXEdDSA(key, message, signature), true)
      assert.equal(verifySignature(prefixed(key), message, signature), true)
      const other = Buffer.from(message)
      other.writeUInt8(other.readUInt8(0) ^ 1, 0)
      assert.equal(verifyXEdDSA(key, other, signature), false)
      assert.equal(verifySignature(prefixed(key), other, signature), false)
      assert.equal(verifyXEdDSA(Curve.generateKeyPair().public, message, signature), false)
    }
  })

  it('of another length, or for a key that is none, is wrong', () => {
    const { public: key, private: secret } = Curve.generateKeyPair()
    const message = Buffer.from('hello')
    const signature = Buffer.from(Curve.sign(secret, message))
    assert.equal(verifyXEdDSA(key, message, signature.subarray(1)), false)
    assert.equal(verifyXEdDSA(key.subarray(1), message, signature), false)
    assert.equal(verifyXEdDSA(Buffer.alloc(32, 0xff), message, signature), false)
    assert.equal(verifyXEdDSA(Buffer.alloc(32), message, signature), false)
  })
})
