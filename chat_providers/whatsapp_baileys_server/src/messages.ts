import {
  cleanMessage,
  decodeMessageNode,
  getBinaryNodeChildren,
  jidNormalizedUser,
  proto,
  unpadRandomMax16,
  type BinaryNode,
  type WAMessage,
  type WASocket,
} from 'baileys'

import { Bounded } from './bounded.ts'
import type { AccountContext } from './account-context.ts'
import { missedCall } from './calls.ts'
import { inbound, unread, type Surroundings } from './inbound.ts'
import { insist, isRefused } from './insist.ts'
import { Lookups } from './lookups.ts'
import { phoneOf } from './people.ts'
import { Failure, type InboundMessage } from './protocol.ts'
import { altOf, fingerprintOf, recipientsOf, tellOfViewOnce } from './stanzas.ts'

const HOUR = 3600
/** More than WhatsApp keeps for a device that was away. */
const LONGEST_BACKLOG = 4_000
/** Messages of one account on their way to the other side. */
const MOST_ON_THEIR_WAY = 100

/** The messages that come in over one connection, from their stanza until they are durable on the other side. */
export class Messages {
  readonly #account: AccountContext
  readonly #socket: WASocket
  readonly #ended: AbortSignal
  readonly #fault: (error: unknown) => void
  readonly #lookups: Lookups
  readonly #tellDone: () => void
  readonly #stanzas = new WeakMap<Uint8Array, BinaryNode>()
  /** Messages that cannot be looked into. */
  readonly #broken = new WeakSet<WAMessage>()
  /** Ids of messages that WhatsApp kept while this device was away. */
  readonly #late = new Bounded(LONGEST_BACKLOG, HOUR)
  /** Those that Baileys is at work on; in each, what is told when its message is on its way. */
  readonly #atWork = new Map<BinaryNode, { encrypted: number; onItsWay: () => void }>()
  readonly #done = new Set<Promise<unknown>>()

  /** `done` is told of each message that was dealt with. */
  constructor(
    account: AccountContext,
    socket: WASocket,
    ended: AbortSignal,
    { fault, done }: { fault: (error: unknown) => void; done: () => void },
  ) {
    this.#account = account
    this.#socket = socket
    this.#ended = ended
    this.#fault = fault
    this.#lookups = new Lookups(account, socket, ended)
    this.#tellDone = done
  }

  /** A message's stanza, before Baileys takes it. */
  heard(node: BinaryNode): void {
    if (node.attrs.offline) {
      this.#late.set(node.attrs.id ?? '', true)
      // Baileys has a queue of its own for these, which a message that comes live may overtake.
      delete node.attrs.offline
    }
    tellOfViewOnce(node)
    // Decryption sees the ciphertext alone.
    if (!Array.isArray(node.content)) return
    for (const { content } of node.content) if (content instanceof Uint8Array) this.#stanzas.set(content, node)
  }

