import { DEFAULT_CONNECTION_CONFIG, type SignalKeyStore, type SocketConfig } from 'baileys'

import { makeLedger } from './ledger.ts'
import { sparing } from './sessions.ts'
import { Turns } from './turns.ts'

type MakeRepository = SocketConfig['makeSignalRepository']

/**
 * libsignal does one thing at a time for one address, whoever asks: an account of this process waits for another one
 * that talks to the same contact, and its work is then done in the other's async context, outside of its own
 * transaction. Who takes a turn first finds libsignal free.
 */
const libsignal = new Turns()

/**
 * Baileys' Signal repository over a ledger of our own, which hands a message over before its session moves on.
 *
 * Baileys confirms a message to WhatsApp, which then forgets it, before it emits it. The one step before that which
 * it lets us into is decryption: `handOver` returns when the message is on its way to the other side. When it is
 * `durable` there, the session becomes so, then Baileys confirms. A crash anywhere in between makes WhatsApp deliver the
 * message once more. The next message is decrypted meanwhile.
 */
export function repositoryOver(
  store: SignalKeyStore,
  handOver: (ciphertext: Uint8Array, plaintext: Uint8Array) => Promise<{ durable: Promise<unknown> }>,
): MakeRepository {
  return ({ creds }, logger, lookUp) => {
    const { keys, whileReading } = sparing(makeLedger(store))
    const inner = DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds, keys }, logger, lookUp)
    const alone = <Result>(jid: string, work: () => Promise<Result>): Promise<Result> =>
      keys.transaction(() => libsignal.take(inner.jidToSignalProtocolAddress(jid), work), 'session')
    const handedOver = (ciphertext: Uint8Array, decrypt: () => Promise<Uint8Array>): Promise<Uint8Array> =>
      keys.after(async () => {
        const plaintext = await decrypt()
        const { durable } = await handOver(ciphertext, plaintext)
        return { result: plaintext, first: durable }
      })
    return {
      ...inner,
      decryptMessage: what => {
        const decrypt = (): Promise<Uint8Array> => inner.decryptMessage(what)
        // A message that begins a session ('pkmsg') also ends the one in use.
        const sparingly = what.type === 'msg' ? (): Promise<Uint8Array> => whileReading(decrypt) : decrypt
        return handedOver(what.ciphertext, () => alone(what.jid, sparingly))
      },
      decryptGroupMessage: what => handedOver(what.msg, () => inner.decryptGroupMessage(what)),
      encryptMessage: what => alone(what.jid, () => inner.encryptMessage(what)),
      injectE2ESession: what => alone(what.jid, () => inner.injectE2ESession(what)),
    }
  }
}
