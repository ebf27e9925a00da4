import {
  configureSuccessfulPairing,
  getErrorCodeFromStreamError,
  S_WHATSAPP_NET,
  type AuthenticationCreds,
  type BinaryNode,
  type WASocket,
} from 'baileys'

import type { AuthState } from './auth-state.ts'
import { inOrder } from './in-order.ts'
import { Failure } from './protocol.ts'

const REMOVAL_MILLISECONDS = 5_000
const DEVICE_REMOVED = 401

/**
 * Has the credentials durable before this device signs that it takes the link. Baileys signs at once: a crash would
 * leave a device on the phone's list that nobody has the keys of.
 */
export function keepBeforeSigning(
  { ws }: WASocket,
  creds: AuthenticationCreds,
  state: AuthState,
  ended: AbortSignal,
): void {
  inOrder(ws, 'CB:iq,,pair-success', async (node: BinaryNode, hear) => {
    const linked = paired(node, creds)
    if (linked) await state.save(linked)
    if (!ended.aborted) hear()
  })
}

/** What Baileys will make of it, but for a signature of its own; undefined for what it will refuse. */
function paired(node: BinaryNode, creds: AuthenticationCreds): AuthenticationCreds | undefined {
  try {
    return { ...creds, ...configureSuccessfulPairing(node, creds).creds }
  } catch {
    return undefined
  }
}

/**
 * Returns when WhatsApp said that it has done it, as it may do by ending the connection. Baileys' own `logout` does not
 * wait for a word: over a line that is dead, the phone would go on listing the device.
 */
export async function removeDevice(socket: WASocket): Promise<void> {
  const jid = socket.authState.creds.me?.id
  if (!jid) return
  const removed = new Promise<void>(resolve => {
    socket.ws.on('CB:stream:error', (node: BinaryNode) => {
      if (getErrorCodeFromStreamError(node).statusCode === DEVICE_REMOVED) resolve()
    })
  })
  const removal = { tag: 'remove-companion-device', attrs: { jid, reason: 'user_initiated' } }
  const attrs = { id: socket.generateMessageTag(), to: S_WHATSAPP_NET, type: 'set', xmlns: 'md' }
  const asked = socket.query({ tag: 'iq', attrs, content: [removal] }, REMOVAL_MILLISECONDS).then(answer => {
    // What Baileys gives, or raises, when nobody answered.
    if (!answer) throw new Failure('not_connected', 'WhatsApp did not answer')
  })
  await Promise.race([removed, asked])
}
