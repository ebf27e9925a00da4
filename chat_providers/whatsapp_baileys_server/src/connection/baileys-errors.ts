import { Failure } from '../protocol.ts'

/** Returns the HTTP-like code of Baileys' errors (Boom). */
export function statusCodeOf(error: unknown): number | undefined {
  const output = error instanceof Error && 'output' in error ? error.output : undefined
  const code = output && typeof output === 'object' && 'statusCode' in output ? output.statusCode : undefined
  return typeof code === 'number' ? code : undefined
}

/** Converts an error that Baileys threw while sending a stanza. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return new Failure('not_connected', `not stored: ${error.message}`)
  const status = statusCodeOf(error)
  if (status === 408 || status === 428) return new Failure('not_connected', 'the connection was lost')
  return new Failure('uncertain', `Baileys could not send it (${error instanceof Error ? error.name : 'Error'})`)
}
