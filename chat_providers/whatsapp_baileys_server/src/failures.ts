import { Failure } from './protocol.ts'

/** The HTTP-like code that Baileys' errors (Boom) carry. */
export function statusOf(error: unknown): number | undefined {
  const output = error instanceof Error && 'output' in error ? error.output : undefined
  const code = output && typeof output === 'object' && 'statusCode' in output ? output.statusCode : undefined
  return typeof code === 'number' ? code : undefined
}

/** What Baileys fails with while it prepares and writes a stanza. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return new Failure('not_connected', `not stored: ${error.message}`)
  const status = statusOf(error)
  if (status === 408 || status === 428) return new Failure('not_connected', 'the connection was lost')
  return new Failure('uncertain', `Baileys could not send it (${error instanceof Error ? error.name : 'Error'})`)
}
