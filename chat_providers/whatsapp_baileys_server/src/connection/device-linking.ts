import {
  configureSuccessfulPairing,
  getErrorCodeFromStreamError,
  S_WHATSAPP_NET,
  type AuthenticationCreds,
  type BinaryNode,
  type WASocket,
} from 'baileys'

import { orderListeners } from '../common/ordered-listeners.ts'
import { Failure } from '../protocol.ts'
import type { AuthState } from '../signal/auth-state.ts'

const PAIRING_CODE_MILLISECONDS = 15_000
const REMOVAL_MILLISECONDS = 5_000
const DEVICE_REMOVED = 401

/**
 * Makes the credentials durable before this device confirms the pairing. Baileys confirms at once, and a crash then
 * would leave a device on the phone whose keys are lost.
 */
export function saveCredentialsBeforePairing(
  { ws }: WASocket,
  creds: AuthenticationCreds,
  state: AuthState,
  ended: AbortSignal,
): void {
  orderListeners(ws, 'CB:iq,,pair-success', async (node: BinaryNode, hear) => {
    const linked = pairedCredentials(node, creds)
    if (linked) await state.saveCredentials(linked)
    if (!ended.aborted) hear()
  })
}

/**
 * Returns the credentials that Baileys will have, except for one signature. Undefined: Baileys will refuse the
 * pairing.
 */
function pairedCredentials(node: BinaryNode, creds: AuthenticationCreds): AuthenticationCreds | undefined {
  try {
    return { ...creds, ...configureSuccessfulPairing(node, creds).creds }
  } catch {
    return undefined
  }
}

/** Requests a pairing code and returns it when WhatsApp has accepted it. Rejects with a Failure. */
export async function requestPairingCode(socket: WASocket, phone: string): Promise<string> {
  const { ws } = socket
  const accepted = new Promise<void>((resolve, reject) => {
    const refuse = ({ content }: BinaryNode): void => {
      const [error] = Array.isArray(content) ? content : []
      reject(new Failure('refused', `WhatsApp gave no code (${error?.attrs.code ?? '?'})`))
    }
    setTimeout(() => reject(new Failure('not_now', 'WhatsApp did not answer')), PAIRING_CODE_MILLISECONDS)
    ws.once('CB:iq,type:result,link_code_companion_reg', () => resolve())
    ws.once('CB:iq,type:error', refuse)
  })
  accepted.catch(() => undefined)
  const code = await socket.requestPairingCode(phone)
  await accepted
  return code
}

/**
 * Returns when WhatsApp has removed this device; it may confirm that by closing the connection. Baileys' `logout`
 * waits for no answer: over a dead connection the phone would keep the device.
 */
export async function unlinkDevice(socket: WASocket): Promise<void> {
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
    // Baileys returns nothing or throws if no answer came.
    if (!answer) throw new Failure('not_connected', 'WhatsApp did not answer')
  })
  await Promise.race([removed, asked])
}
