import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { createRequire } from 'node:module'

import { BoundedCache } from '../common/bounded-cache.ts'

type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

const ED25519_DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const PRIME = 2n ** 255n - 19n
const HOUR = 3600
const keyCache = new BoundedCache(1_000, HOUR)

/**
 * Makes libsignal verify signatures with Node's crypto. Its own JavaScript takes about ten milliseconds, and every
 * group message has a signature. If Node rejects a signature, the JavaScript decides.
 */
export function useNativeVerification(): void {
  const libsignal = createRequire(import.meta.resolve('libsignal'))
  const curve = libsignal('curve25519-js') as { verify: Verify }
  const verifyInJavaScript = curve.verify
  curve.verify = (publicKey, message, signature) =>
    verifyXEdDSA(publicKey, message, signature) || verifyInJavaScript(publicKey, message, signature)
}

/** Verifies XEdDSA: the key is a Curve25519 key, and the last bit of the signature is its sign as an Ed25519 key. */
export const verifyXEdDSA: Verify = (publicKey, message, signature) => {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const plain = Buffer.from(signature)
  const last = plain.readUInt8(63)
  plain.writeUInt8(last & 0x7f, 63)
  try {
    return verify(null, message, toEd25519Key(publicKey, last & 0x80), plain)
  } catch {
    return false
  }
}

function toEd25519Key(publicKey: Uint8Array, sign: number): KeyObject {
  const name = `${Buffer.from(publicKey).toString('base64')}${sign}`
  const known = keyCache.get<KeyObject>(name)
  if (known) return known
  const bytes = montgomeryToEdwards(publicKey)
  bytes.writeUInt8(bytes.readUInt8(31) | sign, 31)
  const key = createPublicKey({ key: Buffer.concat([ED25519_DER_PREFIX, bytes]), format: 'der', type: 'spki' })
  keyCache.set(name, key)
  return key
}

/** Computes y = (u - 1) / (u + 1). Both are little-endian. */
function montgomeryToEdwards(publicKey: Uint8Array): Buffer {
  const u = BigInt(`0x${Buffer.from(publicKey).reverse().toString('hex')}`) & (2n ** 255n - 1n)
  const y = ((u - 1n + PRIME) * modularPower(u + 1n, PRIME - 2n)) % PRIME
  return Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse()
}

function modularPower(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = base % PRIME
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % PRIME
    square = (square * square) % PRIME
  }
  return result
}
