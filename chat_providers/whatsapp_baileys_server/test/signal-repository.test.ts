import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import {
  DEFAULT_CONNECTION_CONFIG,
  generateSignalPubKey,
  initAuthCreds,
  type AuthenticationCreds,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
} from 'baileys'

import { makeSignalRepositoryFactory } from '../src/signal/signal-repository.ts'
import { silentLogger } from '../src/silence-logs.ts'

const ANN = '555@lid'
const ME = '777@lid'
type Sealed = { type: 'pkmsg' | 'msg'; ciphertext: Uint8Array }
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
    const handOver = async (): Promise<{ durable: Promise<unknown> }> => {
      await moment()
      return { durable: moment().then(() => this.told.push('message')) }
    }
    const make = makeSignalRepositoryFactory(new Memory(this.told), handOver)
    this.repository = make({ creds: this.creds, keys: transactionless() }, silentLogger, undefined)
  }
}

/** A contact's phone, with Baileys' own repository. */
class Phone {
  readonly creds: AuthenticationCreds = initAuthCreds()
  readonly #repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(
    { creds: this.creds, keys: transactionless() },
    silentLogger,
    undefined,
  )

  /** From here on it writes in a new session, as after it asked WhatsApp for the account's keys. */
  async beginSession({ creds: { signedIdentityKey, signedPreKey, registrationId } }: Account): Promise<void> {
    const session = {
      registrationId,
      identityKey: generateSignalPubKey(signedIdentityKey.public),
      signedPreKey: {
        keyId: signedPreKey.keyId,
        publicKey: generateSignalPubKey(signedPreKey.keyPair.public),
        signature: signedPreKey.signature,
      },
    }
    await this.#repository.injectE2ESession({ jid: ME, session })
  }

  write(text: string): Promise<Sealed> {
    return this.#repository.encryptMessage({ jid: ME, data: Buffer.from(text) })
  }

  async read(sealed: Sealed): Promise<string> {
    return Buffer.from(await this.#repository.decryptMessage({ jid: ME, ...sealed })).toString()
  }
}

async function sealedFor(account: Account): Promise<Sealed> {
  const phone = new Phone()
  await phone.beginSession(account)
  return phone.write('hello')
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
    await Promise.all(messages.map(({ account, sealed }) => account.repository.decryptMessage({ jid: ANN, ...sealed })))
    for (const { told } of accounts) assert.deepEqual(told, ['message', 'session'])
  })
})

describe('a message in an older session', () => {
  it('leaves the newer one as it was, so that the contact can read the next answer', async () => {
    const account = new Account()
    const phone = new Phone()
    const { repository } = account
    const receive = (sealed: Sealed): Promise<Uint8Array> => repository.decryptMessage({ jid: ANN, ...sealed })
    const answer = (text: string): Promise<Sealed> => repository.encryptMessage({ jid: ANN, data: Buffer.from(text) })

    await phone.beginSession(account)
    await receive(await phone.write('first'))
    assert.equal(await phone.read(await answer('one')), 'one')
    const late = await phone.write('late')
    await phone.beginSession(account)
    await receive(await phone.write('second'))
    assert.equal(await phone.read(await answer('two')), 'two')

    assert.equal(Buffer.from(await receive(late)).toString(), 'late')
    assert.equal(await phone.read(await answer('three')), 'three')
    await receive(await phone.write('fourth'))
    assert.equal(await phone.read(await answer('four')), 'four')
  })
})
