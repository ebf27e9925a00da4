import type { Duplex } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

import { Failure, type Answer, type Call, type Command, type Event, type Request } from './protocol.ts'

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
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject })
      this.#write({ call, account, body } satisfies Call<Request>)
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
    for (const line of lines) {
      const parsed = JSON.parse(line) as Call<Command> | Answer
      if ('answer' in parsed) this.#settle(parsed)
      else void this.#answer(parsed)
    }
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
