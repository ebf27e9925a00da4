/** One phone's Signal: it seals and opens messages. Its state is in this thread or in a worker (`signal_workers.ts`). */
import { Curve, encodeWAMessage, generateRegistrationId, proto, unpadRandomMax16 } from 'baileys'
import type { Bundle } from './keys.ts'
import { SignalState, type Own, type Sealed } from './signal_state.ts'

/** The same methods, whose results may come later. */
export type Anywhere<State> = {
  readonly [Method in keyof State]: State[Method] extends (...given: infer Given) => infer Result
    ? (...given: Given) => Awaited<Result> | Promise<Awaited<Result>>
    : never
}

/** Makes a phone's state, wherever that is to be. */
export type Keeper = (own: Own) => Anywhere<SignalState>

export const keptHere: Keeper = own => new SignalState(own)

/** Not safe for concurrent calls: the phone that owns it takes turns. */
export class Signal {
  readonly registrationId = generateRegistrationId()
  readonly identity = Curve.generateKeyPair()
  private readonly state: Anywhere<SignalState>

  constructor(keeper: Keeper) {
    this.state = keeper({ registrationId: this.registrationId, identity: this.identity })
  }

  /** The keys for somebody who wants to write to this phone; the one-time key in it is new. */
  async issueBundle(): Promise<Bundle> {
    return this.state.issueBundle()
  }

  /** `bundle` is asked for only where there is no session yet. */
  async encrypt(address: string, message: proto.IMessage, bundle: () => Bundle): Promise<Sealed> {
    const isKnown = await this.state.hasSession(address)
    return this.state.encrypt(address, encodeWAMessage(message), isKnown ? undefined : bundle())
  }

  async decrypt(address: string, sealed: Sealed): Promise<proto.Message> {
    return decode(await this.state.decrypt(address, sealed))
  }

  /** The ciphertext for everybody in `group`, and the key that each device there must be sent once. */
  async encryptForGroup(
    group: string,
    own: string,
    message: proto.IMessage
  ): Promise<{ ciphertext: Uint8Array; senderKey: Uint8Array }> {
    return this.state.encryptForGroup(group, own, encodeWAMessage(message))
  }

  async decryptInGroup(group: string, author: string, ciphertext: Uint8Array): Promise<proto.Message> {
    return decode(await this.state.decryptInGroup(group, author, ciphertext))
  }

  async learnSenderKey(author: string, item: proto.Message.ISenderKeyDistributionMessage): Promise<void> {
    const { groupId, axolotlSenderKeyDistributionMessage } = item
    await this.state.learnSenderKey(author, { groupId, axolotlSenderKeyDistributionMessage })
  }

  async forgetSession(address: string): Promise<void> {
    await this.state.forgetSession(address)
  }

  /** Nothing that was sent so far can be read any more, be it in a known session or with a key that was handed out. */
  async forgetEverybody(): Promise<void> {
    await this.state.forgetEverybody()
  }
}

function decode(padded: Uint8Array): proto.Message {
  return proto.Message.decode(unpadRandomMax16(padded))
}
