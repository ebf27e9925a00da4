import {
  BufferJSON,
  initAuthCreds,
  proto,
  type AuthenticationCreds,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
} from 'baileys'

import type { TextCache } from '../common/bounded-cache.ts'
import { Failure, type Request, type StateEntry } from '../protocol.ts'

type SendRequest = (request: Request) => Promise<unknown>
type StoredValues = Record<string, string>
type Kind = keyof SignalDataTypeMap

/** These are read once per key or once per connection, so a cache does not help. */
const UNCACHED_KINDS = new Set(['pre-key', 'creds'])
/** Values of these kinds contain no bytes. libsignal keeps the bytes of a session as base64 texts. */
const BUFFERLESS_KINDS = new Set(['session', 'sender-key-memory', 'device-list', 'lid-mapping'])
/** Each value that `BufferJSON` encoded as bytes contains this text. */
const BUFFER_MARK = '"Buffer"'
/** In UTF-16 units. Names of group keys contain ids that senders choose. Real ones are much shorter. */
const MAX_KEY_LENGTH = 512
/**
 * WhatsApp sends these again if they are lost, so callers do not wait until they are durable. Writes of an account
 * run in order, so nothing that depends on them becomes durable before them.
 */
const RECOVERABLE_KINDS = new Set(['lid-mapping', 'device-list', 'tctoken'])

/**
 * The WhatsApp credentials and Signal keys of an account. Python stores them.
 *
 * Reads of one tick are sent as one request. Writes that arrive while an earlier write is running are sent as one
 * request, too. Python does not make reads wait for writes, so unfinished writes are looked up here.
 */
export class AuthState implements SignalKeyStore {
  readonly #request: SendRequest
  readonly #cache: TextCache
  readonly #prefix: string
  /** Values that are being written. */
  readonly #pending = new Map<string, string | null>()
  #lastWrite: Promise<unknown> = Promise.resolve()
  #openBatch: { entries: Map<string, StateEntry>; durable: Promise<unknown> } | undefined
  readonly #openReads = new Map<string, { keys: Set<string>; found: Promise<StoredValues> }>()

  constructor(account: string, request: SendRequest, cache: TextCache) {
    this.#request = request
    this.#cache = cache
    this.#prefix = `${account}\n`
    cache.deleteAll(this.#prefix)
  }

  /**
   * Returns the stored credentials, or new ones if the account is not linked. Nothing of an unfinished pairing is
   * kept.
   */
  async credentials(): Promise<AuthenticationCreds> {
    const { creds } = await this.#read('creds', ['creds'])
    return creds === undefined ? initAuthCreds() : (decode(creds) as AuthenticationCreds)
  }

  /** Saves the credentials once the account is linked. Earlier ones are worthless. */
  async saveCredentials(creds: AuthenticationCreds): Promise<void> {
    if (creds.account) await this.#write([['creds', 'creds', encode('creds', creds)]])
  }

  async get<T extends Kind>(kind: T, ids: string[]): Promise<Record<string, SignalDataTypeMap[T]>> {
    const found = await this.#read(kind, ids)
    return Object.fromEntries(Object.entries(found).map(([id, text]) => [id, decodeKey(kind, text)]))
  }

  async set(data: SignalDataSet): Promise<void> {
    const entries = Object.entries(data).flatMap(([kind, values]) =>
      Object.entries(values)
        .filter(([id]) => id.length <= MAX_KEY_LENGTH)
        .map(([id, value]): StateEntry => [kind, id, value == null ? null : encode(kind, value)]),
    )
    if (!entries.length) return
    const durable = this.#write(entries)
    if (entries.every(([kind]) => RECOVERABLE_KINDS.has(kind))) durable.catch(() => undefined)
    else await durable
  }

  /**
   * Returns the keys for one connection. After its end they can neither be read nor written, because the next
   * connection may already use them.
   */
  forConnection(ended: AbortSignal): SignalKeyStore {
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

  /** Waits until no write is running. */
  async flush(): Promise<void> {
    await this.#lastWrite.catch(() => undefined)
  }

  async #read(kind: string, ids: string[]): Promise<StoredValues> {
    const found: StoredValues = {}
    const missing: string[] = []
    for (const id of ids) {
      const text = this.#lookUp(this.#cacheKey(kind, id))
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

  #fetch(kind: string, ids: string[]): Promise<StoredValues> {
    const waiting = this.#openReads.get(kind)
    if (waiting) {
      for (const id of ids) waiting.keys.add(id)
      return waiting.found
    }
    const keys = new Set(ids)
    const found = endOfTick().then(async () => {
      this.#openReads.delete(kind)
      const answer = (await this.#request({ type: 'read', kind, keys: [...keys] })) as StoredValues
      for (const id of keys) {
        // A value that was written in the meantime is newer than the one that was read.
        if (this.#lookUp(this.#cacheKey(kind, id)) === undefined) this.#cacheValue(kind, id, answer[id] ?? null)
      }
      return answer
    })
    this.#openReads.set(kind, { keys, found })
    return found
  }

  async #write(entries: StateEntry[]): Promise<void> {
    const batch = (this.#openBatch ??= this.#startBatch())
    for (const entry of entries) {
      const [kind, id, text] = entry
      const name = this.#cacheKey(kind, id)
      this.#pending.set(name, text)
      this.#cacheValue(kind, id, text)
      batch.entries.set(name, entry)
    }
    try {
      await batch.durable
    } catch (error) {
      for (const [kind, id] of entries) this.#cache.delete(this.#cacheKey(kind, id))
      throw error
    } finally {
      for (const [kind, id, text] of entries) {
        const name = this.#cacheKey(kind, id)
        if (this.#pending.get(name) === text) this.#pending.delete(name)
      }
    }
  }

  #startBatch(): { entries: Map<string, StateEntry>; durable: Promise<unknown> } {
    const entries = new Map<string, StateEntry>()
    // Writes run in sequence: a retried write must not undo a later one.
    const durable = Promise.allSettled([this.#lastWrite, endOfTick()]).then(() => {
      this.#openBatch = undefined
      return this.#request({ type: 'write', entries: [...entries.values()] })
    })
    this.#lastWrite = durable
    return { entries, durable }
  }

  #lookUp(name: string): string | null | undefined {
    const text = this.#pending.get(name)
    return text === undefined ? this.#cache.get(name) : text
  }

  #cacheValue(kind: string, id: string, text: string | null): void {
    if (!UNCACHED_KINDS.has(kind)) this.#cache.set(this.#cacheKey(kind, id), text)
  }

  #cacheKey(kind: string, id: string): string {
    return `${this.#prefix}${kind}\n${id}`
  }
}

/** The replacer and the reviver visit every value of a session, which takes longer than all other work on it. */
const encode = (kind: string, value: unknown): string =>
  JSON.stringify(value, BUFFERLESS_KINDS.has(kind) ? undefined : BufferJSON.replacer)
const decode = (text: string): unknown =>
  JSON.parse(text, text.includes(BUFFER_MARK) ? BufferJSON.reviver : undefined) as unknown

function decodeKey<T extends Kind>(kind: T, text: string): SignalDataTypeMap[T] {
  const value = decode(text)
  // Baileys calls methods of this type.
  const made = kind === 'app-state-sync-key' ? proto.Message.AppStateSyncKeyData.fromObject(value as object) : value
  return made as SignalDataTypeMap[T]
}

/** Waits for the promises that are ready now. Their requests join the same batch. */
const endOfTick = (): Promise<void> => new Promise(resolve => process.nextTick(resolve))
