import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import {
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  generateRegistrationId,
  generateSignalPubKey,
  initAuthCreds,
  signedKeyPair,
  type AuthenticationCreds,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
} from 'baileys'

import { silent } from '../src/quiet.ts'
import { repositoryOver } from '../src/repository.ts'

const ANN = '555@lid'
type Repository = ReturnType<typeof DEFAULT_CONNECTION_CONFIG.makeSignalRepository>

const moment = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Says what becomes durable when, and takes its time to find what is asked for. */
class Memory implements SignalKeyStore {
  readonly #kept = new Map<string, unknown>()
  readonly #told: string[]

  constructor(told: string[] = []) {
    this.#told = told
  }

  async get<T extends keyof SignalDataTypeMap>(kind: T, ids: string[]): Promise<Record<string, SignalDataTypeMap[T]>> {
    await moment()
    const found = ids.map(id => [id, this.#kept.get(`${kind} ${id}`)]).filter(([, value]) => value != null)
    return Object.fromEntries(found) as Record<string, SignalDataTypeMap[T]>
  }

  set(data: SignalDataSet): void {
    for (const [kind, values] of Object.entries(data)) {
      for (const [id, value] of Object.entries(values)) this.#kept.set(`${kind} ${id}`, value)
    }
    if (data.session) this.#told.push('session')
  }
}

class Account {
  readonly told: string[] = []
  readonly creds: AuthenticationCreds = initAuthCreds()
  readonly repository: Repository

  constructor() {
    const handOver = async (): Promise<void> => {
      await moment()
      this.told.push('message')
    }
    const make = repositoryOver(new Memory(this.told), handOver)
    this.repository = make({ creds: this.creds, keys: transactionless() }, silent, undefined)
  }
}

/** A contact's phone that writes to an account. */
async function sealedFor({ creds }: Account): Promise<{ type: 'pkmsg' | 'msg'; ciphertext: Uint8Array }> {
  const identity = Curve.generateKeyPair()
  const own = { signedIdentityKey: identity, signedPreKey: signedKeyPair(identity, 1) }
  const phone = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(
    { creds: { ...own, registrationId: generateRegistrationId() }, keys: transactionless() },
    silent,
    undefined,
  )
  const { signedIdentityKey, signedPreKey, registrationId } = creds
  const session = {
    registrationId,
    identityKey: generateSignalPubKey(signedIdentityKey.public),
    signedPreKey: {
      keyId: signedPreKey.keyId,
      publicKey: generateSignalPubKey(signedPreKey.keyPair.public),
      signature: signedPreKey.signature,
    },
  }
  await phone.injectE2ESession({ jid: ANN, session })
  return phone.encryptMessage({ jid: ANN, data: Buffer.from('hello') })
}

const transactionless = () =>
  Object.assign(new Memory(), {
    isInTransaction: () => false,
    transaction: <Result>(work: () => Promise<Result>): Promise<Result> => work(),
  })

describe('a message that is decrypted', () => {
  it('is durable before its session, for each of several accounts that the same contact writes to', async () => {
    const accounts = [new Account(), new Account(), new Account()]
    const arrivals = accounts.map(async account => ({ account, sealed: await sealedFor(account) }))
    const messages = await Promise.all(arrivals)
    await Promise.all(
      messages.map(({ account, sealed }) => account.repository.decryptMessage({ jid: ANN, ...sealed })),
    )
    for (const { told } of accounts) assert.deepEqual(told, ['message', 'session'])
  })
})
