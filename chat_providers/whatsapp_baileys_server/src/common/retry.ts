import { setTimeout as pause } from 'node:timers/promises'

import { Failure } from '../protocol.ts'

const REPEAT_MILLISECONDS = 2_000

/**
 * Retries `attempt` until it succeeds, is refused or the connection ends. WhatsApp forgets a message at any receipt,
 * even one for a failure. It delivers a message again only if the connection sent no receipt at all.
 *
 * Without a connection (`ended` is undefined) it tries once. Rejects with a Failure.
 */
export async function retryWhileOpen<Value>(
  attempt: () => Promise<Value>,
  ended: AbortSignal | undefined,
): Promise<Value> {
  while (!ended?.aborted) {
    try {
      return await attempt()
    } catch (error) {
      if (!ended || isRefused(error)) throw error
      await pause(REPEAT_MILLISECONDS, undefined, { signal: ended }).catch(() => undefined)
    }
  }
  throw new Failure('not_connected', 'the connection was closed before it was done')
}

/** Tells whether retrying cannot help. */
export const isRefused = (error: unknown): boolean => error instanceof Failure && error.code === 'refused'
