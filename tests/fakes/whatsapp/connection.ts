/** One client's WebSocket: handshake, then stanzas one after the other, in the order they came. */
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeBinaryNode, encodeBinaryNode, getBinaryNodeChild, proto, type BinaryNode } from 'baileys'
import type { WebSocket } from 'ws'
import { Backlog, takeAck, takeReceipt } from './delivery.ts'
import { sendHistory } from './history.ts'
import type { Network } from './network.ts'
import { frame, FrameReader, Handshake, type Transport } from './noise.ts'
import { takeMessage } from './outbound.ts'
import { completePairing, forgetPairing, offerQr } from './pairing.ts'
import type { Person } from './people.ts'
import { Sight, takeChatState, takePresence } from './presence.ts'
import { answerQuery } from './queries.ts'
import { stanza, unixTime } from './stanzas.ts'
import { Turns } from './turns.ts'

const REPLACED_CLOSES_AFTER_MS = 500

export class Connection {
  /** The account, once logged in. */
  account: Person | undefined
  /** The account that was just linked over this connection; the client has to log in on a new one. */
  linking: Person | undefined
  readonly network: Network
  readonly sight = new Sight()
  private readonly socket: WebSocket
  private readonly reader = new FrameReader()
  private readonly handshake: Handshake
  private greeted = false
  private transport: Transport | undefined
  private readonly turns = new Turns()
  private backlog: Backlog | undefined
  private live = false
  private frozen = false
  /** Which of the account's logins this one is. */
  private login = 0

  constructor(network: Network, socket: WebSocket) {
    this.network = network
    this.socket = socket
    this.handshake = new Handshake(network.identity)
    socket.on('message', (data: Buffer) => {
      this.turns.take(() => this.receive(data)).catch((error: unknown) => this.fail(error))
    })
    socket.on('close', () => this.closed())
    socket.on('error', error => network.note('error', { error: String(error) }))
  }

  send(node: BinaryNode): void {
    if (this.transport) this.write(this.transport.seal(encodeBinaryNode(node)))
    if (node.tag === 'message') this.network.note('handed', { phone: this.account?.phone, id: node.attrs.id })
  }

  /** Only once the backlog is through; what comes before is in the queue, and thus in the backlog. */
  sendLive(node: BinaryNode): void {
    if (this.live) this.send(node)
  }

  /** Says why, where there is a why, and closes in good order. */
  end(reason?: BinaryNode): void {
    if (reason) this.send(reason)
    this.socket.close()
  }

  /** Another login took its place; WhatsApp does not wait for the client to agree. */
  replace(): void {
    this.end(stanza('stream:error', {}, [stanza('conflict', { type: 'replaced' })]))
    setTimeout(() => this.drop(), REPLACED_CLOSES_AFTER_MS).unref()
  }

  /** The network breaks: no close frame. */
  drop(): void {
    this.socket.terminate()
  }

  /** Its last words, on a connection that then stays open. */
  sayAndFreeze(reason: BinaryNode): void {
    this.send(reason)
    this.freeze()
  }

  /** Stays open, and neither listens nor speaks any more. */
  freeze(): void {
    this.frozen = true
  }

  /** The companion calls itself active: it gets what waited for it, and from here on everything at once. */
  goLive(): void {
    const companion = this.account?.companion
    if (!this.account || !companion) return
    this.backlog = new Backlog(companion)
    this.sendKept()
    const changed = stanza('dirty', { type: 'groups', timestamp: unixTime() })
    if (this.account.groupsChanged) this.send(stanza('ib', {}, [changed]))
    if (companion.historySynced) return
    sendHistory(this.network, this.account, companion).catch((error: unknown) => this.fail(error))
  }

  /** Some of what waited for it; after the last of that, everything at once. */
  private sendKept(most?: number): void {
    if (!this.live && this.backlog?.sendSome(most)) this.live = true
  }

