/**
 * The server's side of WhatsApp's transport: Noise_XX_25519_AESGCM_SHA256 with the prologue `WA` 6 3, then frames of a
 * three-byte length and an AES-GCM ciphertext. The mirror image of Baileys Utils/noise-handler.js `makeNoiseHandler`.
 */
import {
  aesDecryptGCM,
  aesEncryptGCM,
  Curve,
  hkdf,
  NOISE_MODE,
  NOISE_WA_HEADER,
  proto,
  sha256
} from 'baileys'
import type { ServerIdentity } from './certificates.ts'

const NOTHING = Buffer.alloc(0)
const LENGTH_BYTES = 3

/** Cuts the byte stream into frames, and strips what a client sends before its first one. */
export class FrameReader {
  private rest: Buffer = NOTHING
  private introduced = false

  /** @returns the frames that `chunk` completes */
  push(chunk: Buffer): Buffer[] {
    this.rest = this.rest.length ? Buffer.concat([this.rest, chunk]) : chunk
    if (!this.introduced) {
      this.rest = withoutIntroduction(this.rest)
      this.introduced = true
    }
    const frames: Buffer[] = []
    while (this.rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.rest.readUIntBE(0, LENGTH_BYTES)
      if (this.rest.length < end) break
      frames.push(this.rest.subarray(LENGTH_BYTES, end))
      this.rest = this.rest.subarray(end)
    }
    return frames
  }
}

/** An optional routing header (`ED` 0 1, length, bytes), then the prologue; Baileys sends both with its first frame. */
function withoutIntroduction(bytes: Buffer): Buffer {
  const start = bytes.toString('latin1', 0, 2) === 'ED' ? 7 + bytes.readUIntBE(4, 3) : 0
  const end = start + NOISE_WA_HEADER.length
  if (!bytes.subarray(start, end).equals(NOISE_WA_HEADER)) throw new Error('not a WhatsApp client: wrong prologue')
  return bytes.subarray(end)
}

export function frame(payload: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(LENGTH_BYTES + payload.length)
  framed.writeUIntBE(payload.length, 0, LENGTH_BYTES)
  framed.set(payload, LENGTH_BYTES)
  return framed
}

/** The three messages of the handshake: `answer` takes the first and gives the second, `finish` takes the third. */
export class Handshake {
  private readonly identity: ServerIdentity
  private readonly ephemeral = Curve.generateKeyPair()
  private hash: Buffer = sha256Of(NOISE_MODE)
  private salt: Uint8Array = this.hash
  private key: Uint8Array = this.hash
  private counter = 0

  constructor(identity: ServerIdentity) {
    this.identity = identity
    this.absorb(NOISE_WA_HEADER)
  }

  answer(clientHello: Uint8Array): Uint8Array {
    const theirs = required(proto.HandshakeMessage.decode(clientHello).clientHello?.ephemeral)
    this.absorb(theirs)
    this.absorb(this.ephemeral.public)
    this.mix(Curve.sharedKey(this.ephemeral.private, theirs))
    const identityKey = this.seal(this.identity.keyPair.public)
    this.mix(Curve.sharedKey(this.identity.keyPair.private, theirs))
    const payload = this.seal(this.identity.certificates)
    return proto.HandshakeMessage.encode({
      serverHello: { ephemeral: this.ephemeral.public, static: identityKey, payload }
    }).finish()
  }

  finish(clientFinish: Uint8Array): { noiseKey: Buffer; payload: proto.ClientPayload; transport: Transport } {
    const message = proto.HandshakeMessage.decode(clientFinish).clientFinish
    const noiseKey = this.open(required(message?.static))
    this.mix(Curve.sharedKey(this.ephemeral.private, noiseKey))
    const payload = proto.ClientPayload.decode(this.open(required(message?.payload)))
    const [fromClient, toClient] = this.derive(NOTHING)
    return { noiseKey, payload, transport: new Transport(fromClient, toClient) }
  }

  private absorb(bytes: Uint8Array): void {
    this.hash = sha256Of(Buffer.concat([this.hash, bytes]))
  }

  private seal(plain: Uint8Array): Buffer {
    const sealed = aesEncryptGCM(plain, this.key, nonce(this.counter++), this.hash)
    this.absorb(sealed)
    return sealed
  }

  private open(sealed: Uint8Array): Buffer {
    const plain = aesDecryptGCM(sealed, this.key, nonce(this.counter++), this.hash)
    this.absorb(sealed)
    return plain
  }

  private mix(secret: Uint8Array): void {
    ;[this.salt, this.key] = this.derive(secret)
    this.counter = 0
  }

  private derive(secret: Uint8Array): [Uint8Array, Uint8Array] {
    const keys = hkdf(secret, 64, { salt: this.salt, info: '' })
    return [keys.subarray(0, 32), keys.subarray(32)]
  }
}

/** After the handshake: one key and one counter a direction. */
export class Transport {
  private readonly fromClient: Uint8Array
  private readonly toClient: Uint8Array
  private received = 0
  private sent = 0

  constructor(fromClient: Uint8Array, toClient: Uint8Array) {
    this.fromClient = fromClient
    this.toClient = toClient
  }

  open(sealed: Uint8Array): Buffer {
    return aesDecryptGCM(sealed, this.fromClient, nonce(this.received++), NOTHING)
  }

  seal(plain: Uint8Array): Buffer {
    return aesEncryptGCM(plain, this.toClient, nonce(this.sent++), NOTHING)
  }
}

function nonce(counter: number): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(counter, 8)
  return bytes
}

function sha256Of(bytes: Buffer | string): Buffer {
  // A protocol name of 32 bytes is its own first hash (Noise specification, 5.2).
  if (typeof bytes === 'string') return bytes.length === 32 ? Buffer.from(bytes) : sha256(Buffer.from(bytes))
  return sha256(bytes)
}

function required(bytes: Uint8Array | null | undefined): Uint8Array {
  if (!bytes) throw new Error('the handshake message lacks a field')
  return bytes
}
