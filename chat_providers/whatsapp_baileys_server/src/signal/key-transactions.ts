import { AsyncLocalStorage } from 'node:async_hooks'

import type { SignalDataSet, SignalDataTypeMap, SignalKeyStore, SignalKeyStoreWithTransaction } from 'baileys'

interface Transaction {
  changes: SignalDataSet
  open: boolean
}

export interface TransactionalKeyStore extends SignalKeyStoreWithTransaction {
  /**
   * Runs a transaction whose changes are written after `precondition` has settled. The next transaction starts
   * meanwhile and sees these changes. Returns when they are durable. If `precondition` fails, nothing is written from
   * then on.
   */
  transactionAfter<Result>(work: () => Promise<{ result: Result; precondition: Promise<unknown> }>): Promise<Result>
}

/**
 * Adds transactions to the Signal key store of an account. They run one at a time and are durable before they return.
 *
 * Baileys' own transactions have two faults. They lock by unrelated keys (our own id to send, the sender's id to
 * receive), so two steps of one session can overwrite each other. And a send commits after its ciphertext was sent,
 * so a crash in between uses a message key twice. Both show "waiting for this message" on the contact's phone.
 * Therefore Baileys' Signal repository gets this store instead.
 */
export function withTransactions(store: SignalKeyStore): TransactionalKeyStore {
  const transactions = new AsyncLocalStorage<Transaction>()
  let last: Promise<unknown> = Promise.resolve()
  /** Changes that later transactions read but that are not yet passed to the store. */
  const unwritten: Changes = {}
  /** Settles when all changes so far are passed to the store. */
  let lastHandover: Promise<unknown> = Promise.resolve()

  /** Writes in the order of the calls, each after its `precondition`. */
  const write = (changes: SignalDataSet, precondition: Promise<unknown>): Promise<void> => {
    merge(unwritten, changes)
    const handover = Promise.all([lastHandover, precondition])
    lastHandover = handover
    return handover.then(() => {
      const durable = Promise.resolve(store.set(changes))
      // From now on the store returns these values.
      remove(unwritten, changes)
      return durable
    })
  }

  const current = (): SignalDataSet | undefined => {
    const transaction = transactions.getStore()
    // libsignal may run a later job in the async context of an earlier one, whose transaction has ended.
    return transaction?.open ? transaction.changes : undefined
  }

  const transactionAfter: TransactionalKeyStore['transactionAfter'] = async work => {
    if (current()) {
      const { result, precondition } = await work()
      await precondition
      return result
    }
    const started = last.then(async () => {
      const transaction: Transaction = { changes: {}, open: true }
      try {
        const { result, precondition } = await transactions.run(transaction, work)
        // Later transactions already read these changes. Only this caller waits until they are durable.
        const durable = write(transaction.changes, precondition)
        durable.catch(() => undefined)
        return { result, durable }
      } finally {
        transaction.open = false
      }
    })
    last = started.catch(() => undefined)
    const { result, durable } = await started
    await durable
    return result
  }

  return {
    transactionAfter,
    transaction: work => transactionAfter(async () => ({ result: await work(), precondition: Promise.resolve() })),
    isInTransaction: () => current() !== undefined,

    async get<T extends keyof SignalDataTypeMap>(kind: T, ids: string[]) {
      const known = [current()?.[kind], unwritten[kind]] as (Record<string, SignalDataTypeMap[T] | null> | undefined)[]
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

/** Removes values that have not been changed again. */
function remove(from: Changes, changes: SignalDataSet): void {
  for (const [kind, values] of Object.entries(changes)) {
    const kept = from[kind]
    if (!kept) continue
    for (const [id, value] of Object.entries(values)) if (kept[id] === value) Reflect.deleteProperty(kept, id)
  }
}
