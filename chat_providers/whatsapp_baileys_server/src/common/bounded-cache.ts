interface Entry {
  value: unknown
  expiresAt: number
}

/** A cache of at most `size` entries that expire after `seconds`. It drops the oldest entry first. */
export class BoundedCache {
  readonly #entries = new Map<string, Entry>()
  readonly #size: number
  readonly #milliseconds: number

  constructor(size: number, seconds: number) {
    this.#size = size
    this.#milliseconds = seconds * 1000
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- Baileys' signature
  get<T>(key: string): T | undefined {
    const kept = this.#entries.get(key)
    if (!kept) return undefined
    if (kept.expiresAt > performance.now()) return kept.value as T
    this.#entries.delete(key)
    return undefined
  }

  set(key: string, value: unknown): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, expiresAt: performance.now() + this.#milliseconds })
    if (this.#entries.size > this.#size) this.#entries.delete(oldest(this.#entries))
  }

  del(key: string): void {
    this.#entries.delete(key)
  }

  flushAll(): void {
    this.#entries.clear()
  }
}

/** An LRU cache of texts that holds at most `characters` in total. Null means that the key is known to be absent. */
export class TextCache {
  readonly #entries = new Map<string, string | null>()
  readonly #characters: number
  #held = 0

  constructor(characters: number) {
    this.#characters = characters
  }

  get(key: string): string | null | undefined {
    const text = this.#entries.get(key)
    if (text !== undefined) {
      this.#entries.delete(key)
      this.#entries.set(key, text)
    }
    return text
  }

  set(key: string, text: string | null): void {
    this.delete(key)
    this.#entries.set(key, text)
    this.#held += cost(key, text)
    while (this.#held > this.#characters) this.delete(oldest(this.#entries))
  }

  delete(key: string): void {
    const text = this.#entries.get(key)
    if (text === undefined) return
    this.#held -= cost(key, text)
    this.#entries.delete(key)
  }

  deleteAll(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.delete(key)
  }
}

const cost = (key: string, text: string | null): number => key.length + (text?.length ?? 0)

function oldest(map: Map<string, unknown>): string {
  return map.keys().next().value ?? ''
}
