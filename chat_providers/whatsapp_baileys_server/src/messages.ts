import {
  cleanMessage,
  decodeMessageNode,
  jidNormalizedUser,
  proto,
  unpadRandomMax16,
  type BinaryNode,
  type WAMessage,
  type WASocket,
} from 'baileys'

import { Bounded } from './bounded.ts'
import type { AccountContext } from './account-context.ts'
import { inbound, unread, type Surroundings } from './inbound.ts'
import { insist, isRefused } from './insist.ts'
import { phoneOf } from './people.ts'
import type { InboundMessage } from './protocol.ts'
import { altOf, fingerprintOf } from './stanzas.ts'

const HOUR = 3600
/** WhatsApp's times are whole seconds, and some time passes on the way. */
const SAME_CLOCK_SECONDS = 5

/** The messages that come in over one connection, from their stanza until they are durable on the other side. */
export class Messages {
  readonly #account: AccountContext
  readonly #socket: WASocket
  readonly #ended: AbortSignal
  readonly #fault: (error: unknown) => void
  readonly #stanzas = new WeakMap<Uint8Array, BinaryNode>()
  /** Messages that cannot be looked into. */
  readonly #broken = new WeakSet<WAMessage>()
  /** Ids of messages that WhatsApp kept while this device was away. */
  readonly #late = new Bounded(500, HOUR)
  /** Seconds that WhatsApp's clock is ahead of ours. */
  #ahead = 0

  constructor(account: AccountContext, socket: WASocket, ended: AbortSignal, fault: (error: unknown) => void) {
    this.#account = account
    this.#socket = socket
    this.#ended = ended
    this.#fault = fault
  }

  compareClocks(theirs: number): void {
    const ahead = theirs - Math.floor(Date.now() / 1000)
    if (Math.abs(ahead) > SAME_CLOCK_SECONDS) this.#ahead = ahead
  }

  /** A message's stanza, before Baileys takes it. */
  heard(node: BinaryNode): void {
    if (node.attrs.offline) {
      this.#late.set(node.attrs.id ?? '', true)
      // Baileys has a queue of its own for these, which a message that comes live may overtake.
      delete node.attrs.offline
    }
    // Decryption sees the ciphertext alone.
    if (!Array.isArray(node.content)) return
    for (const { content } of node.content) if (content instanceof Uint8Array) this.#stanzas.set(content, node)
  }

  /**
   * Has Baileys read a message, and the other side know which one is being read: should this process not survive it,
   * that is the one that WhatsApp must not be let deliver for ever.
   */
  async read(node: BinaryNode, hear: () => unknown): Promise<void> {
    const stanza = fingerprintOf(node)
    if (this.#account.poison.has(stanza)) {
      await this.#setAside(node)
      return
    }
    this.#account.tell({ type: 'reading', stanza })
    try {
      await hear()
    } finally {
      this.#account.tell({ type: 'reading', stanza: null })
    }
  }

  async decrypted(ciphertext: Uint8Array, plaintext: Uint8Array): Promise<void> {
    const node = this.#stanzas.get(ciphertext)
    const read = (): proto.IMessage => {
      const decoded = proto.Message.decode(unpadRandomMax16(plaintext))
      return decoded.deviceSentMessage?.message ?? decoded
    }
    const message = node && this.#messageOf(node, read)
    if (!message) return
    if (await this.#handOver(message, altOf(node, message))) {
      this.#account.handed.set(handedKey(message), true)
    }
  }

  /** What Baileys emits without our having seen it decrypted: calls, group events, what could not be read. */
  async upserted(message: WAMessage): Promise<void> {
    if (this.#ended.aborted || this.#account.handed.get(handedKey(message))) return
    const alt = message.key.fromMe ? undefined : (message.key.participantAlt ?? message.key.remoteJidAlt)
    await this.#handOver(message, alt)
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
    try {
      fullMessage.message = read()
      cleanMessage(fullMessage, me.id, me.lid ?? '')
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
      ahead: this.#ahead,
      alt: given ?? (await phoneOf(this.#socket, participant || remoteJid)),
      subject: remoteJid ? this.#account.groups.get<{ subject: string }>(remoteJid)?.subject : undefined,
    }
  }

  async #handOver(message: WAMessage, given: string | undefined): Promise<boolean> {
    const around = await this.#around(message, given)
    let shape: InboundMessage | null
    try {
      shape = (this.#broken.has(message) ? unread : inbound)(message, around)
    } catch (error) {
      this.#fault(error)
      shape = unread(message, around)
    }
    if (shape) await this.#untilTaken(shape, () => unread(message, around))
    return shape !== null
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
