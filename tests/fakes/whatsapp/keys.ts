/**
 * Public keys as they travel: what a companion uploads for others, and what one who wants to write is given.
 * Shapes: Baileys Utils/signal.js `getNextPreKeysNode` (upload), `parseAndInjectE2ESessions` (fetch).
 */
import {
  encodeBigEndian,
  generateSignalPubKey,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  KEY_BUNDLE_TYPE,
  type BinaryNode
} from 'baileys'
import { bytesOf, stanza, unixTime } from './stanzas.ts'

export interface PublicKey {
  readonly id: number
  readonly value: Uint8Array
}

export interface SignedPublicKey extends PublicKey {
  readonly signature: Uint8Array
}

/** Enough to open a Signal session with one device. */
export interface Bundle {
  readonly registrationId: number
  readonly identity: Uint8Array
  readonly signedPreKey: SignedPublicKey
  readonly preKey?: PublicKey | undefined
}

/** A linked companion's keys at the server; each one-time key is given away once. */
export class UploadedKeys {
  private readonly registrationId: number
  private readonly identity: Buffer
  private signedPreKey: SignedPublicKey
  private readonly preKeys: PublicKey[] = []

  constructor(upload: BinaryNode) {
    this.registrationId = bytesOf(upload, 'registration').readUInt32BE()
    this.identity = bytesOf(upload, 'identity')
    this.signedPreKey = signedKeyIn(upload)
    this.add(upload)
  }

  get left(): number {
    return this.preKeys.length
  }

  add(upload: BinaryNode): void {
    this.preKeys.push(...getBinaryNodeChildren(getBinaryNodeChild(upload, 'list'), 'key').map(keyIn))
  }

  rotate(rotation: BinaryNode): void {
    this.signedPreKey = signedKeyIn(rotation)
  }

  /** Its one-time keys are all given away. */
  exhaust(): void {
    this.preKeys.length = 0
  }

  take(): Bundle {
    const { registrationId, identity, signedPreKey } = this
    return { registrationId, identity, signedPreKey, preKey: this.preKeys.shift() }
  }
}

/** The `<user>` that answers a question for keys. */
export function bundleStanza(jid: string, bundle: Bundle): BinaryNode {
  const { preKey, signedPreKey } = bundle
  return stanza('user', { jid, t: unixTime() }, [
    stanza('registration', {}, encodeBigEndian(bundle.registrationId)),
    stanza('type', {}, KEY_BUNDLE_TYPE),
    stanza('identity', {}, bundle.identity),
    ...(preKey ? [stanza('key', {}, keyParts(preKey))] : []),
    stanza('skey', {}, [...keyParts(signedPreKey), stanza('signature', {}, signedPreKey.signature)])
  ])
}

/** The bundle in the shape that Baileys' Signal repository takes. */
export function sessionOf(bundle: Bundle) {
  const { preKey, signedPreKey } = bundle
  return {
    registrationId: bundle.registrationId,
    identityKey: generateSignalPubKey(bundle.identity),
    signedPreKey: { ...signalKey(signedPreKey), signature: signedPreKey.signature },
    ...(preKey ? { preKey: signalKey(preKey) } : {})
  }
}

function signalKey(key: PublicKey) {
  return { keyId: key.id, publicKey: generateSignalPubKey(key.value) }
}

function keyParts(key: PublicKey): BinaryNode[] {
  return [stanza('id', {}, encodeBigEndian(key.id, 3)), stanza('value', {}, key.value)]
}

function keyIn(node: BinaryNode): PublicKey {
  return { id: bytesOf(node, 'id').readUIntBE(0, 3), value: bytesOf(node, 'value') }
}

function signedKeyIn(node: BinaryNode): SignedPublicKey {
  const key = getBinaryNodeChild(node, 'skey')
  if (!key) throw new Error(`<${node.tag}> has no <skey>`)
  return { ...keyIn(key), signature: bytesOf(key, 'signature') }
}
