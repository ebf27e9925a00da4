/**
 * What a phone's Signal keeps and does, in bytes, so that it may live in a worker: in memory, around the same repository
 * that Baileys uses (Signal/libsignal.js).
 */
import { Curve, signedKeyPair, type KeyPair, type proto } from 'baileys'
import { makeLibSignalRepository } from 'baileys/lib/Signal/libsignal.js'
import { sessionOf, type Bundle } from './keys.ts'
import { MemoryKeys } from './memory_keys.ts'
import { SILENT } from './silence.ts'

export interface Own {
  readonly registrationId: number
  readonly identity: KeyPair
}

export interface Sealed {
  readonly type: string
  readonly ciphertext: Uint8Array
}

/**
 * Addresses are jids with a device, always in their LID form: for a phone number the repository would look for its LID
 * first, again and again. Not safe for concurrent calls: the phone that owns it takes turns.
 */
export class SignalState {
  private readonly own: Own
  private readonly signedPreKey
  private readonly keys = new MemoryKeys()
  private readonly repository
  private nextPreKey = 1

  constructor(own: Own) {
    this.own = own
    const { registrationId, identity } = own
    this.signedPreKey = signedKeyPair(identity, 1)
    const creds = { signedIdentityKey: identity, signedPreKey: this.signedPreKey, registrationId }
    this.repository = makeLibSignalRepository({ creds, keys: this.keys }, SILENT)
  }

  /** The keys for somebody who wants to write to this phone; the one-time key in it is new. */
  issueBundle(): Bundle {
    const preKey = Curve.generateKeyPair()
    const id = this.nextPreKey++
    this.keys.set({ 'pre-key': { [id]: preKey } })
    return {
      registrationId: this.own.registrationId,
      identity: this.own.identity.public,
      signedPreKey: {
        id: this.signedPreKey.keyId,
        value: this.signedPreKey.keyPair.public,
        signature: this.signedPreKey.signature
      },
      preKey: { id, value: preKey.public }
    }
  }

  async hasSession(address: string): Promise<boolean> {
    return (await this.repository.validateSession(address)).exists
  }

  /** With a bundle a session is begun first. */
  async encrypt(address: string, data: Uint8Array, bundle: Bundle | undefined): Promise<Sealed> {
    if (bundle) await this.repository.injectE2ESession({ jid: address, session: sessionOf(bundle) })
    return this.repository.encryptMessage({ jid: address, data })
  }

  async decrypt(address: string, { type, ciphertext }: Sealed): Promise<Uint8Array> {
    if (type !== 'pkmsg' && type !== 'msg') throw new Error(`a direct message cannot be of type ${type}`)
    return this.repository.decryptMessage({ jid: address, type, ciphertext })
  }

  /** The ciphertext for everybody in `group`, and the key that each device there must be sent once. */
  async encryptForGroup(
    group: string,
    own: string,
    data: Uint8Array
  ): Promise<{ ciphertext: Uint8Array; senderKey: Uint8Array }> {
    const sealed = await this.repository.encryptGroupMessage({ group, meId: own, data })
    return { ciphertext: sealed.ciphertext, senderKey: sealed.senderKeyDistributionMessage }
  }

  async decryptInGroup(group: string, author: string, ciphertext: Uint8Array): Promise<Uint8Array> {
    return this.repository.decryptGroupMessage({ group, authorJid: author, msg: ciphertext })
  }

  async learnSenderKey(author: string, item: proto.Message.ISenderKeyDistributionMessage): Promise<void> {
    await this.repository.processSenderKeyDistributionMessage({ authorJid: author, item })
  }

  async forgetSession(address: string): Promise<void> {
    await this.repository.deleteSession([address])
  }

  /** Nothing that was sent so far can be read any more, be it in a known session or with a key that was handed out. */
  forgetEverybody(): void {
    for (const kind of ['session', 'sender-key', 'pre-key'] as const) this.keys.drop(kind)
  }
}
