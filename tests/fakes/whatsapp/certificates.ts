/**
 * How the server proves that it is WhatsApp: a leaf certificate for its static Noise key, under an intermediate one,
 * under the root. The client checks both signatures and that the intermediate's issuer is serial 0 (Baileys
 * Utils/noise-handler.js `processHandshake`).
 */
import { Curve, proto, type KeyPair } from 'baileys'
import { ROOT_KEY } from './root_key.mjs'

export interface ServerIdentity {
  readonly keyPair: KeyPair
  readonly certificates: Uint8Array
}

/** Once per server: an XEdDSA signature in JavaScript takes milliseconds. */
export function issueServerIdentity(): ServerIdentity {
  const keyPair = Curve.generateKeyPair()
  const intermediate = Curve.generateKeyPair()
  const certificates = proto.CertChain.encode({
    intermediate: certify(intermediate.public, 1, 0, ROOT_KEY.private),
    leaf: certify(keyPair.public, 2, 1, intermediate.private)
  }).finish()
  return { keyPair, certificates }
}

function certify(key: Uint8Array, serial: number, issuerSerial: number, issuer: Uint8Array) {
  const details = proto.CertChain.NoiseCertificate.Details.encode({ serial, issuerSerial, key }).finish()
  return { details, signature: Curve.sign(issuer, details) }
}
