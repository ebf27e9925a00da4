import {
  BufferJSON,
  initAuthCreds,
  proto,
  type AuthenticationCreds,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
} from 'baileys'

import type { TextCache } from './bounded.ts'
import { Failure, type Request, type StateEntry } from './protocol.ts'

type Ask = (request: Request) => Promise<unknown>
type Found = Record<string, string>
type Kind = keyof SignalDataTypeMap

/** Used once, or read once a connection: not worth a place in the cache. */
const NOT_CACHED = new Set(['pre-key', 'creds'])
/** UTF-16 units. In the names of group keys stand ids that their senders chose; no real one comes near. */
const LONGEST_KEY = 512
/**
 * What WhatsApp would tell again: nobody waits for these to be durable. As an account's writes are done in order,
 * nothing that builds on them is ever durable without them.
 */
const RELEARNABLE = new Set(['lid-mapping', 'device-list', 'tctoken'])

/**
 * An account's WhatsApp credentials and Signal keys, which live on the other side of the pipe.
 *
 * Reads of one tick travel together, and so do writes while an earlier one is under way. The other side does not make
 * reads wait for writes: what is on its way is known here.
 */
export class AuthState implements SignalKeyStore {
  readonly #ask: Ask
  readonly #cache: TextCache
  readonly #prefix: string
  /** On its way to be durable. */
  readonly #pending = new Map<string, string | null>()
  #last: Promise<unknown> = Promise.resolve()
  #writing: { entries: Map<string, StateEntry>; durable: Promise<unknown> } | undefined
  readonly #reading = new Map<string, { keys: Set<string>; found: Promise<Found> }>()

  constructor(account: string, ask: Ask, cache: TextCache) {
    this.#ask = ask
    this.#cache = cache
    this.#prefix = `${account}\n`
    cache.deleteAll(this.#prefix)
  }

  /** Fresh ones for an account that is not linked: what an unfinished pairing left behind would only be refused. */
  async credentials(): Promise<AuthenticationCreds> {
    const { creds } = await this.#read('creds', ['creds'])
    return creds === undefined ? initAuthCreds() : (decode(creds) as AuthenticationCreds)
  }

  /** Until the account is linked there is nothing worth keeping. */
  async save(creds: AuthenticationCreds): Promise<void> {
    if (creds.account) await this.#write([['creds', 'creds', encode(creds)]])
  }

  async get<T extends Kind>(kind: T, ids: string[]): Promise<Record<string, SignalDataTypeMap[T]>> {
    const found = await this.#read(kind, ids)
    return Object.fromEntries(Object.entries(found).map(([id, text]) => [id, revive(kind, text)]))
  }

  async set(data: SignalDataSet): Promise<void> {
    const entries = Object.entries(data).flatMap(([kind, values]) =>
      Object.entries(values)
        .filter(([id]) => id.length <= LONGEST_KEY)
        .map(([id, value]): StateEntry => [kind, id, value == null ? null : encode(value)]),
    )
    if (!entries.length) return
    const durable = this.#write(entries)
    if (entries.every(([kind]) => RELEARNABLE.has(kind))) durable.catch(() => undefined)
    else await durable
  }

  /**
   * The keys as one connection sees them. What is still at work for it when it has ended reads and writes nothing: the
   * next connection may be at work on the same keys.
   */
  until(ended: AbortSignal): SignalKeyStore {
    const check = (): void => {
      if (ended.aborted) throw new Failure('not_connected', 'the connection has ended')
    }
    return {
      get: async (kind, ids) => {
        check()
        return this.get(kind, ids)
      },
      set: async data => {
        check()
        await this.set(data)
      },
    }
  }

  /** When nothing is on its way any more. */
  async settled(): Promise<void> {
    await this.#last.catch(() => undefined)
  }

  async #read(kind: string, ids: string[]): Promise<Found> {
    const found: Found = {}
    const missing: string[] = []
    for (const id of ids) {
      const text = this.#known(this.#name(kind, id))
      if (text === undefined) missing.push(id)
      else if (text !== null) found[id] = text
    }
    if (missing.length) {
      const fetched = await this.#fetch(kind, missing)
      for (const id of missing) {
        const text = fetched[id]
        if (text !== undefined) found[id] = text
      }
    }
    return found
  }

  #fetch(kind: string, ids: string[]): Promise<Found> {
    const waiting = this.#reading.get(kind)
    if (waiting) {
      for (const id of ids) waiting.keys.add(id)
      return waiting.found
    }
    const keys = new Set(ids)
    const found = endOfTick().then(async () => {
      this.#reading.delete(kind)
      const answer = (await this.#ask({ type: 'read', kind, keys: [...keys] })) as Found
      for (const id of keys) {
        // What was written meanwhile is newer than what was read.
        if (this.#known(this.#name(kind, id)) === undefined) this.#remember(kind, id, answer[id] ?? null)
      }
      return answer
    })
    this.#reading.set(kind, { keys, found })
    return found
  }

  async #write(entries: StateEntry[]): Promise<void> {
    const batch = (this.#writing ??= this.#startBatch())
    for (const entry of entries) {
      const [kind, id, text] = entry
      const name = this.#name(kind, id)
      this.#pending.set(name, text)
      this.#remember(kind, id, text)
      batch.entries.set(name, entry)
    }
    try {
      await batch.durable
    } catch (error) {
      for (const [kind, id] of entries) this.#cache.delete(this.#name(kind, id))
      throw error
    } finally {
      for (const [kind, id, text] of entries) {
        const name = this.#name(kind, id)
        if (this.#pending.get(name) === text) this.#pending.delete(name)
      }
    }
  }

  #startBatch(): { entries: Map<string, StateEntry>; durable: Promise<unknown> } {
    const entries = new Map<string, StateEntry>()
    // One after the other: a write that is asked again must not undo one that came after it.
    const durable = Promise.allSettled([this.#last, endOfTick()]).then(() => {
      this.#writing = undefined
      return this.#ask({ type: 'write', entries: [...entries.values()] })
    })
    this.#last = durable
    return { entries, durable }
  }

  #known(name: string): string | null | undefined {
    const text = this.#pending.get(name)
    return text === undefined ? this.#cache.get(name) : text
  }

  #remember(kind: string, id: string, text: string | null): void {
    if (!NOT_CACHED.has(kind)) this.#cache.set(this.#name(kind, id), text)
  }

  #name(kind: string, id: string): string {
    return `${this.#prefix}${kind}\n${id}`
  }
}

const encode = (value: unknown): string => JSON.stringify(value, BufferJSON.replacer)
const decode = (text: string): unknown => JSON.parse(text, BufferJSON.reviver) as unknown

function revive<T extends Kind>(kind: T, text: string): SignalDataTypeMap[T] {
  const value = decode(text)
  // Baileys calls methods of this one.
  const made = kind === 'app-state-sync-key' ? proto.Message.AppStateSyncKeyData.fromObject(value as object) : value
  return made as SignalDataTypeMap[T]
}

/** After the promises that are ready now: what they ask for belongs to the same batch. */
const endOfTick = (): Promise<void> => new Promise(resolve => process.nextTick(resolve))
