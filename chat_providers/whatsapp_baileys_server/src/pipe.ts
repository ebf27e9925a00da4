import type { Duplex } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

import { Failure, type Answer, type Call, type Command, type Event, type Request } from './protocol.ts'

/** UTF-16 units. What comes from outside is bounded long before; the other side reads lines of 64 MiB at most. */
const LONGEST_LINE = 2 ** 24

type Serve = (account: string, command: Command) => Promise<unknown>

interface Waiting {
  resolve: (value: unknown) => void
  reject: (error: Failure) => void
}

/** JSON lines over the inherited socket. */
export class Pipe {
  readonly #stream: Duplex
  readonly #serve: Serve
  readonly #waiting = new Map<number, Waiting>()
  readonly #decoder = new StringDecoder('utf8')
  #last = 0
  #rest = ''

  constructor(stream: Duplex, serve: Serve) {
    this.#stream = stream
    this.#serve = serve
    stream.on('data', (chunk: Buffer) => this.#read(this.#decoder.write(chunk)))
  }

  /** Rejects with a Failure. */
  ask(account: string, body: Request): Promise<unknown> {
    const call = ++this.#last
    const line = JSON.stringify({ call, account, body } satisfies Call<Request>)
    if (line.length > LONGEST_LINE) return Promise.reject(new Failure('refused', 'too long'))
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject })
      this.#stream.write(line + '\n')
    })
  }

  tell(account: string, notice: Event): void {
    this.#write({ notice, account })
  }

  #write(line: object): void {
    this.#stream.write(JSON.stringify(line) + '\n')
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#take(line)
  }

  #take(line: string): void {
    const parsed = JSON.parse(line) as Call<Command> | Answer
    if ('answer' in parsed) this.#settle(parsed)
    else void this.#answer(parsed)
  }

  #settle({ answer, value, error }: Answer): void {
    const waiting = this.#waiting.get(answer)
    this.#waiting.delete(answer)
    if (error) waiting?.reject(new Failure(error.code, error.detail, error.number))
    else waiting?.resolve(value)
  }

  async #answer({ call, account, body }: Call<Command>): Promise<void> {
    try {
      this.#write({ answer: call, value: (await this.#serve(account, body)) ?? null } satisfies Answer)
    } catch (error) {
      const told =
        error instanceof Failure
          ? { code: error.code, detail: error.message, number: error.number }
          : { code: 'failed' as const, detail: error instanceof Error ? error.name : 'Error' }
      this.#write({ answer: call, error: told } satisfies Answer)
    }
  }
}
