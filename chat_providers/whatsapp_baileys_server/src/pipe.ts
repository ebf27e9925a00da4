import type { Duplex } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

import { type Answer, type Call, type Command, type Event, Failure, type Request } from './protocol.ts'

/** In UTF-16 units. Input from outside is limited much earlier. Python reads lines of at most 64 MiB. */
const LONGEST_LINE = 2 ** 24

type Handler = (account: string, command: Command) => Promise<unknown>

interface PendingRequest {
  resolve: (value: unknown) => void
  reject: (error: Failure) => void
}

/** Exchanges JSON lines with Python over the inherited socket. */
export class Pipe {
  readonly #stream: Duplex
  readonly #handler: Handler
  readonly #pending = new Map<number, PendingRequest>()
  readonly #decoder = new StringDecoder('utf8')
  #lastCall = 0
  #partialLine = ''

  constructor(stream: Duplex, handler: Handler) {
    this.#stream = stream
    this.#handler = handler
    stream.on('data', (chunk: Buffer) => this.#read(this.#decoder.write(chunk)))
  }

  /** Rejects with a Failure. */
  request(account: string, body: Request): Promise<unknown> {
    const call = ++this.#lastCall
    const line = JSON.stringify({ call, account, body } satisfies Call<Request>)
    if (line.length > LONGEST_LINE) return Promise.reject(new Failure('refused', 'too long'))
    return new Promise((resolve, reject) => {
      this.#pending.set(call, { resolve, reject })
      this.#stream.write(line + '\n')
    })
  }

  notify(account: string, notice: Event): void {
    this.#write({ notice, account })
  }

  #write(line: object): void {
    this.#stream.write(JSON.stringify(line) + '\n')
  }

  #read(text: string): void {
    const lines = (this.#partialLine + text).split('\n')
    this.#partialLine = lines.pop() ?? ''
    for (const line of lines) this.#handleLine(line)
  }

  #handleLine(line: string): void {
    const parsed = JSON.parse(line) as Call<Command> | Answer
    if ('answer' in parsed) this.#handleAnswer(parsed)
    else void this.#handleCall(parsed)
  }

  #handleAnswer({ answer, value, error }: Answer): void {
    const waiting = this.#pending.get(answer)
    this.#pending.delete(answer)
    if (error) waiting?.reject(new Failure(error.code, error.detail, error.number))
    else waiting?.resolve(value)
  }

  async #handleCall({ call, account, body }: Call<Command>): Promise<void> {
    try {
      this.#write({ answer: call, value: (await this.#handler(account, body)) ?? null } satisfies Answer)
    } catch (error) {
      const told =
        error instanceof Failure
          ? { code: error.code, detail: error.message, number: error.number }
          : { code: 'failed' as const, detail: error instanceof Error ? error.name : 'Error' }
      this.#write({ answer: call, error: told } satisfies Answer)
    }
  }
}
