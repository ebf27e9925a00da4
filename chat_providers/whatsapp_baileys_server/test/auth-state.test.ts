import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { BufferJSON, initAuthCreds, proto } from 'baileys'

import { TextCache } from '../src/common/bounded-cache.ts'
import { Failure, type Request, type StateEntry } from '../src/protocol.ts'
import { AuthState } from '../src/signal/auth-state.ts'

/** The other side of the pipe: a write takes longer than a read, as it does there. */
class Store {
  readonly kept = new Map<string, string>()
  readonly asked: Request[] = []
  trouble = false

  readonly ask = async (request: Request): Promise<unknown> => {
    this.asked.push(request)
    const steps = request.type === 'write' ? 3 : 1
    for (let step = 0; step < steps; step += 1) await new Promise(resolve => setImmediate(resolve))
    if (this.trouble) throw new Failure('failed', 'StorageError')
    if (request.type === 'write') request.entries.forEach(entry => this.#keep(entry))
    if (request.type !== 'read') return null
    const found = request.keys.map(key => [key, this.kept.get(`${request.kind}/${key}`)])
    return Object.fromEntries(found.filter(([, text]) => text !== undefined)) as unknown
  }

  #keep([kind, key, text]: StateEntry): void {
    if (text === null) this.kept.delete(`${kind}/${key}`)
    else this.kept.set(`${kind}/${key}`, text)
  }
}

function open(store: Store, characters = 1_000_000): AuthState {
  return new AuthState('a', store.ask, new TextCache(characters))
}

/** The parts of a session as libsignal serializes it. */
const SESSION = {
  _sessions: {
    'BQ==': {
      registrationId: 7,
      currentRatchet: { ephemeralKeyPair: { pubKey: 'BQ==', privKey: 'Bg==' }, previousCounter: 0, rootKey: 'Bw==' },
      indexInfo: { baseKey: 'BQ==', baseKeyType: 2, closed: -1, used: 1, created: 1, remoteIdentityKey: 'CA==' },
      _chains: { 'CQ==': { chainKey: { counter: 1 }, chainType: 2, messageKeys: { 0: 'Cg==' } }, 'Cw==': {} },
    },
  },
  version: 'v1',
}

describe('the credentials and keys of an account', () => {
  it('come back as they were, from the store alone', async () => {
    const store = new Store()
    const key = Buffer.from([1, 2, 255])
    await open(store).set({ 'device-list': { y: ['0', '7'] }, 'identity-key': { x: key } })
    const again = open(store)
    assert.deepEqual((await again.get('identity-key', ['x', 'z'])).x, key)
    assert.deepEqual(await again.get('device-list', ['y']), { y: ['0', '7'] })
  })

  it('come back as they were, whatever they contain', async () => {
    const data = {
      session: { '800_1.0': SESSION as never },
      'sender-key-memory': { 'g@g.us': { '800:1@lid': true } },
      'lid-mapping': { 49200: '800', '800_reverse': '"Buffer"' },
      'pre-key': { 7: { public: Buffer.from([1]), private: Buffer.from([2]) } },
      tctoken: { x: { token: Buffer.from([3]), timestamp: '1796000000' } },
    }
    const store = new Store()
    await open(store).set(data)
    const state = open(store)
    for (const [kind, values] of Object.entries(data)) {
      assert.deepEqual(await state.get(kind as keyof typeof data, Object.keys(values)), values)
      const text = store.kept.get(`${kind}/${Object.keys(values)[0]}`)
      assert.equal(text, JSON.stringify(Object.values(values)[0], BufferJSON.replacer), 'the stored format')
    }
  })

  it('come back with the methods that Baileys calls on them', async () => {
    const store = new Store()
    await open(store).set({ 'app-state-sync-key': { k: { keyData: Buffer.from([9]) } } })
    const { k } = await open(store).get('app-state-sync-key', ['k'])
    assert.ok(k instanceof proto.Message.AppStateSyncKeyData)
  })

  it('are written in one request when they change in one moment', async () => {
    const store = new Store()
    const state = open(store)
    const key = Buffer.from([1])
    await Promise.all([state.set({ 'identity-key': { x: key } }), state.set({ 'identity-key': { y: key, x: null } })])
    assert.equal(store.asked.length, 1)
    assert.deepEqual([...store.kept.keys()], ['identity-key/y'])
  })

  it('are written one after the other, and together what comes meanwhile', async () => {
    const store = new Store()
    const state = open(store)
    const write = async (step: number): Promise<void> => {
      await state.set({ 'identity-key': { x: Buffer.from([step]), [step]: Buffer.from([step]) } })
    }
    const first = write(1)
    await new Promise(resolve => setImmediate(resolve))
    const later = Promise.all([write(2), write(3)])
    assert.equal(store.asked.length, 1)
    await first
    assert.equal(store.kept.size, 2)
    await later
    assert.equal(store.asked.length, 2)
    assert.deepEqual((await open(store).get('identity-key', ['x'])).x, Buffer.from([3]))
  })

  it('are read in one request when they are wanted in one moment, and not again', async () => {
    const store = new Store()
    const state = open(store)
    await Promise.all([state.get('identity-key', ['x']), state.get('identity-key', ['y'])])
    await state.get('identity-key', ['x', 'y'])
    assert.deepEqual(store.asked, [{ type: 'read', kind: 'identity-key', keys: ['x', 'y'] }])
  })

  it('are read as they were just written, even when no place is left to remember them', async () => {
    const store = new Store()
    const state = open(store, 0)
    const key = Buffer.from([1])
    const written = state.set({ 'identity-key': { x: key } })
    assert.deepEqual(await state.get('identity-key', ['x']), { x: key })
    await written
  })

  it('are not believed to be written when they are not', async () => {
    const store = new Store()
    const state = open(store)
    const [old, next] = [Buffer.from([1]), Buffer.from([2])]
    await state.set({ 'identity-key': { x: old } })
    store.trouble = true
    await assert.rejects(async () => state.set({ 'identity-key': { x: next } }), Failure)
    store.trouble = false
    assert.deepEqual(await state.get('identity-key', ['x']), { x: old })
  })

  it('are waited for, but for what WhatsApp would tell again', async () => {
    const store = new Store()
    const state = open(store)
    await state.set({ 'lid-mapping': { x: 'y' } })
    assert.equal(store.kept.size, 0)
    await state.set({ 'identity-key': { x: Buffer.from([1]) } })
    assert.deepEqual([...store.kept.keys()], ['lid-mapping/x', 'identity-key/x'])
  })

  it('are not kept before the account is linked', async () => {
    const store = new Store()
    const state = open(store)
    const creds = initAuthCreds()
    await state.saveCredentials(creds)
    assert.equal(store.kept.size, 0)
    await state.saveCredentials({ ...creds, account: {} })
    assert.deepEqual((await open(store).credentials()).noiseKey, creds.noiseKey)
  })
})