  private async receive(data: Buffer): Promise<void> {
    if (this.frozen) return
    for (const bytes of this.reader.push(data)) {
      if (this.transport) await this.take(await decodeBinaryNode(this.transport.open(bytes)))
      else if (this.greeted) await this.enter(bytes)
      else this.greet(bytes)
    }
  }

  private greet(clientHello: Buffer): void {
    this.write(this.handshake.answer(clientHello))
    this.greeted = true
  }

  private async enter(clientFinish: Buffer): Promise<void> {
    const { noiseKey, payload, transport } = this.handshake.finish(clientFinish)
    this.transport = transport
    if (this.network.pause) await sleep(this.network.pause)
    if (payload.devicePairingData) offerQr(this)
    else this.logIn(payload, noiseKey)
  }

  /** The Noise key proves that it is the linked companion (Baileys validate-connection.js `generateLoginNode`). */
  private logIn(payload: proto.ClientPayload, noiseKey: Buffer): void {
    const account = this.network.people.person(String(payload.username))
    const { companion, loginFailure, phone } = account
    const known = companion?.device === payload.device && companion?.noiseKey.equals(noiseKey)
    const failure = loginFailure ?? (known ? undefined : '401')
    if (failure || !companion) {
      this.network.note('login-refused', { phone, reason: failure })
      this.end(stanza('failure', { reason: failure, location: 'frc' }))
      return
    }
    companion.connection?.replace()
    companion.connection = this
    this.login = ++companion.logins
    this.account = account
    this.network.note('login', { phone, logins: companion.logins })
    this.send(stanza('success', { t: unixTime(), lid: companion.lidJid, display_name: phone, creation: unixTime() }))
  }

  private async take(node: BinaryNode): Promise<void> {
    if (getBinaryNodeChild(node, 'pair-device-sign')) completePairing(this)
    else if (node.tag === 'iq') await this.answer(node)
    else if (this.account?.companion) this.takeFrom(this.account, node)
    else this.network.note('early', { tag: node.tag })
  }

  private takeFrom(account: Person, node: BinaryNode): void {
    const { network } = this
    const { type, to } = node.attrs
    switch (node.tag) {
      case 'message':
        takeMessage(network, account, this, node)
        break
      case 'receipt':
        if (!account.unreceipted) takeReceipt(network, account, node)
        break
      case 'ack':
        takeAck(network, account, node)
        break
      case 'presence':
        takePresence(this, account, node)
        break
      case 'chatstate':
        takeChatState(this, account, node)
        break
      case 'ib':
        this.sendKept(Number(getBinaryNodeChild(node, 'offline_batch')?.attrs.count ?? 0))
        break
      default:
        // What no test needs an answer to.
        network.note(node.tag, { phone: account.phone, type, to, child: firstTag(node) })
    }
  }

  private async answer(query: BinaryNode): Promise<void> {
    const { id, type, to } = query.attrs
    if (type === 'result' || type === 'error') return
    const { error, content } = await answerQuery(this, query)
    this.send(stanza('iq', { id, from: to, type: error ? 'error' : 'result' }, error ? [error] : content))
  }

  private write(payload: Uint8Array): void {
    if (!this.frozen && this.socket.readyState === this.socket.OPEN) this.socket.send(frame(payload))
  }

  private closed(): void {
    forgetPairing(this)
    if (this.account) this.network.note('closed', { phone: this.account.phone, logins: this.login })
    const companion = this.account?.companion
    if (companion?.connection !== this) return
    companion.connection = undefined
    this.network.note('offline', { phone: this.account?.phone })
  }

  private fail(error: unknown): void {
    const reason = error instanceof Error ? error.stack : String(error)
    this.network.note('error', { phone: this.account?.phone, error: reason })
    this.drop()
  }
}

function firstTag({ content }: BinaryNode): string | undefined {
  return Array.isArray(content) ? content[0]?.tag : undefined
}
