/**
 * The least that a Baileys user could write: links accounts, and answers `re: ...` to every text. State is in memory.
 * It shows that the network works, and it is the floor that benchmarks measure against.
 *
 *     node bare_client.ts [ACCOUNTS] [PHONE-FOR-A-PAIRING-CODE]
 *
 * Prints JSON lines: {account, event: "qr", qr}, {account, event: "code", code}, {account, event: "open", jid},
 * {account, event: "close", code}, {account, event: "message", key, message}, {account, event: "resent", id},
 * {account, event: "passkey"}. Ends when its standard input does.
 */
import {
  DisconnectReason,
  extractMessageContent,
  initAuthCreds,
  makeWASocket,
  proto,
  type WAMessage,
  type WASocket
} from 'baileys'
import { MemoryKeys } from './memory_keys.ts'
import { hushConsole, SILENT } from './silence.ts'

const RETRY_MS = 20
const FINAL: unknown[] = [DisconnectReason.loggedOut, DisconnectReason.connectionReplaced, DisconnectReason.forbidden]

hushConsole()
const [accounts = '1', pairingPhone] = process.argv.slice(2)
for (let account = 0; account < Number(accounts); account++) start(account)
process.stdin.resume().on('end', () => process.exit())

function start(account: number): void {
  const auth = { creds: initAuthCreds(), keys: new MemoryKeys() }
  const sent = new Map<string, proto.IMessage>()
  connect()

  function connect(): void {
    const socket = makeWASocket({
      auth,
      logger: SILENT,
      emitOwnEvents: false,
      getMessage: ({ id }) => {
        tell('resent', { id })
        return Promise.resolve(id ? sent.get(id) : undefined)
      }
    })
    socket.ev.on('creds.update', update => void Object.assign(auth.creds, update))
    socket.ev.on('connection.update', update => {
      if (update.qr) void offer(socket, update.qr)
      if (update.connection === 'open') tell('open', { jid: socket.user?.id })
      if (update.connection === 'close') {
        const code = statusOf(update.lastDisconnect?.error)
        tell('close', { code })
        if (!FINAL.includes(code)) setTimeout(connect, code === DisconnectReason.restartRequired ? 0 : RETRY_MS)
      }
    })
    socket.ws.on('CB:notification,type:passkey_prologue_request', () => tell('passkey', {}))
    socket.ev.on('messages.upsert', ({ messages }) => {
      for (const message of messages) void answer(socket, message)
    })
  }

  async function offer(socket: WASocket, qr: string): Promise<void> {
    if (pairingPhone) tell('code', { code: await socket.requestPairingCode(pairingPhone) })
    else tell('qr', { qr })
  }

  async function answer(socket: WASocket, message: WAMessage): Promise<void> {
    const { key } = message
    const content = extractMessageContent(message.message)
    const text = content?.conversation || content?.extendedTextMessage?.text
    tell('message', { key, message: proto.WebMessageInfo.create(message) })
    if (!text || key.fromMe || !key.remoteJid || key.remoteJid.endsWith('@newsletter')) return
    try {
      const reply = await socket.sendMessage(key.remoteJid, { text: `re: ${text}` })
      if (reply?.key.id && reply.message) sent.set(reply.key.id, reply.message)
    } catch (error) {
      tell('unsent', { error: String(error) })
    }
  }

  function tell(event: string, facts: Record<string, unknown>): void {
    process.stdout.write(`${JSON.stringify({ account, event, ...facts })}\n`)
  }
}

function statusOf(error: (Error & { output?: { statusCode?: number } }) | undefined): number | undefined {
  return error?.output?.statusCode
}
