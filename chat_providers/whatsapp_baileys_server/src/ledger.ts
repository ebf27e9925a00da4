import { AsyncLocalStorage } from 'node:async_hooks'

import type { SignalDataSet, SignalDataTypeMap, SignalKeyStore, SignalKeyStoreWithTransaction } from 'baileys'

interface Scope {
  changes: SignalDataSet
  open: boolean
}

export interface Ledger extends SignalKeyStoreWithTransaction {
  /**
   * A transaction whose changes are written after `first`, which is on its way when `work` is done. The next one begins
   * meanwhile, with these changes; returns when they are durable. Where `first` fails, nothing is written any more.
   */
  after<Result>(work: () => Promise<{ result: Result; first: Promise<unknown> }>): Promise<Result>
}

/**
 * Transactions over an account's Signal keys: one at a time, and durable before they return.
 *
 * Baileys' own transactions lock by unrelated names (sending: our own id; receiving: the sender's), so that sending
 * to and receiving from one contact at once loses one of two steps of the same session; and a send commits only
 * after its ciphertext has left, so that a crash in between uses a message key twice. Both end in "waiting for this
 * message" on the contact's phone. Signal's part of Baileys is therefore given this store instead.
 */
export function makeLedger(store: SignalKeyStore): Ledger {
  const scopes = new AsyncLocalStorage<Scope>()
  let last: Promise<unknown> = Promise.resolve()
  /** What later turns read, and the store has not been given yet. */
  const staged: Changes = {}
  /** When all was given to the store that was staged so far. */
  let given: Promise<unknown> = Promise.resolve()

  /** In the order of the calls, each after its `first`. */
  const write = (changes: SignalDataSet, first: Promise<unknown>): Promise<void> => {
    merge(staged, changes)
    const turn = Promise.all([given, first])
    given = turn
    return turn.then(() => {
      const durable = Promise.resolve(store.set(changes))
      // The store knows it from now on.
      remove(staged, changes)
      return durable
    })
  }

  const current = (): SignalDataSet | undefined => {
    const scope = scopes.getStore()
    // libsignal may run a later job in the async context of an earlier one, whose transaction is over.
    return scope?.open ? scope.changes : undefined
  }

  const after: Ledger['after'] = async work => {
    if (current()) {
      const { result, first } = await work()
      await first
      return result
    }
    const turn = last.then(async () => {
      const scope: Scope = { changes: {}, open: true }
      try {
        const { result, first } = await scopes.run(scope, work)
        // Later turns read this already; only this caller waits until it is durable.
        const durable = write(scope.changes, first)
        durable.catch(() => undefined)
        return { result, durable }
      } finally {
        scope.open = false
      }
    })
    last = turn.catch(() => undefined)
    const { result, durable } = await turn
    await durable
    return result
  }

  return {
    after,
    transaction: work => after(async () => ({ result: await work(), first: Promise.resolve() })),
    isInTransaction: () => current() !== undefined,

    async get<T extends keyof SignalDataTypeMap>(kind: T, ids: string[]) {
      const known = [current()?.[kind], staged[kind]] as (Record<string, SignalDataTypeMap[T] | null> | undefined)[]
      const found: Record<string, SignalDataTypeMap[T]> = {}
      const missing: string[] = []
      for (const id of ids) {
        const changed = known.find(changes => changes && id in changes)
        if (!changed) missing.push(id)
        else if (changed[id] != null) found[id] = changed[id]
      }
      return missing.length ? { ...(await store.get(kind, missing)), ...found } : found
    },

    async set(data) {
      const changes = current()
      if (changes) merge(changes, data)
      else await write(data, Promise.resolve())
    },
  }
}

type Changes = Record<string, Record<string, unknown>>

function merge(into: Changes, changes: SignalDataSet): void {
  for (const [kind, values] of Object.entries(changes)) Object.assign((into[kind] ??= {}), values)
}

/** What has not changed again since. */
function remove(from: Changes, changes: SignalDataSet): void {
  for (const [kind, values] of Object.entries(changes)) {
    const kept = from[kind]
    if (!kept) continue
    for (const [id, value] of Object.entries(values)) if (kept[id] === value) Reflect.deleteProperty(kept, id)
  }
}
