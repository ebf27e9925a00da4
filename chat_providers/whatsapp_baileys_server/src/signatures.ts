import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { createRequire } from 'node:module'

import { Bounded } from './bounded.ts'

type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

const ED25519_DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const PRIME = 2n ** 255n - 19n
const HOUR = 3600
const keys = new Bounded(1_000, HOUR)

/**
 * Has libsignal ask Node's own cryptography whether a signature is right: the JavaScript that it brings along takes some
 * ten milliseconds, and every message in a group has one. What Node does not find right, that JavaScript judges.
 */
export function verifyNatively(): void {
  const libsignal = createRequire(import.meta.resolve('libsignal'))
  const curve = libsignal('curve25519-js') as { verify: Verify }
  const slow = curve.verify
  curve.verify = (publicKey, message, signature) =>
    isRight(publicKey, message, signature) || slow(publicKey, message, signature)
}

/** XEdDSA: the key is Curve25519's, whose sign as a key of Ed25519 stands in the signature's last bit. */
export const isRight: Verify = (publicKey, message, signature) => {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const plain = Buffer.from(signature)
  const last = plain.readUInt8(63)
  plain.writeUInt8(last & 0x7f, 63)
  try {
    return verify(null, message, keyOf(publicKey, last & 0x80), plain)
  } catch {
    return false
  }
}

function keyOf(publicKey: Uint8Array, sign: number): KeyObject {
  const name = `${Buffer.from(publicKey).toString('base64')}${sign}`
  const known = keys.get<KeyObject>(name)
  if (known) return known
  const bytes = edwards(publicKey)
  bytes.writeUInt8(bytes.readUInt8(31) | sign, 31)
  const key = createPublicKey({ key: Buffer.concat([ED25519_DER_PREFIX, bytes]), format: 'der', type: 'spki' })
  keys.set(name, key)
  return key
}

/** y = (u - 1) / (u + 1), both with their lowest byte first. */
function edwards(publicKey: Uint8Array): Buffer {
  const u = BigInt(`0x${Buffer.from(publicKey).reverse().toString('hex')}`) & (2n ** 255n - 1n)
  const y = ((u - 1n + PRIME) * power(u + 1n, PRIME - 2n)) % PRIME
  return Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse()
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = base % PRIME
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % PRIME
    square = (square * square) % PRIME
  }
  return result
}
