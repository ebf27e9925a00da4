import { AsyncLocalStorage } from 'node:async_hooks'

import type { SignalDataSet, SignalDataTypeMap, SignalKeyStore, SignalKeyStoreWithTransaction } from 'baileys'

interface Scope {
  changes: SignalDataSet
  open: boolean
}

/**
 * Transactions over an account's Signal keys: one at a time, and durable before they return.
 *
 * Baileys' own transactions lock by unrelated names (sending: our own id; receiving: the sender's), so that sending
 * to and receiving from one contact at once loses one of two steps of the same session; and a send commits only
 * after its ciphertext has left, so that a crash in between uses a message key twice. Both end in "waiting for this
 * message" on the contact's phone. Signal's part of Baileys is therefore given this store instead.
 */
export function makeLedger(store: SignalKeyStore): SignalKeyStoreWithTransaction {
  const scopes = new AsyncLocalStorage<Scope>()
  let last: Promise<unknown> = Promise.resolve()

  const current = (): SignalDataSet | undefined => {
    const scope = scopes.getStore()
    // libsignal may run a later job in the async context of an earlier one, whose transaction is over.
    return scope?.open ? scope.changes : undefined
  }

  return {
    isInTransaction: () => current() !== undefined,

    async get<T extends keyof SignalDataTypeMap>(kind: T, ids: string[]) {
      const changed = current()?.[kind] as Record<string, SignalDataTypeMap[T] | null> | undefined
      if (!changed) return store.get(kind, ids)
      const missing = ids.filter(id => !(id in changed))
      const found = missing.length ? await store.get(kind, missing) : {}
      for (const id of ids) {
        const value = changed[id]
        if (value != null) found[id] = value
      }
      return found
    },

    async set(data) {
      const changes = current()
      if (!changes) return store.set(data)
      for (const [kind, values] of Object.entries(data)) {
        Object.assign(((changes as Record<string, object>)[kind] ??= {}), values)
      }
    },

    async transaction(work) {
      if (current()) return work()
      const turn = last.then(async () => {
        const scope: Scope = { changes: {}, open: true }
        try {
          const result = await scopes.run(scope, work)
          // Later turns read this from the store already; only this caller waits until it is durable.
          return { result, durable: Promise.resolve(store.set(scope.changes)) }
        } finally {
          scope.open = false
        }
      })
      last = turn.catch(() => undefined)
      const { result, durable } = await turn
      await durable
      return result
    },
  }
}
