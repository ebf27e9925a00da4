/** One phone's Signal state, in memory, around the same repository that Baileys uses (Signal/libsignal.js). */
import {
  Curve,
  encodeWAMessage,
  generateRegistrationId,
  proto,
  signedKeyPair,
  unpadRandomMax16
} from 'baileys'
import { makeLibSignalRepository } from 'baileys/lib/Signal/libsignal.js'
import { sessionOf, type Bundle } from './keys.ts'
import { MemoryKeys } from './memory_keys.ts'
import { SILENT } from './silence.ts'

export interface Sealed {
  readonly type: string
  readonly ciphertext: Uint8Array
}

/**
 * Addresses are jids with a device, always in their LID form: for a phone number the repository would look for its LID
 * first, again and again. Not safe for concurrent calls: the phone that owns it takes turns.
 */
export class Signal {
  readonly registrationId = generateRegistrationId()
  readonly identity = Curve.generateKeyPair()
  private readonly signedPreKey = signedKeyPair(this.identity, 1)
  private readonly keys = new MemoryKeys()
  private readonly repository = makeLibSignalRepository(
    {
      creds: {
        signedIdentityKey: this.identity,
        signedPreKey: this.signedPreKey,
        registrationId: this.registrationId
      },
      keys: this.keys
    },
    SILENT
  )
  private nextPreKey = 1

  /** The keys for somebody who wants to write to this phone; the one-time key in it is new. */
  issueBundle(): Bundle {
    const preKey = Curve.generateKeyPair()
    const id = this.nextPreKey++
    this.keys.set({ 'pre-key': { [id]: preKey } })
    return {
      registrationId: this.registrationId,
      identity: this.identity.public,
      signedPreKey: {
        id: this.signedPreKey.keyId,
        value: this.signedPreKey.keyPair.public,
        signature: this.signedPreKey.signature
      },
      preKey: { id, value: preKey.public }
    }
  }

  /** `bundle` is asked for only where there is no session yet. */
  async encrypt(address: string, message: proto.IMessage, bundle: () => Bundle): Promise<Sealed> {
    const { exists } = await this.repository.validateSession(address)
    if (!exists) await this.repository.injectE2ESession({ jid: address, session: sessionOf(bundle()) })
    return this.repository.encryptMessage({ jid: address, data: encodeWAMessage(message) })
  }

  async decrypt(address: string, { type, ciphertext }: Sealed): Promise<proto.Message> {
    if (type !== 'pkmsg' && type !== 'msg') throw new Error(`a direct message cannot be of type ${type}`)
    return decode(await this.repository.decryptMessage({ jid: address, type, ciphertext }))
  }

  /** The ciphertext for everybody in `group`, and the key that each device there must be sent once. */
  async encryptForGroup(
    group: string,
    own: string,
    message: proto.IMessage
  ): Promise<{ ciphertext: Uint8Array; senderKey: Uint8Array }> {
    const data = encodeWAMessage(message)
    const sealed = await this.repository.encryptGroupMessage({ group, meId: own, data })
    return { ciphertext: sealed.ciphertext, senderKey: sealed.senderKeyDistributionMessage }
  }

  async decryptInGroup(group: string, author: string, ciphertext: Uint8Array): Promise<proto.Message> {
    return decode(await this.repository.decryptGroupMessage({ group, authorJid: author, msg: ciphertext }))
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

function decode(padded: Uint8Array): proto.Message {
  return proto.Message.decode(unpadRandomMax16(padded))
}
