/** Linking a companion to a phone, and unlinking it. */
import { randomBytes } from 'node:crypto'
import { Curve, hmacSign, proto, WA_ADV_ACCOUNT_SIG_PREFIX } from 'baileys'
import type { Connection } from './connection.ts'
import { Refusal } from './errors.ts'
import type { Network } from './network.ts'
import { Companion, type Person } from './people.ts'
import { newMessageId, SERVER, stanza, unixTime } from './stanzas.ts'

/** WhatsApp sends as many; Baileys shows the first for 60 s and each further one for 20 s (socket.js `genPairQR`). */
const QR_REFS = 6

/** What a phone learns about the companion that it is to link. */
export interface CompanionKeys {
  readonly noise: Buffer
  readonly identity: Buffer
  readonly advSecret: Buffer
}

export function offerQr(connection: Connection): void {
  const refs = Array.from({ length: QR_REFS }, () => `2@${randomBytes(24).toString('base64')}`)
  for (const ref of refs) connection.network.qrPairings.set(ref, connection)
  const parts = refs.map(ref => stanza('ref', {}, Buffer.from(ref)))
  connection.send(
    stanza('iq', { from: SERVER, type: 'set', id: newMessageId(), xmlns: 'md' }, [stanza('pair-device', {}, parts)])
  )
  connection.network.note('qr')
}

/** A phone scans a QR: `https://wa.me/settings/linked_devices#ref,noise,identity,advSecret,platform`. */
export function scan(network: Network, { qr, phone }: { qr: string; phone: string }): { jid: string } {
  const { connection, keys } = readQr(network, qr)
  return { jid: link(connection, network.people.person(phone), keys) }
}

/**
 * The phone scans the QR, and the server wants the owner's passkey before it goes on. Baileys 7.0.0-rc14 knows nothing
 * of this notification; its shape is the one that WhiskeySockets/Baileys pull requests 2689 and 2696 read.
 */
export function askForPasskey(network: Network, { qr }: { qr: string }): void {
  const challenge = randomBytes(32).toString('base64url')
  const options = { challenge, rpId: 'whatsapp.com', userVerification: 'required' }
  const attrs = { from: SERVER, type: 'passkey_prologue_request', id: newMessageId(), t: unixTime() }
  readQr(network, qr).connection.send(
    stanza('notification', attrs, [stanza('passkey_request_options', {}, Buffer.from(JSON.stringify(options)))])
  )
  network.note('passkey')
}

/** The server gives up on a client whose QR nobody scanned. */
export function endPairing(network: Network, { qr }: { qr: string }): void {
  readQr(network, qr).connection.end(stanza('xmlstreamend'))
}

/**
 * The account signs the companion's identity and proves with the shared secret that it is the phone that scanned; the
 * companion checks both (Baileys validate-connection.js `configureSuccessfulPairing`). An older companion of the same
 * account is unlinked: here a phone has one.
 */
export function link(connection: Connection, owner: Person, keys: CompanionKeys): string {
  unlink(owner)
  const companion = new Companion(owner, keys.noise)
  const account = owner.signal.identity
  const details = proto.ADVDeviceIdentity.encode({ rawId: 1, timestamp: Number(unixTime()), keyIndex: 1 }).finish()
  const vouched = Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, keys.identity])
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: account.public,
    accountSignature: Curve.sign(account.private, vouched)
  }).finish()
  const hmac = hmacSign(signed, keys.advSecret)
  const proven = proto.ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac }).finish()
  owner.companion = companion
  connection.linking = owner
  forgetPairing(connection)
  connection.send(
    stanza('iq', { from: SERVER, type: 'set', id: newMessageId(), xmlns: 'md' }, [
      stanza('pair-success', {}, [
        stanza('device-identity', {}, proven),
        stanza('platform', { name: 'android' }),
        stanza('device', { jid: companion.phoneJid, lid: companion.lidJid })
      ])
    ])
  )
  return companion.phoneJid
}

/** The companion signed in its turn; it has to come back and log in. */
export function completePairing(connection: Connection): void {
  connection.network.note('paired', { phone: connection.linking?.phone })
  connection.end(stanza('stream:error', { code: '515' }))
}

/** What a companion sees when its owner removes it from the list of linked devices. */
export function unlink(owner: Person): void {
  const { companion } = owner
  owner.companion = undefined
  companion?.retire()
  companion?.connection?.end(
    stanza('stream:error', { code: '401' }, [stanza('conflict', { type: 'device_removed' })])
  )
}

export function forgetPairing(connection: Connection): void {
  const { qrPairings, codePairings } = connection.network
  for (const [ref, waiting] of qrPairings) if (waiting === connection) qrPairings.delete(ref)
  for (const [phone, { connection: waiting }] of codePairings) if (waiting === connection) codePairings.delete(phone)
}

function readQr(network: Network, qr: string): { connection: Connection; keys: CompanionKeys } {
  const [ref = '', noise = '', identity = '', advSecret = ''] = qr.slice(qr.indexOf('#') + 1).split(',')
  const connection = network.qrPairings.get(ref)
  if (!connection) throw new Refusal('this QR is not, or no longer, valid')
  const bytes = (text: string) => Buffer.from(text, 'base64')
  return { connection, keys: { noise: bytes(noise), identity: bytes(identity), advSecret: bytes(advSecret) } }
}
