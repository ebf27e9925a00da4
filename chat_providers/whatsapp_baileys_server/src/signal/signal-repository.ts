import { DEFAULT_CONNECTION_CONFIG, type SignalKeyStore, type SocketConfig } from 'baileys'

import { KeyedQueue } from '../common/keyed-queue.ts'
import { withTransactions } from './key-transactions.ts'
import { preserveUnusedSessions } from './preserve-sessions.ts'

type MakeRepository = SocketConfig['makeSignalRepository']

/**
 * libsignal has one queue per address for the whole process. If two accounts talk to the same contact, the job of the
 * second would run in the async context of the first, outside of its own transaction. This queue comes before it, so
 * that libsignal's queue is always empty.
 */
const addressQueue = new KeyedQueue()

/**
 * Makes Baileys' Signal repository store each message before the session that decrypted it.
 *
 * Baileys confirms a message to WhatsApp before it emits the message, and WhatsApp then forgets it. The only earlier
 * hook is the decryption. `forward` returns when the message is on its way to Python. When it is `durable` there, the
 * session is written, and then Baileys confirms the message. After a crash in between, WhatsApp delivers the message
 * again. The next message is decrypted in the meantime.
 */
export function makeSignalRepositoryFactory(
  store: SignalKeyStore,
  forward: (ciphertext: Uint8Array, plaintext: Uint8Array) => Promise<{ durable: Promise<unknown> }>,
): MakeRepository {
  return ({ creds }, logger, lookUp) => {
    const { keys, duringDecryption: whileReading } = preserveUnusedSessions(withTransactions(store))
    const inner = DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds, keys }, logger, lookUp)
    const exclusively = <Result>(jid: string, work: () => Promise<Result>): Promise<Result> =>
      keys.transaction(() => addressQueue.run(inner.jidToSignalProtocolAddress(jid), work), 'session')
    const forwardThenCommit = (ciphertext: Uint8Array, decrypt: () => Promise<Uint8Array>): Promise<Uint8Array> =>
      keys.transactionAfter(async () => {
        const plaintext = await decrypt()
        const { durable } = await forward(ciphertext, plaintext)
        return { result: plaintext, precondition: durable }
      })
    return {
      ...inner,
      decryptMessage: what => {
        const decrypt = (): Promise<Uint8Array> => inner.decryptMessage(what)
        // A message that starts a session ('pkmsg') also closes the current one.
        const sparingly = what.type === 'msg' ? (): Promise<Uint8Array> => whileReading(decrypt) : decrypt
        return forwardThenCommit(what.ciphertext, () => exclusively(what.jid, sparingly))
      },
      decryptGroupMessage: what => forwardThenCommit(what.msg, () => inner.decryptGroupMessage(what)),
      encryptMessage: what => exclusively(what.jid, () => inner.encryptMessage(what)),
      injectE2ESession: what => exclusively(what.jid, () => inner.injectE2ESession(what)),
    }
  }
}
