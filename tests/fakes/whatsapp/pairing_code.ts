/**
 * Linking by a code that the owner types on their phone. Both sides send an ephemeral key wrapped with the code, agree
 * on a secret, and derive from it the one that a QR would have shown (Baileys socket.js `requestPairingCode`,
 * messages-recv.js `link_code_companion_reg`).
 */
import { randomBytes } from 'node:crypto'
import {
  aesDecryptCTR,
  aesDecryptGCM,
  aesEncryptCTR,
  Curve,
  derivePairingCodeKey,
  hkdf,
  jidDecode,
  type BinaryNode
} from 'baileys'
import type { Connection } from './connection.ts'
import { Refusal } from './errors.ts'
import type { Network } from './network.ts'
import { link } from './pairing.ts'
import { bytesOf, newMessageId, SERVER, stanza, unixTime } from './stanzas.ts'

const SALT = 32
const COUNTER = 16
const KEY = 32
const GCM_NONCE = 12

interface Answer {
  readonly bundle: Buffer
  readonly identity: Buffer
}

export interface CodePairing {
  readonly connection: Connection
  readonly ref: Buffer
  /** The companion's ephemeral key: salt, counter, ciphertext. */
  readonly wrapped: Buffer
  readonly noise: Buffer
  /** Takes the companion's answer to the code that is being tried. */
  finish: (answer: Answer) => void
}

export function takeCompanionHello(connection: Connection, hello: BinaryNode): BinaryNode {
  const phone = jidDecode(hello.attrs.jid)?.user ?? ''
  const ref = randomBytes(16)
  connection.network.codePairings.set(phone, {
    connection,
    ref,
    wrapped: bytesOf(hello, 'link_code_pairing_wrapped_companion_ephemeral_pub'),
    noise: bytesOf(hello, 'companion_server_auth_key_pub'),
    finish: () => undefined
  })
  connection.network.note('pairing-code', { phone })
  return stanza('link_code_companion_reg', {}, [stanza('link_code_pairing_ref', {}, ref)])
}

export function takeCompanionFinish({ network }: Connection, finish: BinaryNode): void {
  network.codePairings.get(jidDecode(finish.attrs.jid)?.user ?? '')?.finish({
    bundle: bytesOf(finish, 'link_code_pairing_wrapped_key_bundle'),
    identity: bytesOf(finish, 'companion_identity_public')
  })
}

/** The owner types `code` on the phone. Throws Refusal for a number that nobody asked a code for, or a wrong code. */
export async function enterCode(
  network: Network,
  { phone, code }: { phone: string; code: string }
): Promise<{ jid: string }> {
  const pairing = network.codePairings.get(phone)
  if (!pairing) throw new Refusal(`nobody asked for a code for ${phone}`)
  const owner = network.people.person(phone)
  const { identity: account } = owner.signal
  const ephemeral = Curve.generateKeyPair()
  const theirs = await unwrap(pairing.wrapped, code)
  const answered = new Promise<Answer>(resolve => {
    pairing.finish = resolve
  })
  const attrs = { from: SERVER, type: 'link_code_companion_reg', id: newMessageId(), t: unixTime() }
  pairing.connection.send(
    stanza('notification', attrs, [
      stanza('link_code_companion_reg', { stage: 'primary_hello' }, [
        stanza('link_code_pairing_wrapped_primary_ephemeral_pub', {}, await wrap(ephemeral.public, code)),
        stanza('primary_identity_pub', {}, account.public),
        stanza('link_code_pairing_ref', {}, pairing.ref)
      ])
    ])
  )
  const { bundle, identity } = await answered
  const shared = Curve.sharedKey(ephemeral.private, theirs)
  const random = openBundle(bundle, shared)
  const secret = Buffer.concat([shared, Curve.sharedKey(account.private, identity), random])
  const advSecret = Buffer.from(hkdf(secret, KEY, { info: 'adv_secret' }))
  return { jid: link(pairing.connection, owner, { noise: pairing.noise, identity, advSecret }) }
}

/** @returns the random bytes at the end: companion's identity, phone's identity, random */
function openBundle(bundle: Buffer, shared: Buffer): Buffer {
  const salt = bundle.subarray(0, SALT)
  const nonce = bundle.subarray(SALT, SALT + GCM_NONCE)
  const key = hkdf(shared, KEY, { salt, info: 'link_code_pairing_key_bundle_encryption_key' })
  try {
    return aesDecryptGCM(bundle.subarray(SALT + GCM_NONCE), key, nonce, Buffer.alloc(0)).subarray(2 * KEY)
  } catch {
    throw new Refusal('the code is wrong')
  }
}

async function unwrap(wrapped: Buffer, code: string): Promise<Buffer> {
  const key = await derivePairingCodeKey(code, wrapped.subarray(0, SALT))
  return aesDecryptCTR(wrapped.subarray(SALT + COUNTER), key, wrapped.subarray(SALT, SALT + COUNTER))
}

async function wrap(plain: Uint8Array, code: string): Promise<Buffer> {
  const salt = randomBytes(SALT)
  const counter = randomBytes(COUNTER)
  const key = await derivePairingCodeKey(code, salt)
  return Buffer.concat([salt, counter, aesEncryptCTR(plain, key, counter)])
}
