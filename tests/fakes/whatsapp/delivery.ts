/**
 * The way to a companion: the server keeps a message until the companion's receipt, and a receipt until its ack; sends
 * it when the companion is online, and again, marked `offline`, at each login before that. A message that the companion
 * could not decrypt is encrypted anew by its sender.
 */
import type { BinaryNode } from 'baileys'
import { getBinaryNodeChild, getBinaryNodeChildren } from 'baileys'
import type { Network } from './network.ts'
import type { Companion, Person } from './people.ts'
import { stanza, type Attributes } from './stanzas.ts'

/** `again` encrypts the same message anew, for a companion that could not read it. */
export function deliver(companion: Companion, node: BinaryNode, again?: () => Promise<BinaryNode>): void {
  companion.queue.set(queueKey(node), { node, again, askedAgain: false })
  companion.connection?.sendLive(node)
}

/** Sent unasked; the rest of what waited is asked for (whatsapp-rust `offline_resume.rs`). */
const PRIMER = 5

/**
 * What waited while a companion was away: how much there is, some of it, the rest as it asks for it (`offline_batch`),
 * then the word that this was all (Baileys socket.js `CB:ib,,offline`).
 */
export class Backlog {
  private readonly companion: Companion
  private readonly sent = new Set<string>()

  constructor(companion: Companion) {
    this.companion = companion
    const { connection, queue } = companion
    if (queue.size) connection?.send(stanza('ib', {}, [stanza('offline_preview', { count: String(queue.size) })]))
  }

  /** Returns whether this was all. */
  sendSome(most: number = PRIMER): boolean {
    const { connection, queue } = this.companion
    const next = [...queue].filter(([key]) => !this.sent.has(key))
    for (const [key, { node }] of next.slice(0, most)) {
      this.sent.add(key)
      connection?.send(stanza(node.tag, { ...node.attrs, offline: '1' }, node.content))
    }
    if (next.length > most) return false
    connection?.send(stanza('ib', {}, [stanza('offline', { count: String(this.sent.size) })]))
    return true
  }
}

/**
 * A receipt ends the keeping, whatever its type; `retry` asks the sender for the message anew
 * (Baileys messages-send.js `sendReceipt`, messages-recv.js `sendRetryRequest`).
 */
export function takeReceipt(network: Network, account: Person, receipt: BinaryNode): void {
  const { id, to, type, participant } = receipt.attrs
  const companion = account.linked()
  const listed = getBinaryNodeChildren(getBinaryNodeChild(receipt, 'list'), 'item')
  const ids = [receipt, ...listed].map(({ attrs }) => attrs.id)
  network.note('receipt', { phone: account.phone, id, ids, to, participant, type: type ?? 'delivered' })
  companion.connection?.send(stanza('ack', { class: 'receipt', id, from: to, participant, type }))
  if (type === 'retry') {
    // Nobody waits for it: the sender's phone may be switched off.
    sendAnew(network, account, receipt).catch((error: unknown) => network.note('error', { error: String(error) }))
    return
  }
  if (type === 'hist_sync') companion.historySynced = true
  if (type === 'read' || type === 'read-self') return
  for (const each of ids) companion.queue.delete(answerKey('message', receipt, each))
}

/** An ack ends the keeping too; the one with an error that follows a retry receipt does not. */
export function takeAck(network: Network, account: Person, ack: BinaryNode): void {
  const { id, class: about = '', error } = ack.attrs
  network.note(error ? 'nack' : 'ack', { phone: account.phone, id, class: about, to: ack.attrs.to, error })
  const { queue } = account.linked()
  const answered = answerKey(about, ack, id)
  if (!error || !queue.get(answered)?.askedAgain) queue.delete(answered)
}

async function sendAnew(network: Network, account: Person, receipt: BinaryNode): Promise<void> {
  const companion = account.linked()
  const queued = companion.queue.get(answerKey('message', receipt, receipt.attrs.id))
  network.note('retry', { phone: account.phone, id: receipt.attrs.id, known: queued !== undefined })
  if (!queued?.again) return
  queued.askedAgain = true
  queued.node = await queued.again()
  companion.connection?.sendLive(queued.node)
}

/** Ids are only unique within a chat and a sender; an owner's own message is named by its recipient. */
function queueKey({ tag, attrs }: BinaryNode): string {
  return key(tag, attrs, attrs.recipient ?? attrs.from, attrs.id)
}

/** The key of the stanza of this tag that `node` answers. */
function answerKey(tag: string, { attrs }: BinaryNode, id: string | undefined): string {
  return key(tag, attrs, attrs.recipient ?? attrs.to, id)
}

/** A message may have several receipts, each of a type of its own, which its ack repeats. */
function key(tag: string, { participant, type }: Attributes, chat: string | undefined, id: string | undefined): string {
  return [tag, chat, participant, id, tag === 'message' ? undefined : type].join(' ')
}
