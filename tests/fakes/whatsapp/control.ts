/** What a test may ask of the network, as JSON over HTTP; the README lists it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tellOfCall, type CallSignal } from './calls.ts'
import { saveContact, type Contact } from './contacts.ts'
import { Refusal } from './errors.ts'
import { renameGroup, type Group, type Renaming } from './groups.ts'
import { tellHistory, type Memory, type Past } from './history.ts'
import { ownerBroadcasts, ownerSays, post, say } from './messages.ts'
import type { Broadcast, OwnerSaying, Post, Saying } from './messages.ts'
import type { Network } from './network.ts'
import { askForPasskey, endPairing, scan, unlink } from './pairing.ts'
import { enterCode } from './pairing_code.ts'
import type { Connection } from './connection.ts'
import type { Person } from './people.ts'
import { type, type Typing } from './presence.ts'
import { sendReceipt, type Receipt } from './receipts.ts'
import { setClock, stanza } from './stanzas.ts'
import type { Trap } from './traps.ts'

type Query = Record<string, string>
/** A body's shape is its caller's promise; there is one, tests/fakes/whatsapp_network.py. */
type Command = (network: Network, body: never) => unknown
type Question = (network: Network, query: Query) => unknown

const commands: Record<string, Command> = {
  '/scan': scan,
  '/enter-code': enterCode,
  '/passkey': askForPasskey,
  '/end-pairing': endPairing,
  '/say': sayAll,
  '/owner': (network, saying: OwnerSaying) => ownerSays(network, saying),
  '/owner-broadcast': (network, saying: Broadcast) => ownerBroadcasts(network, saying),
  '/receipt': (network, receipt: Receipt) => sendReceipt(network, receipt),
  '/type': (network, typing: Typing) => type(network, typing),
  '/hide-reading': ({ people }, { phone, on }: Named & { on: boolean }) => void (people.person(phone).readsHidden = on),
  '/call': (network, signal: CallSignal) => tellOfCall(network, signal),
  '/remember': ({ people }, memory: Memory) => void (people.person(memory.phone).memory = memory),
  '/history': (network, past: Past) => tellHistory(network, past),
  '/newsletter': (network, item: Post) => post(network, item),
  '/groups': (network, group: Group) => void network.groups.set(group.id, group),
  '/prepare': async ({ people }, { phones }: { phones: readonly string[] }) => {
    await Promise.all(phones.map(phone => people.person(phone).signal.issueBundle()))
  },
  '/save-contact': (network, contact: Contact) => saveContact(network, contact),
  '/change-groups': ({ people }, { phone }: Named) => void (people.person(phone).groupsChanged = true),
  '/rename-group': (network, change: Renaming) => renameGroup(network, change),
  '/forget': (network, { phone }: Named) => void (network.people.person(phone).forgetful = true),
  '/switch-off': (network, { phone }: Named) => network.people.person(phone).switchOff(),
  '/switch-on': (network, { phone }: Named) => network.people.person(phone).switchOn(),
  '/traps': (network, traps: readonly Trap[]) => network.setTraps(traps),
  '/run-low': ({ people }, { phone }: Named) => people.person(phone).linked().runLow(),
  '/log-out': (network, { phone }: Named) => unlink(network.people.person(phone)),
  '/close': (network, { phone, code, politely }: Named & { code: string; politely: boolean }) => {
    const connection = connectionOf(network, phone)
    if (politely) closeWith(connection, code)
    else connection.sayAndFreeze(stanza('stream:error', { code }))
  },
  '/drop': (network, { phone }: Named) => connectionOf(network, phone).drop(),
  '/freeze': (network, { phone }: Named) => connectionOf(network, phone).freeze(),
  '/refuse-connections': (network, { on, status }: { on: boolean; status: number | null }) => {
    network.refusal = on ? (status ?? 0) : undefined
  },
  '/withhold-acks': ({ people }, { phone, on }: Named & { on: boolean }) => void (people.person(phone).unacked = on),
  '/lose-receipts': ({ people }, { phone, on }: Named & { on: boolean }) =>
    void (people.person(phone).unreceipted = on),
  '/clock': (_, { ahead }: { ahead: number }) => setClock(ahead),
  '/refuse-logins': ({ people }, { phone, code }: Failing) => {
    people.person(phone).loginFailure = code ?? undefined
  },
  '/refuse-messages': ({ people }, { phone, code }: Failing) => {
    people.person(phone).sendFailure = code ?? undefined
  }
}

const questions: Record<string, Question> = {
  '/inbox': ({ people }, { of = '', after = '0', wait = '0' }) =>
    people.person(of).inbox.read(Number(after), Number(wait)),
  '/log': ({ log }, { after = '0', wait = '0', kind }) => {
    const kinds = kind?.split(',')
    return log.read(Number(after), Number(wait), event => !kinds || kinds.includes(event.kind))
  },
  '/phones': ({ people }) => Array.from(people.all(), describePhone)
}

interface Named {
  readonly phone: string
}

interface Failing extends Named {
  /** null: it stops failing. */
  readonly code: string | null
}

/** Answers 200 with the result, 409 with the reason for what cannot be done, 500 for a mistake of the network's. */
export async function control(network: Network, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  try {
    const result = await answer(network, request, pathname, Object.fromEntries(searchParams))
    send(response, 200, result ?? {})
  } catch (error) {
    if (error instanceof Refusal) send(response, 409, { error: error.message })
    else send(response, 500, { error: error instanceof Error ? error.stack : String(error) })
  }
}

async function answer(network: Network, request: IncomingMessage, path: string, query: Query): Promise<unknown> {
  const handle = request.method === 'POST' ? commands[path] : undefined
  if (handle) return handle(network, JSON.parse(await bodyOf(request)) as never)
  const tell = request.method === 'GET' ? questions[path] : undefined
  if (!tell) throw new Refusal(`there is no ${request.method} ${path}`)
  return tell(network, query)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function send(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content))
}

/** One after the other, so that they arrive in this order. */
async function sayAll(network: Network, sayings: Saying[]) {
  const sent = []
  for (const saying of sayings) sent.push(await say(network, saying))
  return sent
}

/** As WhatsApp puts it: an unlinked device gets 401, a replaced one a conflict, anything else its code. */
function closeWith(connection: Connection, code: string): void {
  if (code === '401' && connection.account) unlink(connection.account)
  else if (code === '440') connection.end(stanza('stream:error', {}, [stanza('conflict', { type: 'replaced' })]))
  else connection.end(stanza('stream:error', { code }))
}

function connectionOf(network: Network, phone: string): Connection {
  const { connection } = network.people.person(phone).linked()
  if (!connection) throw new Refusal(`${phone}'s companion is not online`)
  return connection
}

function describePhone({ phone, lid, companion }: Person) {
  const queued = [...(companion?.queue.values() ?? [])].filter(({ node }) => node.tag === 'message')
  return {
    phone,
    lid,
    linked: companion !== undefined,
    online: companion?.connection !== undefined,
    logins: companion?.logins ?? 0,
    pre_keys: companion?.uploaded?.left ?? 0,
    queued: queued.length
  }
}