  /**
   * Has Baileys read a message, and the other side know which one is being read: should this process not survive it,
   * that is the one that WhatsApp must not be let deliver for ever. Returns when the message is read and on its way to
   * the other side: the next one is read meanwhile. Where it is to be known for certain which one it was, the next one
   * waits until this one is done with.
   */
  async read(node: BinaryNode, hear: () => unknown): Promise<void> {
    const stanza = fingerprintOf(node)
    if (this.#account.poison.has(stanza)) {
      await this.settled()
      await this.#setAside(node)
      return
    }
    this.#account.tell({ type: 'reading', stanza })
    const onItsWay = new Promise<void>(resolve => {
      const encrypted = getBinaryNodeChildren(node, 'enc').length
      this.#atWork.set(node, { encrypted, onItsWay: resolve })
    })
    const done: Promise<unknown> = this.#hearing(node, hear).finally(() => {
      this.#done.delete(done)
      this.#tellDone()
    })
    this.#done.add(done)
    const most = this.#account.careful ? 1 : MOST_ON_THEIR_WAY
    await Promise.race([done, onItsWay])
    while (this.#done.size >= most) await Promise.race(this.#done)
  }

  /** When every message that was read so far is durable and confirmed. */
  async settled(): Promise<void> {
    while (this.#done.size) await Promise.all(this.#done)
  }

  async #hearing(node: BinaryNode, hear: () => unknown): Promise<void> {
    try {
      await hear()
    } catch (error) {
      this.#fault(error)
    } finally {
      this.#atWork.delete(node)
      if (!this.#atWork.size) this.#account.tell({ type: 'reading', stanza: null })
    }
  }

  /** Returns when it is on its way to the other side, in order. */
  async decrypted(ciphertext: Uint8Array, plaintext: Uint8Array): Promise<{ durable: Promise<unknown> }> {
    const node = this.#stanzas.get(ciphertext)
    const durable = node && (await this.#onItsWay(node, plaintext))
    const atWork = node && this.#atWork.get(node)
    if (atWork && --atWork.encrypted === 0) atWork.onItsWay()
    return { durable: durable?.durable ?? Promise.resolve() }
  }

  async #onItsWay(node: BinaryNode, plaintext: Uint8Array): Promise<{ durable: Promise<unknown> } | undefined> {
    const message = this.#messageOf(node, () => proto.Message.decode(unpadRandomMax16(plaintext)))
    if (!message) return undefined
    const handed: Promise<void>[] = []
    for (const [each, alt] of this.#copiesOf(message, node)) {
      const durable = await this.#handOver(each, alt)
      if (durable) handed.push(durable.durable)
    }
    if (!handed.length) return undefined
    return { durable: Promise.all(handed).then(() => this.#account.handed.set(handedKey(message), true)) }
  }

  /** What the owner sends to a broadcast list stands in the chat of each who got it; each other message in one. */
  #copiesOf(message: WAMessage, node: BinaryNode): [WAMessage, string | undefined][] {
    const { user } = this.#socket
    const recipients = recipientsOf(node, [user?.id, user?.lid])
    if (!recipients) return [[message, altOf(node, message)]]
    return recipients.map(({ id, alt }) => {
      const key = { id: message.key.id ?? null, remoteJid: jidNormalizedUser(id), fromMe: true }
      const copy = { ...message, key }
      if (this.#broken.has(message)) this.#broken.add(copy)
      return [copy, alt]
    })
  }

  /** What is told of a call, which Baileys confirms (`confirm`) once the message that it becomes is durable. */
  async called(node: BinaryNode, confirm: () => unknown): Promise<void> {
    const { user } = this.#socket
    const missed = missedCall(node, [user?.id, user?.lid], this.#account.calls)
    if (missed?.key.id && node.attrs.offline) this.#late.set(missed.key.id, true)
    if (missed) await (await this.#handOver(missed, undefined))?.durable
    await confirm()
  }

  /** What Baileys emits without our having seen it decrypted: group events, what could not be read. */
  async upserted(message: WAMessage): Promise<void> {
    if (this.#ended.aborted || this.#account.handed.get(handedKey(message))) return
    const alt = message.key.fromMe ? undefined : (message.key.participantAlt ?? message.key.remoteJidAlt)
    await (await this.#handOver(message, alt))?.durable
  }

  /** A row is left in its place, and WhatsApp forgets it. */
  async #setAside(node: BinaryNode): Promise<void> {
    const message = this.#messageOf(node, () => null)
    const aside = message && unread(message, await this.#around(message, altOf(node, message)))
    if (aside) await this.#untilTaken(aside)
    await this.#socket.sendMessageAck(node)
  }

  /** Undefined before the account is linked. */
  #messageOf(node: BinaryNode, read: () => proto.IMessage | null): WAMessage | undefined {
    const me = this.#socket.user
    if (!me) return undefined
    const { fullMessage } = decodeMessageNode(node, me.id, me.lid ?? '')
    // Only what Baileys makes of its names: of a content without a key it makes an error.
    cleanMessage(fullMessage, me.id, me.lid ?? '')
    try {
      fullMessage.message = read()
    } catch (error) {
      // Thrown on, it would be taken for a failed decryption, and asked for again and again.
      this.#fault(error)
      this.#broken.add(fullMessage)
    }
    return fullMessage
  }

  async #around({ key }: WAMessage, given: string | undefined): Promise<Surroundings> {
    const { remoteJid, participant, id } = key
    const { user } = this.#socket
    return {
      me: jidNormalizedUser(user?.id),
      me_lid: user?.lid ? jidNormalizedUser(user.lid) : null,
      offline: this.#late.get(id ?? '') === true,
      alt: given ?? (await phoneOf(this.#socket, participant || remoteJid)),
      subject: remoteJid ? this.#account.groups.get<{ subject: string }>(remoteJid)?.subject : undefined,
    }
  }

  /** Returns when it is on its way; undefined: there is nothing to hand over. */
  async #handOver(message: WAMessage, given: string | undefined): Promise<{ durable: Promise<void> } | undefined> {
    const around = await this.#around(message, given)
    let shape: InboundMessage | null
    try {
      if (this.#broken.has(message)) {
        shape = unread(message, around)
      } else {
        shape = inbound(message, await this.#lookups.about(message, around))
        shape &&= await this.#lookups.named(shape)
      }
    } catch (error) {
      // What could not be looked up because the connection ended is read when it is delivered again.
      if (error instanceof Failure) throw error
      this.#fault(error)
      shape = unread(message, around)
    }
    return shape ? { durable: this.#untilTaken(shape, () => unread(message, around)) } : undefined
  }

  /** What cannot be stored, whatever it is, must not hold up the messages behind it: `aside` takes its place. */
  async #untilTaken(message: InboundMessage, aside: () => InboundMessage | null = () => null): Promise<void> {
    let refusal: unknown
    for (const shapeOf of [() => message, () => message, aside]) {
      const shape = shapeOf()
      if (!shape) continue
      try {
        await insist(() => this.#account.ask({ type: 'message', message: shape }), this.#ended)
        return
      } catch (error) {
        if (!isRefused(error)) throw error
        refusal = error
      }
    }
    this.#fault(refusal)
  }
}

const handedKey = ({ key }: WAMessage): string => [key.remoteJid, key.participant, key.id].join(' ')
