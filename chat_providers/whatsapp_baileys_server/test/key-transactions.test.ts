import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import type { SignalDataSet, SignalDataTypeMap, SignalKeyStore } from 'baileys'

import { withTransactions } from '../src/signal/key-transactions.ts'

const tick = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Holds what is set at once, and says that it is durable a moment later, as the real one does. */
class Slow implements SignalKeyStore {
  readonly kept: Record<string, string> = {}
  durable = 0

  get<T extends keyof SignalDataTypeMap>(_kind: T, ids: string[]): Record<string, SignalDataTypeMap[T]> {
    const found = ids.filter(id => id in this.kept).map(id => [id, this.kept[id]])
    return Object.fromEntries(found) as Record<string, SignalDataTypeMap[T]>
  }

  async set(data: SignalDataSet): Promise<void> {
    for (const [id, value] of Object.entries(data['lid-mapping'] ?? {})) if (value !== null) this.kept[id] = value
    await tick()
    this.durable += 1
  }
}

describe('a transaction over Signal keys', () => {
  it('is durable when it returns', async () => {
    const store = new Slow()
    const ledger = withTransactions(store)
    await ledger.transaction(async () => ledger.set({ 'lid-mapping': { x: '1' } }), '')
    assert.deepEqual([store.kept, store.durable], [{ x: '1' }, 1])
  })

  it('loses no step when another one on the same key comes in between', async () => {
    const ledger = withTransactions(new Slow())
    const step = (): Promise<void> =>
      ledger.transaction(async () => {
        const { x = '0' } = await ledger.get('lid-mapping', ['x'])
        await tick()
        await ledger.set({ 'lid-mapping': { x: String(Number(x) + 1) } })
      }, Math.random().toString())
    await Promise.all([step(), step(), step()])
    assert.deepEqual(await ledger.get('lid-mapping', ['x']), { x: '3' })
  })

  it('sees its own changes, and nobody else does before its end', async () => {
    const store = new Slow()
    const ledger = withTransactions(store)
    await ledger.transaction(async () => {
      await ledger.set({ 'lid-mapping': { x: '1' } })
      assert.deepEqual(await ledger.get('lid-mapping', ['x']), { x: '1' })
      assert.deepEqual(store.kept, {})
    }, '')
    assert.deepEqual(store.kept, { x: '1' })
  })

  it('changes nothing when it fails, and lets the next one through', async () => {
    const store = new Slow()
    const ledger = withTransactions(store)
    const failing = ledger.transaction(async () => {
      await ledger.set({ 'lid-mapping': { x: '1' } })
      throw new Error('no')
    }, '')
    await assert.rejects(failing)
    assert.equal(await ledger.transaction(() => Promise.resolve('next'), ''), 'next')
    assert.deepEqual(store.kept, {})
  })

  it('joins the one it is called in', async () => {
    const store = new Slow()
    const ledger = withTransactions(store)
    await ledger.transaction(async () => {
      await ledger.transaction(async () => ledger.set({ 'lid-mapping': { x: '1' } }), '')
      assert.deepEqual(store.kept, {})
    }, '')
    assert.deepEqual(store.kept, { x: '1' })
  })
})
