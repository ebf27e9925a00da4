/** Keeps the Signal state of phones in worker threads, so that many phones encrypt and decrypt on many processors. */
import { Worker } from 'node:worker_threads'
import { withBuffers } from './buffers.ts'
import type { Anywhere, Keeper } from './signal.ts'
import type { Own, SignalState } from './signal_state.ts'

/** A call of a method of one phone's state; `own` makes that state, before any other call. */
export interface Call {
  readonly id: number
  readonly phone: number
  readonly own?: Own
  readonly method?: keyof SignalState
  readonly given?: readonly unknown[]
}

export interface Outcome {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

export function keptInWorkers(count: number): Keeper {
  const workers = Array.from({ length: count }, () => new SignalWorker())
  let phones = 0
  return own => {
    const phone = phones++
    return (workers[phone % count] as SignalWorker).keep(phone, own)
  }
}

class SignalWorker {
  private readonly worker = new Worker(new URL('signal_worker.ts', import.meta.url))
  private readonly waiting = new Map<number, PromiseWithResolvers<unknown>>()
  private calls = 0

  constructor() {
    this.worker.on('message', (outcome: Outcome) => this.settle(outcome))
  }

  keep(phone: number, own: Own): Anywhere<SignalState> {
    const call = (method: keyof SignalState, given: readonly unknown[]) => this.ask({ phone, method, given })
    this.ask({ phone, own }).catch(() => undefined)
    return new Proxy({} as Anywhere<SignalState>, {
      get:
        (_, method) =>
        (...given: readonly unknown[]) =>
          call(method as keyof SignalState, given)
    })
  }

  private ask(call: Omit<Call, 'id'>): Promise<unknown> {
    const id = this.calls++
    const answer = Promise.withResolvers<unknown>()
    this.waiting.set(id, answer)
    this.worker.postMessage({ ...call, id })
    return answer.promise
  }

  private settle({ id, result, error }: Outcome): void {
    const answer = this.waiting.get(id)
    this.waiting.delete(id)
    if (error === undefined) answer?.resolve(withBuffers(result))
    else answer?.reject(new Error(error))
  }
}
