/**
 * What a linked companion sends: the server acknowledges it and hands it to the phones it names; each phone decrypts,
 * keeps it in its inbox and answers with a receipt, or asks for a retry (Baileys messages-send.js `relayMessage`,
 * messages-recv.js `handleReceipt`).
 */
import { getBinaryNodeChild, getBinaryNodeChildren, type BinaryNode, type proto } from 'baileys'
import type { Connection } from './connection.ts'
import { describe } from './content.ts'
import { deliver } from './delivery.ts'
import type { Group } from './groups.ts'
import type { Network } from './network.ts'
import type { Companion, Person } from './people.ts'
import { origin, wishFor } from './receipts.ts'
import { bytesIn, clock, stanza, unixTime } from './stanzas.ts'

/** More would not help: after five, real phones give up. */
const MOST_RETRIES = 5

interface Letter {
  readonly network: Network
  readonly account: Person
  readonly companion: Companion
  readonly id: string
  readonly group: string | undefined
}

export function takeMessage(network: Network, account: Person, connection: Connection, node: BinaryNode): void {
  const { id = '', to = '' } = node.attrs
  const error = account.sendFailure
  network.note('sending', { phone: account.phone, id, to })
  if (!account.unacked) connection.send(stanza('ack', { class: 'message', id, from: to, t: unixTime(), error }))
  network.note(error ? 'refused' : 'sent', { phone: account.phone, id, to, error })
  if (!error) handOver(network, account, node)
}

function handOver(network: Network, account: Person, node: BinaryNode): void {
  const { id = '', to = '' } = node.attrs
  const group = network.groups.get(to)
  const letter: Letter = { network, account, companion: account.linked(), id, group: group?.id }
  for (const { jid, enc } of addressed(node)) readDirect(letter, group, jid, enc)

  const shared = getBinaryNodeChildren(node, 'enc').find(enc => enc.attrs.type === 'skmsg')
  if (!group || !shared) return
  for (const member of (group.readers ?? group.members).map(phone => network.people.person(phone)))
    if (member !== account) readInGroup(letter, group, member, shared)
}

/**
 * A ciphertext for each device in `participants`, the first where it is named twice, as Baileys does with the own phone
 * in its chat with itself; a retry or a peer message has its only one directly inside.
 */
function addressed(node: BinaryNode): { jid: string; enc: BinaryNode }[] {
  const named = new Map<string, BinaryNode>()
  for (const to of getBinaryNodeChildren(getBinaryNodeChild(node, 'participants'), 'to')) {
    const enc = getBinaryNodeChild(to, 'enc')
    if (enc && to.attrs.jid && !named.has(to.attrs.jid)) named.set(to.attrs.jid, enc)
  }
  const listed = Array.from(named, ([jid, enc]) => ({ jid, enc }))
  const own = getBinaryNodeChild(node, 'enc')
  const jid = node.attrs.participant ?? node.attrs.to
  return own && jid && own.attrs.type !== 'skmsg' ? [...listed, { jid, enc: own }] : listed
}

function readDirect(letter: Letter, group: Group | undefined, jid: string, enc: BinaryNode): void {
  const { network, companion } = letter
  const { person, device } = network.people.named(jid)
  // In LID groups Baileys sends its sender key to its own device as well.
  if (device !== 0 || (group?.readers && !group.readers.includes(person.phone))) return
  read(letter, person, jid, async () => {
    const { signal } = person
    const message = await signal.decrypt(companion.lidJid, { type: enc.attrs.type ?? '', ciphertext: bytesIn(enc) })
    if (message.senderKeyDistributionMessage)
      await signal.learnSenderKey(companion.lidJid, message.senderKeyDistributionMessage)
    return message
  })
}

function readInGroup(letter: Letter, group: Group, person: Person, enc: BinaryNode): void {
  const { companion } = letter
  read(letter, person, person.jid(group.lid), () =>
    person.signal.decryptInGroup(group.id, companion.lidJid, bytesIn(enc))
  )
}

/** Nobody waits for it: a phone may be switched off. */
function read(letter: Letter, person: Person, jid: string, decrypt: () => Promise<proto.Message>): void {
  const attempt = async () => {
    const { forgetful } = person
    person.forgetful = false
    if (forgetful) await person.signal.forgetEverybody()
    return decrypt()
  }
  void person.turns.take(attempt).then(
    message => show(letter, person, jid, message),
    (error: unknown) => askAgain(letter, person, jid, error)
  )
}

function show(letter: Letter, person: Person, jid: string, message: proto.Message): void {
  const { network, account, companion, id, group } = letter
  const { destinationJid, message: copied } = message.deviceSentMessage ?? {}
  if (person === account) {
    network.note('copy', { phone: account.phone, id, expiration: describe(copied ?? message)?.expiration })
  }
  // The own phone shows it in the chat that it was sent to; its inbox holds only the chat with itself.
  if (person === account && !isSelf(network, account, destinationJid)) return
  const shown = describe(copied ?? message)
  if (!shown) return
  const delivery = person.receive({ id, sender: account.phone, group, ...shown, by: 'bot', at: clock() })
  const { kind, target, expiration } = shown
  const facts = { group, id, shown: kind, target, expiration, duplicate: delivery.duplicate }
  network.note('reply', { phone: account.phone, to: person.phone, ...facts })
  if (person === account) return
  deliver(companion, stanza('receipt', { id, ...origin(jid, group), t: unixTime() }))
}

function isSelf(network: Network, account: Person, jid: string | null | undefined): boolean {
  return jid ? network.groups.get(jid) === undefined && network.people.named(jid).person === account : false
}

function askAgain(letter: Letter, person: Person, jid: string, error: unknown): void {
  const { network, account, companion, id, group } = letter
  network.note('undecryptable', { phone: account.phone, to: person.phone, id, error: String(error) })
  const key = `${account.phone} ${id}`
  const count = (person.retries.get(key) ?? 0) + 1
  if (person === account || count > MOST_RETRIES) return
  person.retries.set(key, count)
  const attrs = { id, ...origin(jid, group), type: 'retry', t: unixTime() }
  deliver(companion, stanza('receipt', attrs, wishFor(person, id, count)))
}
