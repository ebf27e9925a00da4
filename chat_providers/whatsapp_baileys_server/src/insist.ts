import { setTimeout as pause } from 'node:timers/promises'

import { Failure } from './protocol.ts'

const REPEAT_MILLISECONDS = 2_000

/**
 * Asks until it is done, as long as the connection lasts that it is for. WhatsApp forgets a message at any answer,
 * even one that says it could not be read; what a connection did not answer at all is delivered again.
 *
 * `ended` is that connection's; without one, whoever wants an answer asks again. Rejects with a Failure.
 */
export async function insist<Value>(ask: () => Promise<Value>, ended: AbortSignal | undefined): Promise<Value> {
  while (!ended?.aborted) {
    try {
      return await ask()
    } catch (error) {
      if (!ended || isRefused(error)) throw error
      await pause(REPEAT_MILLISECONDS, undefined, { signal: ended }).catch(() => undefined)
    }
  }
  throw new Failure('not_connected', 'the connection was closed before it was done')
}

/** It will never be done, however often it is asked. */
export const isRefused = (error: unknown): boolean => error instanceof Failure && error.code === 'refused'
